"""Inference methods, one file each: how a trained model restores a corrupted image.

    restore(model, corrupted, mask, condition, generator, *, <parameters>) -> (B, C, H, W) in [0, 1]
    NEEDS = {"variational": True, "condition": "label"}: what a variant must have for the method to make sense: keys of
    the variant in the configuration, and whether its network is variational; left out where it makes sense for all
    BLIND = True: the method does not look at the condition, and so restores without the true label

A method gets the corrupted image, the mask, and the condition that the variant is granted at test time, and nothing
else: no complete image can reach it. The keyword-only arguments are its keys in the configuration.
"""

from collections.abc import Mapping
from typing import Any


def applies(needs: Mapping[str, Any], variant: Mapping[str, Any]) -> bool:
    """Tell whether a method that needs this makes sense for a variant. An unknown property of the variant fits."""
    return all(variant.get(key, value) == value for key, value in needs.items())
