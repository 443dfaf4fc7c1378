"""The variational autoencoder (Kingma and Welling, 2014); with a condition, the conditional one (Sohn et al., 2015).

A multilayer perceptron pixels - hidden - (mu, logvar) and latent - hidden - pixels, with ReLU. The condition is
appended to what the encoder and the decoder see.
"""

import math

import torch
from torch import nn

from restoration.core.registry import PositiveInt
from restoration.models.linear import Linear
from restoration.models.networks import Autoencoder, joined


class Network(Autoencoder):
    """A VAE where `condition_size` is 0, else a CVAE; the prior of the latent is N(0, I) in both."""

    variational = True

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        condition_size: int,
        *,
        hidden: PositiveInt = 400,
        latent: PositiveInt = 20,
    ) -> None:
        super().__init__()
        pixels = math.prod(image_shape)
        self.image_shape, self.latent = image_shape, latent
        self.encoder = nn.Sequential(
            Linear(pixels + condition_size, hidden), nn.ReLU(inplace=True), Linear(hidden, 2 * latent)
        )
        self.decoder = nn.Sequential(
            Linear(latent + condition_size, hidden), nn.ReLU(inplace=True), Linear(hidden, pixels)
        )

    def encode(self, image: torch.Tensor, condition: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        mu, logvar = self.encoder(joined(image.flatten(1), condition)).chunk(2, dim=1)
        return mu, logvar

    def decode(self, latent: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        return self.decoder(joined(latent, condition)).unflatten(1, self.image_shape)
