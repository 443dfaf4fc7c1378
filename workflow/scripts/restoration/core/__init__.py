"""The base of every storey: files written whole, errors, the registry of parts, fingerprints. No torch."""
