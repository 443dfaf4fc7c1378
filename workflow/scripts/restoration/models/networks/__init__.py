"""Networks, one file each with a class `Network(Autoencoder)`, or `Network(RestorationNetwork)` if it has no latent.

Its constructor is `(image_shape, condition_size, *, <parameters>)`; the keyword-only arguments are the keys of a
variant in the configuration.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import nn


class RestorationNetwork(nn.Module, ABC):
    """What every network offers. image_shape: (C, H, W).

    variational: whether the network has a latent distribution; conditions: those of a variant's conditions that its
    constructor accepts, or None for all. Set to plain values in the class, both are known before anything runs.
    """

    image_shape: tuple[int, int, int]
    variational: bool = False
    conditions: tuple[str, ...] | None = None

    @abstractmethod
    def restore(self, image: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """Restore (B, C, H, W) in one pass, as logits of the same shape. condition: (B, condition_size) or None."""

    def given(self, condition: torch.Tensor | None) -> Any:
        """Compute once what all calls with this condition share, such as those for many draws of the latent."""
        return condition


class Autoencoder(RestorationNetwork):
    """A network with a latent. learned_prior: whether the prior depends on the condition, else N(0, I)."""

    latent: int
    learned_prior: bool = False

    @abstractmethod
    def encode(self, image: torch.Tensor, condition: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Encode (B, C, H, W) to mu and logvar of the latent, each (B, latent); logvar may be None (deterministic)."""

    @abstractmethod
    def decode(self, latent: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """Decode latents (B, latent) and the condition to logits (B, C, H, W)."""

    def prior(self, condition: torch.Tensor | None, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mu and logvar of the latent before the image is seen, each (batch, latent)."""
        zeros = torch.zeros(batch, self.latent)
        return zeros, zeros

    def code(self, image: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """Return the latent's mean (B, latent) by what is known of a corrupted image."""
        return self.encode(image, condition)[0]

    def restore(self, image: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """Decode the mean of the latent."""
        return self.decode(self.code(image, condition), condition)


def joined(values: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
    """Append the condition (B, L), where there is one, to the values (B, K): (B, K + L)."""
    return values if condition is None else torch.cat([values, condition], dim=1)
