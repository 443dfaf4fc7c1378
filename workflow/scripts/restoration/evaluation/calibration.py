"""A monotone map of single pixel values, learned by isotonic regression: what a value that a method restored is on
average in truth. It takes out what the method gets wrong everywhere, such as a background that clipped noise lifted.
"""

import numpy as np
import torch

LEVELS = 256  # as many as an 8-bit image has


def fit(restored: torch.Tensor, truth: torch.Tensor) -> np.ndarray:
    """Non-decreasing (LEVELS,): the truth at each restored value 0, 1 / 255, ..., 1, with the least squared error.

    Both of one shape, in [0, 1]. A level that no restored value is nearest to lies between its neighbours.
    """
    level = restored.flatten().mul(LEVELS - 1).round().to(torch.int64).numpy()
    count = np.bincount(level, minlength=LEVELS).astype(np.float64)
    total = np.bincount(level, weights=truth.flatten().double().numpy(), minlength=LEVELS)
    seen = np.flatnonzero(count)
    if not len(seen):
        return np.linspace(0, 1, LEVELS)
    return np.interp(np.arange(LEVELS), seen, isotonic(total[seen] / count[seen], count[seen]))


def isotonic(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The non-decreasing sequence with the least weighted squared error, by pooling adjacent violators (Barlow et al.,
    1972): whatever would decrease shares its mean.
    """
    means: list[float] = []
    masses: list[float] = []
    sizes: list[int] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        means, masses, sizes = [*means, value], [*masses, weight], [*sizes, 1]
        while len(means) > 1 and means[-2] >= means[-1]:
            mass = masses[-2] + masses[-1]
            mean = (means[-2] * masses[-2] + means[-1] * masses[-1]) / mass
            means[-2:], masses[-2:], sizes[-2:] = [mean], [mass], [sizes[-2] + sizes[-1]]
    return np.repeat(means, sizes)


def apply(curve: np.ndarray, restored: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) with the hidden pixels mapped, linearly between levels; mask (B, 1, H, W) is True where hidden."""
    steps = torch.from_numpy(curve).float()
    position = restored * (LEVELS - 1)
    below = position.to(torch.int64).clamp_(max=LEVELS - 2)
    return torch.where(mask, torch.lerp(steps[below], steps[below + 1], position - below), restored)
