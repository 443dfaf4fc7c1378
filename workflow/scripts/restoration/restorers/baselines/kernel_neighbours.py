"""The mean of the nearest training images, weighted by a Gaussian kernel (Nadaraya, 1964; Watson, 1964).

Nearest by the visible pixels, or under noise by all. Under noise, with the noise's standard deviation as the bandwidth,
this would be the posterior mean if there were no other images than the training images.
"""

import torch

from restoration.core.registry import NonNegativeFloat, PositiveInt
from restoration.restorers.masked_neighbours import nearest

HIDDEN = ["some", "all"]
GRID = {"neighbours": [10, 20, 40], "bandwidth": [0.8, 1.2, 1.7, 2.4]}


def restore(
    corrupted: torch.Tensor,
    mask: torch.Tensor,
    train_images: torch.Tensor,
    *,
    neighbours: PositiveInt = 30,
    bandwidth: NonNegativeFloat = 1.5,
) -> torch.Tensor:
    """Weight by exp(-d / (2 bandwidth^2)), with d the squared distance as `nearest` returns it."""
    distances, indices = nearest(corrupted, mask, train_images, neighbours)
    relative = distances - distances[:, :1]  # absolute ones could all be too large for exp
    weights = torch.exp(-relative / (2 * max(bandwidth, 1e-6) ** 2))
    weights = weights / (255 * weights.sum(dim=1, keepdim=True))
    restored = torch.zeros_like(corrupted)
    for weight, index in zip(weights.T, indices.T, strict=True):
        restored.addcmul_(weight[:, None, None, None], train_images[index].float())
    return restored.clamp_(max=1)
