"""Additive Gaussian noise, clipped to the range of an image."""

import torch

from restoration.core.registry import NonNegativeFloat

HIDES = "all"


def corrupt(
    images: torch.Tensor, generator: torch.Generator, *, sigma: NonNegativeFloat = 0.1
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return clip(x + sigma * n, 0, 1) with n ~ N(0, 1) for each value. All pixels are hidden: none is known exactly.

    sigma: in units of the range [0, 1].
    """
    noise = torch.empty_like(images).normal_(0, sigma, generator=generator)
    return noise.add_(images).clamp_(0, 1), torch.ones_like(images[:, :1], dtype=torch.bool)
