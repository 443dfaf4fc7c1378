"""A conditional VAE whose prior is learned from what is observed: p(z | observed) in the place of N(0, I).

Sources: Sohn, Lee and Yan, "Learning Structured Output Representation using Deep Conditional Generative Models", 2015
(equation 4: prior, recognition and generation network); Ivanov, Figurnov and Vetrov, "Variational Autoencoder with
Arbitrary Conditioning", 2019, arXiv:1806.02382 (the mask as a channel). The generation network is a U-Net over the
observed image, to whose coarsest features the latent is added.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from restoration.core.registry import PositiveInt
from restoration.models.conv_blocks import Down, ResidualBlock, Up, coarse_size, padded
from restoration.models.networks import Autoencoder


class Observed(NamedTuple):
    """What is observed: the image and the mask (B, C + 1, H, W), the same padded, and its features."""

    image: torch.Tensor
    padded: torch.Tensor
    fine: torch.Tensor
    coarse: torch.Tensor


class Network(Autoencoder):
    """q(z | image, observed), p(z | observed) and p(image | z, observed), each of convolutions."""

    variational = True
    learned_prior = True
    conditions = ("observed",)

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        condition_size: int,
        *,
        channels: PositiveInt = 32,
        depth: PositiveInt = 1,
        hidden: PositiveInt = 256,
        latent: PositiveInt = 32,
    ) -> None:
        super().__init__()
        planes, height, width = image_shape
        if condition_size != (planes + 1) * height * width:
            raise ValueError("network 'cvae_prior' takes the observed image and the mask for its condition")
        self.image_shape, self.latent = image_shape, latent
        rows, columns = coarse_size(image_shape)
        self.coarse = (2 * channels, rows, columns)
        features = 2 * channels * rows * columns

        def gaussian() -> nn.Sequential:
            return nn.Sequential(
                nn.ReLU(), nn.Flatten(), nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent)
            )

        self.recognition_down, self.recognition = Down(2 * planes + 1, channels, depth), gaussian()
        self.down, self.prior_of = Down(planes + 1, channels, depth), gaussian()
        self.latent_in = nn.Sequential(nn.Linear(latent, hidden), nn.ReLU(), nn.Linear(hidden, features))
        self.mix = nn.Sequential(*(ResidualBlock(2 * channels) for _ in range(depth)))
        self.up = Up(planes, channels, depth, besides=planes + 1)

    def given(self, condition: torch.Tensor | Observed | None) -> Observed:
        """Compute the features of the condition (B, (C + 1) H W), which the prior and each decoding need."""
        if isinstance(condition, Observed):
            return condition
        assert condition is not None  # as the constructor has seen
        planes, height, width = self.image_shape
        image = condition.unflatten(1, (planes + 1, height, width))
        return Observed(image, padded(image), *self.down(padded(image)))

    def encode(
        self, image: torch.Tensor, condition: torch.Tensor | Observed | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode the complete image (B, C, H, W) and what is observed: mu and logvar of q(z | image, observed)."""
        both = torch.cat([image, self.given(condition).image], dim=1)
        _, coarse = self.recognition_down(padded(both))
        mu, logvar = self.recognition(coarse).chunk(2, dim=1)
        return mu, logvar

    def prior(self, condition: torch.Tensor | Observed | None, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mu and logvar of p(z | observed), each (batch, latent)."""
        mu, logvar = self.prior_of(self.given(condition).coarse).chunk(2, dim=1)
        return mu, logvar

    def code(self, image: torch.Tensor, condition: torch.Tensor | Observed | None) -> torch.Tensor:
        """Return the prior's mean, because the recognition network has learned from complete images alone."""
        return self.prior(condition, len(image))[0]

    def decode(self, latent: torch.Tensor, condition: torch.Tensor | Observed | None) -> torch.Tensor:
        _, height, width = self.image_shape
        seen = self.given(condition)
        mixed = self.mix(seen.coarse + self.latent_in(latent).unflatten(1, self.coarse))
        return self.up(functional.relu(mixed), seen.fine, seen.padded)[..., :height, :width]
