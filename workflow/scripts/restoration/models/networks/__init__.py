"""Networks, one file each with a class `Network(Autoencoder)`, or `Network(RestorationNetwork)` where there is no code.

Its constructor is `(image_shape, condition_size, *, <parameters>)`; the keyword-only arguments are the keys of a
variant in the configuration.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from restoration.core import registry


class RestorationNetwork(nn.Module, ABC):
    """What every network offers. image_shape: (C, H, W); variational: whether it has a latent distribution;
    conditions: those of a variant's conditions that its constructor does with, or None for all. Set in the class to
    plain values, the last two are known before anything runs.
    """

    image_shape: tuple[int, int, int]
    variational: bool = False
    conditions: tuple[str, ...] | None = None

    @abstractmethod
    def restore(self, image: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """The network's own restoration of a corrupted image (B, C, H, W), as logits of the same shape.
        condition: (B, condition_size) or None.
        """

    def given(self, condition: torch.Tensor | None) -> Any:
        """What may take the condition's place in all calls for the same images, where there are several, as one for
        each draw of the latent: what they share is then computed once. The condition itself, unless a network has more.
        """
        return condition


class Autoencoder(RestorationNetwork):
    """A network with a code. latent: the code's size; learned_prior: whether the prior depends on the condition,
    else it is N(0, I).
    """

    latent: int
    learned_prior: bool = False

    @abstractmethod
    def encode(self, image: torch.Tensor, condition: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Image (B, C, H, W) and condition (B, K) or None to the code's mean and log-variance, each (B, latent).
        The log-variance is None where the code is deterministic.
        """

    @abstractmethod
    def decode(self, latent: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """(B, latent) and the condition to logits (B, C, H, W)."""

    def prior(self, condition: torch.Tensor | None, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance of the code before the image is seen, each (batch, latent)."""
        zeros = torch.zeros(batch, self.latent)
        return zeros, zeros

    def code(self, image: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """The mean of the code (B, latent) by what is known of a corrupted image."""
        return self.encode(image, condition)[0]

    def restore(self, image: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """The decoded mean of the code."""
        return self.decode(self.code(image, condition), condition)


def joined(values: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
    """The values (B, K) with the condition (B, L), where there is one, appended: (B, K + L)."""
    return values if condition is None else torch.cat([values, condition], dim=1)


def build(
    name: str, image_shape: tuple[int, int, int], condition_size: int, parameters: Mapping[str, Any]
) -> RestorationNetwork:
    """The network `name` for images of `image_shape` (C, H, W), initialised from torch's global generator."""
    return registry.load("networks", name).Network(tuple(image_shape), condition_size, **parameters)
