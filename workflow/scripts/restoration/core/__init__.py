"""What every storey stands on: files written whole, errors, the registry of parts, fingerprints. No torch."""
