"""Squared error, summed over pixels as in the source: a Gaussian's negative log-likelihood at variance 1/2."""

import torch


def pixelwise(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (torch.sigmoid(logits) - target).square()


def reconstruction(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Sum the loss over pixels: logits and target in [0, 1], each (B, C, H, W), to (B,)."""
    return pixelwise(logits, target).flatten(1).sum(dim=1)


def image(logits: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(logits)
