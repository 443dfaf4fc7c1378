"""The inpainting of the source's lineage: decode samples of the prior, keep the one whose visible pixels fit best."""

import torch

from restoration.models import Model
from restoration.registry import PositiveInt

NEEDS = {"variational": True}  # only a prior can be sampled


def restore(
    model: Model,
    corrupted: torch.Tensor,
    mask: torch.Tensor,
    condition: torch.Tensor | None,
    generator: torch.Generator,
    *,
    samples: PositiveInt = 50,
) -> torch.Tensor:
    """Of `samples` draws for each image, the one with the least squared error over the visible pixels."""
    visible = ~mask
    best = torch.zeros_like(corrupted)
    least = torch.full((len(corrupted),), torch.inf)
    for _ in range(samples):
        latent = torch.randn(len(corrupted), model.network.latent, generator=generator)
        image = model.loss.image(model.network.decode(latent, condition))
        error = (image - corrupted).mul_(visible).square_().flatten(1).sum(dim=1)
        better = error < least
        least = torch.where(better, error, least)
        best[better] = image[better]
    return best
