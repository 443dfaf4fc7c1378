"""Networks, one file each with a class `Network(Autoencoder)`.

Its constructor is `(image_shape, condition_size, *, <parameters>)`; the keyword-only arguments are the keys of a
variant in the configuration.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from restoration import registry


class Autoencoder(nn.Module, ABC):
    """What every network offers. image_shape: (C, H, W); latent: the size of the code;
    variational: whether the code is a distribution with the prior N(0, I); takes_condition: whether its constructor
    does with a condition_size above 0. Set to True or False in the class, both are known before anything runs.
    """

    image_shape: tuple[int, int, int]
    latent: int
    variational: bool
    takes_condition: bool = True

    @abstractmethod
    def encode(self, image: torch.Tensor, condition: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Image (B, C, H, W) and condition (B, K) or None to the code's mean and log-variance, each (B, latent).
        The log-variance is None where the code is deterministic.
        """

    @abstractmethod
    def decode(self, latent: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """(B, latent) and the condition to logits (B, C, H, W)."""


def build(
    name: str, image_shape: tuple[int, int, int], condition_size: int, parameters: Mapping[str, Any]
) -> Autoencoder:
    """The network `name` for images of `image_shape` (C, H, W), initialised from torch's global generator."""
    return registry.load("networks", name).Network(tuple(image_shape), condition_size, **parameters)
