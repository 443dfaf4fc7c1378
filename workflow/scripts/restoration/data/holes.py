"""Holes: which pixels of an image are hidden, and what may be seen of a corrupted image.

A mask is bool (B, 1, H, W), True where a pixel is hidden. An image that is hidden as a whole, as under noise, has no
hole: none of its pixels is known exactly, and each tells something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the configuration is checked before torch is loaded
    import torch

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


def informative(mask: torch.Tensor) -> torch.Tensor:
    """Return the pixels whose values tell something, bool (B, 1, H, W): the visible ones, or all where none is."""
    return ~mask | hidden_whole(mask)


def observed(corrupted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Return corrupted images (B, C, H, W) with 0 for hidden pixels; one that is hidden as a whole stays as it is."""
    return corrupted.masked_fill(~informative(mask), 0)
