"""Ways to restore an image: inference of trained models, and baselines that need none."""
