"""The corrupted image itself: what a restoration must beat.

Under noise it is measured with the calibration as well, which shows how much the calibration alone improves others.
"""

import torch

CALIBRATED = ["all"]


def restore(corrupted: torch.Tensor, mask: torch.Tensor, train_images: torch.Tensor) -> torch.Tensor:
    return corrupted
