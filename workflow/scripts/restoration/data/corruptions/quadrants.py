"""One, two or three observed quadrants: Sohn, Lee and Yan (2015, NeurIPS, section 5.1), as in Pyro's example."""

import torch

from restoration.core.registry import Quadrants

HIDES = "some"


def corrupt(
    images: torch.Tensor, generator: torch.Generator, *, observed: Quadrants = 1
) -> tuple[torch.Tensor, torch.Tensor]:
    """Keep the bottom left quadrant (`observed` is 1), the left half (2), or all but the bottom right quadrant (3).

    The other pixels become 0. The upper half has height // 2 rows, the left half width // 2 columns. Nothing is drawn
    at random. Raises ValueError for another number.
    """
    if observed not in (1, 2, 3):
        raise ValueError(f"quadrants: observed is {observed}; it must be 1, 2 or 3")
    rows, columns = images.shape[2] // 2, images.shape[3] // 2
    mask = torch.zeros_like(images[:, :1], dtype=torch.bool)
    mask[:, :, rows:, columns:] = True
    if observed < 3:
        mask[:, :, :rows, columns:] = True
    if observed < 2:
        mask[:, :, :rows, :columns] = True
    return images.masked_fill(mask, 0), mask
