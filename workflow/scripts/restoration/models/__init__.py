"""Networks, losses, the objective, training, and files of trained models."""
