"""Restorations that need no trained model, one file each: `restore(corrupted, mask, train_images) -> (B, C, H, W)`.

`train_images` is uint8 (N, C, H, W), complete.
"""
