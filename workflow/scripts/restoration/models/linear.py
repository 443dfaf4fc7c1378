"""Products of large matrices by oneDNN, where a CPU has AVX-512.

On AMD's such CPUs oneDNN takes half the time of MKL, which torch uses. Without AVX-512 MKL is faster: by a tenth of a
training step.
"""

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

LARGE = 100_000  # weights; for fewer, MKL is as fast


# torch's compiler calls this operator, which has a private name. None: without it, or without oneDNN, torch's own
# `linear` takes its place, with other rounding.
PRODUCT = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if torch.backends.mkldnn.is_available() else None


def is_faster() -> bool:
    """Tell whether oneDNN is faster here. The answer stays the same on one machine, and so do a training's bytes."""
    return PRODUCT is not None and torch.backends.cpu.get_cpu_capability().startswith("AVX512")


def product(values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """Return values @ weight.T + bias, without a gradient.

    torch.nn.functional.linear reaches oneDNN as well, but only by tensors in a layout of their own. Copying values,
    result and gradients to that layout takes a seventh of a training step.
    """
    assert PRODUCT is not None  # as `is_faster` has seen
    result: torch.Tensor = PRODUCT(values, weight, bias, "none", [], "")
    return result


class Product(torch.autograd.Function):
    """The same product with its gradients, which are two more such products."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        ctx.save_for_backward(values, weight)
        return product(values, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        values, weight = ctx.saved_tensors
        of_values, of_weight, of_bias = ctx.needs_input_grad
        return (
            product(gradient, weight.t()) if of_values else None,
            product(gradient.t(), values.t()) if of_weight else None,
            gradient.sum(dim=0) if of_bias else None,
        )


def linear(values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """Return values @ weight.T + bias, (B, K), (N, K) and (N,) to (B, N), up to rounding as torch's function does."""
    known = values.device.type == "cpu" and values.dtype == torch.float32 and is_faster()
    if not known or weight.numel() < LARGE:
        return nn.functional.linear(values, weight, bias)
    result: torch.Tensor = Product.apply(values, weight, bias)
    return result


class Linear(nn.Linear):
    """torch's layer of that name, with the same weights: (B, in_features) to (B, out_features)."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        return linear(input, self.weight, self.bias)
