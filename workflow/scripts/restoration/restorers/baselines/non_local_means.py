"""Non-local means (Buades, Coll and Morel, 2005): scikit-image's `denoise_nl_means`, in its fast form."""

import numpy as np
import torch
from skimage.restoration import denoise_nl_means

from restoration.core.registry import NonNegativeFloat, PositiveInt

HIDDEN = ["all"]
GRID = {"cutoff": [0.06, 0.09, 0.12, 0.16, 0.2, 0.25, 0.3, 0.4], "reach": [3, 6]}


def restore(
    corrupted: torch.Tensor,
    mask: torch.Tensor,
    train_images: torch.Tensor,
    *,
    cutoff: NonNegativeFloat = 0.1,
    patch: PositiveInt = 5,
    reach: PositiveInt = 6,
) -> torch.Tensor:
    """Average pixels at most `reach` away with surroundings, `patch` wide, that differ by less than about `cutoff`."""
    settings = {"patch_size": patch, "patch_distance": reach, "h": max(cutoff, 1e-6)}
    if corrupted.shape[1] == 1:  # with channel_axis, scikit-image 0.26 returns an image of one channel transposed
        restored = [denoise_nl_means(image, **settings)[None] for image in corrupted[:, 0].numpy()]
    else:
        restored = [denoise_nl_means(image, channel_axis=0, **settings) for image in corrupted.numpy()]
    return torch.from_numpy(np.stack(restored)).clamp_(0, 1)
