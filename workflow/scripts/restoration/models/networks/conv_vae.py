"""A convolutional VAE (Kingma and Welling, 2014). A condition is appended to the encoder's features and the latent."""

import torch
from torch import nn
from torch.nn import functional

from restoration.core.registry import PositiveInt
from restoration.models.conv_blocks import Down, Up, coarse_size, padded
from restoration.models.networks import Autoencoder, joined


class Network(Autoencoder):
    """image - convolutions - hidden - (mu, logvar) and back; the prior of the latent is N(0, I)."""

    variational = True

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        condition_size: int,
        *,
        channels: PositiveInt = 32,
        depth: PositiveInt = 1,
        hidden: PositiveInt = 256,
        latent: PositiveInt = 20,
    ) -> None:
        super().__init__()
        planes = image_shape[0]
        self.image_shape, self.latent = image_shape, latent
        self.coarse = (2 * channels, *coarse_size(image_shape))
        features = 2 * channels * self.coarse[1] * self.coarse[2]
        self.down = Down(planes, channels, depth)
        self.encoder = nn.Sequential(
            nn.ReLU(), nn.Linear(features + condition_size, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent)
        )
        self.decoder = nn.Sequential(nn.Linear(latent + condition_size, hidden), nn.ReLU(), nn.Linear(hidden, features))
        self.up = Up(planes, channels, depth)

    def encode(self, image: torch.Tensor, condition: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        _, coarse = self.down(padded(image))
        mu, logvar = self.encoder(joined(coarse.flatten(1), condition)).chunk(2, dim=1)
        return mu, logvar

    def decode(self, latent: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        _, height, width = self.image_shape
        coarse = self.decoder(joined(latent, condition)).unflatten(1, self.coarse)
        return self.up(functional.relu(coarse))[..., :height, :width]
