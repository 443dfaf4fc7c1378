"""For a model that is given the label: find the label instead, and encode and decode with it.

Every label is tried. The label with the highest evidence lower bound is kept: the loss over the visible pixels plus KL,
at the latent's mean, is least.
"""

import torch
from torch.nn import functional

from restoration.data.holes import informative
from restoration.models.gaussian_latent import kl_divergence
from restoration.models.model_file import Model

NEEDS = {"variational": True, "condition": "label"}
BLIND = True


def restore(
    model: Model,
    corrupted: torch.Tensor,
    mask: torch.Tensor,
    condition: torch.Tensor | None,
    generator: torch.Generator,
) -> torch.Tensor:
    """Restore (B, C, H, W) without looking at `condition`, the true label."""
    pixels = informative(mask)
    best = torch.zeros_like(corrupted)
    least = torch.full((len(corrupted),), torch.inf)
    for label in range(model.classes):
        tried = torch.full((len(corrupted),), label)
        guess = functional.one_hot(tried, model.classes).float()
        mu, logvar = model.autoencoder.encode(corrupted, guess)
        assert logvar is not None  # NEEDS says variational
        logits = model.autoencoder.decode(mu, guess)
        bound = model.misfit(logits, corrupted, pixels) + kl_divergence(mu, logvar)
        better = bound < least
        least = torch.where(better, bound, least)
        best = torch.where(better[:, None, None, None], model.loss.image(logits), best)
    return best
