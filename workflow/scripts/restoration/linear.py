"""A linear layer whose large products are oneDNN's: on CPUs of AMD with AVX-512 in half the time of MKL's, in which
torch computes them by default.
"""

import torch
from torch import nn

LARGE = 100_000  # weights; below, handing the tensors over takes longer than it saves


class Linear(nn.Linear):
    """torch's linear layer, with the same weights and, up to rounding, the same results."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        """(B, in_features) to (B, out_features)."""
        known = input.device.type == "cpu" and input.dtype == torch.float32 and torch.backends.mkldnn.is_available()
        if not known or self.weight.numel() < LARGE:
            return super().forward(input)
        return nn.functional.linear(input.to_mkldnn(), self.weight, self.bias).to_dense()
