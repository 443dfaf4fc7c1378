"""MLflow: runs, their pages, and the model registry."""
