"""Squared error: the negative log-likelihood of a Gaussian of variance 1/2, without its constant.

Summed over pixels as in the source's lineage, so that its balance with the KL term is the one that was used there.
"""

import torch


def pixelwise(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (torch.sigmoid(logits) - target).square()


def reconstruction(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) twice, target in [0, 1], to (B,): summed over pixels."""
    return pixelwise(logits, target).flatten(1).sum(dim=1)


def image(logits: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(logits)
