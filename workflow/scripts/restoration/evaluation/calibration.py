"""Calibration of a baseline's pixel values, by isotonic regression (Barlow et al., 1972).

The curve is the non-decreasing function f with the least squared error sum (f(restored) - truth)^2 over validation
images. Replacing each restored value by f corrects what the baseline gets wrong everywhere, such as a background that
clipped noise made lighter.
"""

import numpy as np
import torch

LEVELS = 256  # the values of an 8-bit image


def fit(restored: torch.Tensor, truth: torch.Tensor) -> np.ndarray:
    """Return the curve at the restored values 0, 1 / 255, ..., 1: non-decreasing, (LEVELS,).

    Both tensors have the same shape and lie in [0, 1]. A level without restored values is interpolated.
    """
    from scipy.optimize import isotonic_regression

    level = restored.flatten().mul(LEVELS - 1).round().to(torch.int64).numpy()
    count = np.bincount(level, minlength=LEVELS).astype(np.float64)
    total = np.bincount(level, weights=truth.flatten().double().numpy(), minlength=LEVELS)
    seen = np.flatnonzero(count)
    if not len(seen):
        return np.linspace(0, 1, LEVELS)
    means = isotonic_regression(total[seen] / count[seen], weights=count[seen]).x
    return np.interp(np.arange(LEVELS), seen, means)


def apply(curve: np.ndarray, restored: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Map the hidden pixels of (B, C, H, W) by the curve, linearly between levels; mask: bool (B, 1, H, W)."""
    steps = torch.from_numpy(curve).float()
    position = restored * (LEVELS - 1)
    below = position.to(torch.int64).clamp_(max=LEVELS - 2)
    return torch.where(mask, torch.lerp(steps[below], steps[below + 1], position - below), restored)
