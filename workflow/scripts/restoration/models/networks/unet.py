"""A small U-Net without a latent (Ronneberger, Fischer and Brox, 2015). A mask, as condition, is one more channel."""

import math

import torch

from restoration.core.registry import Fraction, PositiveInt
from restoration.models.conv_blocks import Down, Up, padded
from restoration.models.networks import RestorationNetwork


class Network(RestorationNetwork):
    """`channels` planes of features at half the resolution, twice as many and `depth` residual blocks at a quarter.

    dropout: in training, of all residual blocks except those at half the resolution on the way down.
    """

    variational = False
    conditions = ("none", "mask")

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        condition_size: int,
        *,
        channels: PositiveInt = 48,
        depth: PositiveInt = 2,
        dropout: Fraction = 0.0,
    ) -> None:
        super().__init__()
        planes, *size = image_shape
        if condition_size not in (0, math.prod(size)):
            raise ValueError("network 'unet' takes the mask for its condition, or none")
        self.image_shape = image_shape
        seen = planes + (condition_size > 0)
        self.down = Down(seen, channels, depth, dropout)
        self.up = Up(planes, channels, depth, besides=seen, dropout=dropout)

    def restore(self, image: torch.Tensor, condition: torch.Tensor | None) -> torch.Tensor:
        """Restore (B, C, H, W), given the mask (B, H * W) or None, as logits (B, C, H, W)."""
        _, height, width = self.image_shape
        if condition is not None:
            image = torch.cat([image, condition.unflatten(1, (1, height, width))], dim=1)
        seen = padded(image)
        fine, coarse = self.down(seen)
        return self.up(coarse, fine, seen)[..., :height, :width]
