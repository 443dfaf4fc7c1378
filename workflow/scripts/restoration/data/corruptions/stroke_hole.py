"""A square hole on the stroke: the inpainting task of the source's lineage."""

import torch

from restoration.core.registry import Pixels

HIDES = "some"


def corrupt(images: torch.Tensor, generator: torch.Generator, *, size: Pixels = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Set a square of `size` x `size` pixels to 0, centred on a pixel of the stroke that is drawn uniformly.

    The stroke is every pixel that is not 0. The centre of an even size is the pixel right of and below the middle. A
    square that would leave the image is moved inside; an image without a stroke gets the square in its middle. Raises
    ValueError if the square does not fit the image.
    """
    batch, channels, height, width = images.shape
    if not 1 <= size <= min(height, width):
        raise ValueError(f"stroke_hole: size is {size}; it must be 1 to {min(height, width)} for these images")
    stroke = images.sum(dim=1).flatten(1) > 0  # no value is negative
    ranks = stroke.cumsum(dim=1, dtype=torch.int32)
    count = ranks[:, -1]
    # The k-th stroke pixel, k uniform in 1..count, is the first whose rank reaches k.
    k = (torch.rand(batch, generator=generator) * count).to(torch.int32).clamp_(max=count - 1) + 1
    centre = torch.searchsorted(ranks, k[:, None]).squeeze(1)
    centre = torch.where(count > 0, centre, height // 2 * width + width // 2)
    top = (centre // width - size // 2).clamp(0, height - size)
    left = (centre % width - size // 2).clamp(0, width - size)
    square = torch.arange(size)[:, None] * width + torch.arange(size)  # its pixels' indices, from its corner
    pixels = ((top * width + left)[:, None] + square.flatten())[:, None]
    mask = torch.zeros(batch, 1, height * width, dtype=torch.bool).scatter_(2, pixels, True)
    corrupted = images.flatten(2).scatter(2, pixels.expand(-1, channels, -1), 0)
    return corrupted.view_as(images), mask.view(batch, 1, height, width)
