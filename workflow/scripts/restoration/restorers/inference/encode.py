"""One pass of the network: encode the corrupted image and decode the mean of its latent."""

import torch

from restoration.models.model_file import Model


def restore(
    model: Model,
    corrupted: torch.Tensor,
    mask: torch.Tensor,
    condition: torch.Tensor | None,
    generator: torch.Generator,
) -> torch.Tensor:
    """Restore (B, C, H, W); nothing is drawn at random."""
    return model.loss.image(model.network.restore(corrupted, condition))
