"""Inference methods, one file each: how a trained model restores a corrupted image.

    applies(model) -> bool: whether the method makes sense for this model
    restore(model, corrupted, mask, condition, generator, *, <parameters>) -> (B, C, H, W) in [0, 1]

A method gets the corrupted image, the mask, and the condition that the variant is granted at test time, and nothing
else: no complete image can reach it. The keyword-only arguments are its keys in the configuration.
"""
