"""Binary cross-entropy in nats: the negative log-likelihood of a Bernoulli for each pixel, at grey targets as well."""

import torch
from torch.nn import functional

LIKELIHOOD = True


def pixelwise(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(logits, target, reduction="none")


def reconstruction(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) twice, target in [0, 1], to (B,): summed over pixels."""
    return pixelwise(logits, target).flatten(1).sum(dim=1)


def image(logits: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(logits)
