"""Binary cross-entropy in nats: the negative log-likelihood of a Bernoulli for each pixel, at grey targets as well."""

from typing import Any

import torch
from torch.autograd.function import once_differentiable
from torch.nn import functional

LIKELIHOOD = True
HALVINGS = 4  # at most 2**4 pixels are multiplied, so that rounding errors stay small


class CrossEntropy(torch.autograd.Function):
    """-x log s(l) - (1 - x) log(1 - s(l)) = max(l, 0) - x l - log s(|l|), with s the sigmoid and s(l) - x the gradient.

    torch's own function computes the same, but with log1p, which on a CPU takes longer than all else of a step except
    the matrix products. Here the logarithm's argument is at least a half: its error is that of rounding to float32 near
    1.
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


class Summed(CrossEntropy):
    """The same loss, summed over each image: one logarithm of a product of pixels stands for as many logarithms."""

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
        return rest.sub_(factors.log_().sum(dim=1))[:, None, None, None]


def pixelwise(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    loss: torch.Tensor = CrossEntropy.apply(logits, target)
    return loss


def reconstruction(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Sum the loss over pixels: logits and target in [0, 1], each (B, C, H, W), to (B,)."""
    loss: torch.Tensor = Summed.apply(logits, target)
    return loss.flatten()


def image(logits: torch.Tensor) -> torch.Tensor:
    return torch.sigmoid(logits)
