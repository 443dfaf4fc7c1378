"""Binary cross-entropy in nats: the negative log-likelihood of a Bernoulli for each pixel, at grey targets as well."""

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

LIKELIHOOD = True
HALVINGS = 4  # of the pixels of an image: 16 at most are multiplied, and rounding stays that of a few


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


class Summed(torch.autograd.Function):
    """The same, summed over each image: the logarithm of a product of pixels, each at least a half, in the place of
    as many logarithms.
    """

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        probability = torch.sigmoid(logits)
        ctx.save_for_backward(probability, target)
        factors = torch.maximum(probability, 1 - probability).flatten(1)
        for _ in range(HALVINGS):
            if factors.shape[1] % 2 == 0:
                one, other = factors.chunk(2, dim=1)
                factors = one * other
        rest = functional.relu(logits).addcmul_(target, logits, value=-1).flatten(1).sum(dim=1)
        return rest.sub_(factors.log_().sum(dim=1))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        probability, target = ctx.saved_tensors
        return (probability - target).mul_(gradient[:, None, None, None]), None


def pixelwise(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    loss: torch.Tensor = CrossEntropy.apply(logits, target)
    return loss


def reconstruction(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(B, C, H, W) twice, target in [0, 1], to (B,): summed over pixels."""
    loss: torch.Tensor = Summed.apply(logits, target)
    return loss


def image(logits: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(logits)
