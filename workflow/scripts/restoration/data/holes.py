"""Holes: which pixels of an image are hidden, and what may be seen of a corrupted image.

A mask is bool (B, 1, H, W), True where a pixel is hidden. An image that is hidden as a whole, as under noise, has no
hole: none of its pixels is known exactly, and each tells something.
"""

from typing import Any  # an array or a tensor: figures are drawn without torch

KINDS = ("none", "some", "all")


def hides(mask: Any) -> str:
    """Return which pixels a task hides, one of KINDS, by the masks of some images: an array or tensor of any shape."""
    return "all" if mask.all() else "some" if mask.any() else "none"


def has_hole(mask: Any) -> bool:
    """Tell whether masks, an array or tensor of any shape, hide something but not everything."""
    return hides(mask) == "some"


def hidden_whole(mask: Any) -> Any:
    """Tell of each image whether all of it is hidden: bool (B, 1, 1, 1), an array or tensor as the mask is."""
    return mask.all(3).all(2).all(1)[:, None, None, None]


def informative(mask: Any) -> Any:
    """Return the pixels whose values tell something, as the mask is: the visible ones, or all where none is."""
    return ~mask | hidden_whole(mask)


def observed(corrupted: Any, mask: Any) -> Any:
    """Return corrupted images, a tensor (B, C, H, W), with 0 for hidden pixels; one that is hidden as a whole stays."""
    return corrupted.masked_fill(~informative(mask), 0)
