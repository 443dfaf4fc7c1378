"""A square hole in the middle of every image."""

import torch

from restoration.core.registry import Pixels

HIDES = "some"


def corrupt(
    images: torch.Tensor, generator: torch.Generator, *, size: Pixels = 14
) -> tuple[torch.Tensor, torch.Tensor]:
    """Set the `size` x `size` pixels in the middle to 0. Nothing is drawn at random.

    Where the middle lies between two pixels, the hole is half a pixel up or left of it. Raises ValueError if the hole
    does not fit the image.
    """
    height, width = images.shape[2:]
    if not 1 <= size <= min(height, width):
        raise ValueError(f"central_hole: size is {size}; it must be 1 to {min(height, width)} for these images")
    top, left = (height - size) // 2, (width - size) // 2
    mask = torch.zeros_like(images[:, :1], dtype=torch.bool)
    mask[:, :, top : top + size, left : left + size] = True
    return images.masked_fill(mask, 0), mask
