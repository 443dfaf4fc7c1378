"""A champion as MLflow serves it: arrays in, an array out. `mlflow.pyfunc.load_model` and `mlflow models serve` use it.

A request has `images`, uint8 (N, C, H, W) or (N, H, W, C), or with one channel more, which is their transparency; and,
where the champion fills holes, `mask`, uint8 (N, H, W), anything but 0 where a pixel is hidden. What is not opaque is
hidden as well. A mask always comes then, zeros where transparency says it all: MLflow knows no array that may be left
out. The answer is the images restored, in the form in which they came, without their transparency.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from restoration.champion import restorer
from restoration.core.errors import UserError

OPAQUE = 255
MODEL, CHAMPION = "model.pt", "champion.json"  # what the folder of a saved model holds


class Served:
    """What MLflow calls a Python model."""

    def __init__(self, used: restorer.Restorer) -> None:
        self.restorer = used

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> np.ndarray:
        """The images of a request, restored; params: not used. Raises MlflowException, which says what is wrong."""
        from mlflow.exceptions import MlflowException

        given = model_input if isinstance(model_input, dict) else {"images": model_input}
        try:
            return self._restored(np.asarray(given["images"]), given.get("mask"))
        except UserError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None

    def _restored(self, images: np.ndarray, mask: Any) -> np.ndarray:
        pixels, opacity, channels_last = arranged(images, self.restorer.shape)
        hidden = None if opacity is None else opacity < OPAQUE
        if mask is not None:
            given = np.asarray(mask)
            if given.shape != (len(pixels), *self.restorer.shape[1:]):
                raise UserError(f"the mask is {given.shape}; expected {(len(pixels), *self.restorer.shape[1:])}")
            hidden = given[:, None] != 0 if hidden is None else hidden | (given[:, None] != 0)
        if not self.restorer.takes_mask:
            if hidden is not None and hidden.any():
                raise UserError("the images have transparent pixels, and the model fills no holes")
            hidden = None
        restored = self.restorer.restore(pixels, hidden)
        return np.moveaxis(restored, 1, -1) if channels_last else restored


def arranged(images: np.ndarray, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray | None, bool]:
    """The images as (N, C, H, W), their opacity (N, 1, H, W) or None, and whether their channels came last.

    shape: (C, H, W), the model's. Raises UserError if they have another size.
    """
    channels, *size = shape
    for last, came in ((False, images), (True, np.moveaxis(images, -1, 1) if images.ndim == 4 else images)):
        if came.ndim == 4 and came.shape[1] in (channels, channels + 1) and list(came.shape[2:]) == size:
            return came[:, :channels], came[:, channels:] if came.shape[1] > channels else None, last
    sizes = " x ".join(map(str, size))
    raise UserError(
        f"the images are {images.shape}; the model's have {sizes} pixels: (N, {channels}, {', '.join(map(str, size))}) "
        f"or channels last, with one channel more for their transparency if they have one"
    )


def _load_pyfunc(path: str) -> Served:
    """MLflow's entry point; path: the folder with both files. One thread: more may add in another order."""
    torch.set_num_threads(1)
    return Served(restorer.load(Path(path) / CHAMPION, Path(path) / MODEL))
