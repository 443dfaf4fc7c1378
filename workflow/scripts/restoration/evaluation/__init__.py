"""The scores of one model or baseline: measures, diagnostics, likelihood, calibration, tuning."""
