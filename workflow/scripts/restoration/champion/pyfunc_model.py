"""A champion as MLflow serves it, by `mlflow.pyfunc.load_model` and `mlflow models serve`: arrays in, an array out.

A request has `images`, uint8 (N, C, H, W) or (N, H, W, C), or with one more channel, which is their opacity. For a
champion that fills holes it also has `mask`, uint8 (N, H, W), where anything but 0 marks a hidden pixel; zeros if the
opacity says it all, because MLflow knows no optional array. A pixel that is not opaque is hidden as well. The answer is
the restored images, channels where they came, without opacity.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from restoration.champion import restorer
from restoration.core.errors import UserError

OPAQUE = 255
MODEL, CHAMPION = "model.pt", "champion.json"  # in the folder of a saved model


class Served:
    """A Python model as MLflow calls it."""

    def __init__(self, used: restorer.Restorer) -> None:
        self.restorer = used

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> np.ndarray:
        """Restore the images of a request; params: not used. Raises MlflowException, which says what is wrong."""
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
            given, expected = np.asarray(mask), (len(pixels), *self.restorer.shape[1:])
            if given.shape != expected:
                raise UserError(f"the mask is {given.shape}; expected {expected}")
            marked = given[:, None] != 0
            hidden = marked if hidden is None else hidden | marked
        if not self.restorer.takes_mask:
            if hidden is not None and hidden.any():
                raise UserError("the images have transparent pixels, and the model fills no holes")
            hidden = None
        restored = self.restorer.restore(pixels, hidden)
        return np.moveaxis(restored, 1, -1) if channels_last else restored


def arranged(images: np.ndarray, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray | None, bool]:
    """Return the images as (N, C, H, W), their opacity (N, 1, H, W) or None, and whether their channels came last.

    shape: (C, H, W), the model's. Raises UserError for images of another size.
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
    """Load a saved model, as MLflow's entry point. path: the folder with both files."""
    torch.set_num_threads(1)  # more threads may add in another order, which changes the bytes of the answer
    return Served(restorer.load(Path(path) / CHAMPION, Path(path) / MODEL))
