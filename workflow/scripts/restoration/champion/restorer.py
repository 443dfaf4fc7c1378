"""A champion at work on any images, uint8 in and uint8 out.

Each image is restored alone and with the same draws, so that it does not depend on other images: a folder, a request of
one image and a request of a thousand give the same bytes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from restoration.comparison import champion_choice
from restoration.core import artifacts
from restoration.core.errors import DamagedFile, UserError
from restoration.data.device import as_float, as_uint8
from restoration.data.holes import hidden_whole
from restoration.evaluation import scoring
from restoration.models import model_file


class Restorer:
    """`model` with the inference `method`. takes_mask: it fills holes; else it restores whole images.

    seed: for the draws of the inference. Raises UserError if the method is not for the model.
    """

    def __init__(
        self, model: model_file.Model, method: str, parameters: dict[str, Any], seed: int, takes_mask: bool
    ) -> None:
        self.model, self.takes_mask, self.shape = model, takes_mask, model.image_shape
        self._used = method, parameters, seed
        if scoring.restorer(model, *self._used) is None:
            raise UserError(f"inference '{method}' is not for network '{model.variant.network}'")

    def restore(self, images: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """Restore images (N, C, H, W), uint8. mask: bool (N, 1, H, W), True where hidden; visible pixels are put back.

        Raises UserError, naming the image by its number, for images that do not fit the model.
        """
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != self.shape:
            sizes = ", ".join(map(str, self.shape))
            raise UserError(f"the images are {images.dtype} {images.shape}; the model's are uint8 (N, {sizes})")
        if self.takes_mask != (mask is not None):
            raise UserError(
                "the model fills holes: a mask must say where" if mask is None else "the model takes no mask"
            )
        hidden = np.ones_like(images[:, :1], dtype=bool) if mask is None else mask
        if hidden.dtype != bool or hidden.shape != (len(images), 1, *self.shape[1:]):
            raise UserError(
                f"the mask is {hidden.dtype} {hidden.shape}; expected one value for each pixel of the images"
            )
        if self.takes_mask and (whole := np.flatnonzero(hidden_whole(hidden))).size:
            raise UserError(f"image {whole[0]}: all of it is hidden; nothing is left to restore it from")
        return np.concatenate(
            [self._one(*pair) for pair in zip(images[:, None], hidden[:, None], strict=True)] or [images]
        )

    @torch.no_grad()
    def _one(self, image: np.ndarray, hidden: np.ndarray) -> np.ndarray:
        """Restore (1, C, H, W), with mask (1, 1, H, W)."""
        if not hidden.any():
            return image
        restore = scoring.restorer(self.model, *self._used)
        assert restore is not None  # checked in __init__
        corrupted, mask = as_float(image.copy()), torch.from_numpy(hidden.copy())  # arrays of a request are read-only
        restored = restore(corrupted, mask, torch.zeros(1, dtype=torch.int64))  # no champion is given a label
        return as_uint8(scoring.paste(restored, corrupted, mask).numpy())


def load(champion: str | Path, model: str | Path) -> Restorer:
    """Return the restorer of a champion's file, with its model file. Raises DamagedFile for another model file."""
    named = champion_choice.read(champion)
    if named is None:
        raise UserError(f"{champion}: the task has no champion, for each of its models is to be given the true label")
    if artifacts.sha256(model) != named.sha256:
        raise DamagedFile(model, f"is not the model that {champion} names")
    return Restorer(model_file.load(model), named.method, named.parameters, named.seed, named.takes_mask)
