"""Single pixels are missing at random."""

import torch

from restoration.core.registry import Fraction

HIDES = "some"


def corrupt(
    images: torch.Tensor, generator: torch.Generator, *, fraction: Fraction = 0.5
) -> tuple[torch.Tensor, torch.Tensor]:
    """Set each pixel to 0 with the probability `fraction`, independently of the others."""
    batch, _, height, width = images.shape
    # Uniform on [0, 1): at fraction 0 no pixel is missing, at 1 every pixel.
    mask = torch.rand(batch, 1, height, width, generator=generator) < fraction
    return images.masked_fill(mask, 0), mask
