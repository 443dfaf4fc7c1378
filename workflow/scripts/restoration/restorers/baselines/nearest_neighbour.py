"""The training image that is nearest by the visible pixels; under noise, by all pixels."""

import torch

from restoration.restorers.masked_neighbours import nearest

HIDDEN = ["some", "all"]


def restore(corrupted: torch.Tensor, mask: torch.Tensor, train_images: torch.Tensor) -> torch.Tensor:
    _, indices = nearest(corrupted, mask, train_images, 1)
    return train_images[indices[:, 0]].float() / 255
