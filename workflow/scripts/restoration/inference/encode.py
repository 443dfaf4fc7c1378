"""Encode the corrupted image and decode the latent's mean."""

import torch

from restoration.models import Model


def restore(
    model: Model,
    corrupted: torch.Tensor,
    mask: torch.Tensor,
    condition: torch.Tensor | None,
    generator: torch.Generator,
) -> torch.Tensor:
    """(B, C, H, W) to (B, C, H, W); nothing is drawn at random."""
    mu, _ = model.network.encode(corrupted, condition)
    return model.loss.image(model.network.decode(mu, condition))
