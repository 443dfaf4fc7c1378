"""A champion at work: images of anyone's, uint8 in and uint8 out.

Each image is restored by itself, with the same draws: what it becomes depends on no other image, so that a folder, a
request of one image and a request of a thousand give the same bytes.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from restoration.comparison import champion_choice
from restoration.core import artifacts
from restoration.core.errors import DamagedFile, UserError
from restoration.data.holes import hidden_whole
from restoration.data.tensors import as_float, as_uint8
from restoration.evaluation import scoring
from restoration.models import model_file


class Restorer:
    """`model` by the inference `method`. takes_mask: it fills holes; else it restores whole images.

    seed: decides what the inference draws. Raises UserError if the method is not for the model.
    """

    def __init__(
        self, model: model_file.Model, method: str, parameters: dict[str, Any], seed: int, takes_mask: bool
    ) -> None:
        self.model, self.takes_mask, self.shape = model, takes_mask, model.image_shape
        self._used = method, parameters, seed
        if scoring.restorer(model, *self._used) is None:
            raise UserError(f"inference '{method}' is not for network '{model.variant.network}'")

    def restore(self, images: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
        """The images (N, C, H, W), uint8, restored. mask: bool (N, 1, H, W), True where hidden: what is visible is put
        back. Raises UserError, naming the image by its number, if they do not fit the model.
        """
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != self.shape:
            raise UserError(f"the images are {images.dtype} {images.shape}; the model's are uint8 (N, {_sizes(self)})")
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
        """(1, C, H, W) and (1, 1, H, W) to (1, C, H, W)."""
        if not hidden.any():
            return image
        restore = scoring.restorer(self.model, *self._used)
        assert restore is not None  # as `__init__` has seen
        corrupted, mask = as_float(image.copy()), torch.from_numpy(hidden.copy())  # which may be read-only
        restored = restore(corrupted, mask, torch.zeros(1, dtype=torch.int64))  # no champion looks at the label
        return as_uint8(scoring.paste(restored, corrupted, mask).numpy())


def load(champion: str | Path, model: str | Path) -> Restorer:
    """The restorer of a champion's file, with the model file that it names. Raises DamagedFile if it is another."""
    named = champion_choice.read(champion)
    if named is None:
        raise UserError(f"{champion}: the task has no champion, for each of its models is to be given the true label")
    if artifacts.sha256(model) != named.sha256:
        raise DamagedFile(model, f"is not the model that {champion} names")
    return Restorer(model_file.load(model), named.method, named.parameters, named.seed, named.takes_mask)


def _sizes(restorer: Restorer) -> str:
    return ", ".join(map(str, restorer.shape))
