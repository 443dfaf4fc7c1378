"""The autoencoder of the source's section 2: a multilayer perceptron with a narrow middle."""

import math

import torch
from torch import nn

from restoration.core.registry import PositiveInt
from restoration.models.linear import Linear
from restoration.models.networks import Autoencoder


class Network(Autoencoder):
    """pixels - hidden - latent - hidden - pixels with ReLU; the latent is deterministic and has no prior."""

    variational = False
    conditions = ("none",)

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        condition_size: int,
        *,
        hidden: PositiveInt = 400,
        latent: PositiveInt = 20,
    ) -> None:
        super().__init__()
        if condition_size:
            raise ValueError("network 'autoencoder' takes no condition; set condition: none, or network: vae")
        pixels = math.prod(image_shape)
        self.image_shape, self.latent = image_shape, latent
        self.encoder = nn.Sequential(Linear(pixels, hidden), nn.ReLU(inplace=True), Linear(hidden, latent))
        self.decoder = nn.Sequential(Linear(latent, hidden), nn.ReLU(inplace=True), Linear(hidden, pixels))

    def encode(self, image: torch.Tensor, condition: torch.Tensor | None) -> tuple[torch.Tensor, None]:
        return self.encoder(image.flatten(1)), None

    def decode(self, latent: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        return self.decoder(latent).unflatten(1, self.image_shape)
