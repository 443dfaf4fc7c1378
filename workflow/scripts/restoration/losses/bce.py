"""Binary cross-entropy in nats: the negative log-likelihood of a Bernoulli for each pixel, at grey targets as well."""

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

LIKELIHOOD = True


class CrossEntropy(torch.autograd.Function):
    """-x log s(l) - (1 - x) log(1 - s(l)) = max(l, 0) - x l - log s(|l|), with s the sigmoid and s(l) - x the gradient.

    What torch's own function computes, but without log1p, which on a CPU takes longer than all else of a step but the
    matrix products. The logarithm's argument is at least a half: its error is that of rounding to float32 near 1.
    """

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        probability = torch.sigmoid(logits)
        ctx.save_for_backward(probability, target)
        loss = torch.maximum(probability, 1 - probability).log_()
        return functional.relu(logits).sub_(loss).addcmul_(target, logits, value=-1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        probability, target = ctx.saved_tensors
        return (probability - target).mul_(gradient), None


def pixelwise(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    loss: torch.Tensor = CrossEntropy.apply(logits, target)
    return loss


def reconstruction(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) twice, target in [0, 1], to (B,): summed over pixels."""
    return pixelwise(logits, target).flatten(1).sum(dim=1)


def image(logits: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(logits)
