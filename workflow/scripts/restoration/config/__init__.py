"""The configuration: read, checked and completed. No torch."""
