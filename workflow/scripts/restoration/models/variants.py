"""A variant says what an autoencoder sees. It is data: an entry of the configuration, not a class or a mode."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch.nn import functional


@dataclass(frozen=True)
class Variant:
    """An entry of the configuration's `variants`.

    `encoder_input`: what the encoder sees in training; at test time it always sees the corrupted image. `condition`:
    what encoder and decoder get besides, in training and at test time: the label, the corrupted image, the mask of what
    is hidden, or `observed`, the corrupted image and the mask. `network` and `parameters`: an entry of the registry
    `networks` and its keyword arguments.
    """

    network: str
    encoder_input: Literal["complete", "corrupted"]
    condition: Literal["none", "label", "corrupted", "mask", "observed"]
    parameters: dict[str, Any]

    def condition_size(self, image_shape: tuple[int, int, int], classes: int) -> int:
        """Return how many values the condition has for one image."""
        channels, height, width = image_shape
        image, mask = channels * height * width, height * width
        sizes = {"none": 0, "label": classes, "corrupted": image, "mask": mask, "observed": image + mask}
        return sizes[self.condition]

    @property
    def sees_corruption(self) -> bool:
        """Tell whether a training step depends on the corruption, or all that is seen is the complete image."""
        return self.encoder_input == "corrupted" or self.condition not in ("none", "label")

    def seen_in_training(self, complete: torch.Tensor, corrupted: torch.Tensor) -> torch.Tensor:
        """Return the encoder's image (B, C, H, W)."""
        return complete if self.encoder_input == "complete" else corrupted

    def granted(
        self, corrupted: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor, classes: int
    ) -> torch.Tensor | None:
        """Return the condition (B, condition_size) or None, from what may be known at test time.

        corrupted: (B, C, H, W); mask: bool (B, 1, H, W), True where hidden; labels: int64 (B,), used only where the
        condition is the label.
        """
        match self.condition:
            case "label":
                return functional.one_hot(labels, classes).float()
            case "corrupted":
                return corrupted.flatten(1)
            case "mask":
                return mask.flatten(1).float()
            case "observed":
                return torch.cat([corrupted, mask], dim=1).flatten(1)
        return None
