"""The inpainting of the source's lineage: decode samples of the prior, keep the one whose visible pixels fit best."""

import torch

from restoration.core.registry import PositiveInt
from restoration.data.holes import informative
from restoration.models.gaussian_latent import sample
from restoration.models.model_file import Model

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
    """Return, of `samples` draws for each image, the one with the least squared error over the visible pixels."""
    pixels = informative(mask)
    best = torch.zeros_like(corrupted)
    least = torch.full((len(corrupted),), torch.inf)
    mu, logvar = model.autoencoder.prior(condition, len(corrupted))
    for _ in range(samples):
        latent = sample(mu, logvar, generator)
        image = model.loss.image(model.autoencoder.decode(latent, condition))
        error = (image - corrupted).mul_(pixels).square_().flatten(1).sum(dim=1)
        better = error < least
        least = torch.where(better, error, least)
        best = torch.where(better[:, None, None, None], image, best)
    return best
