"""Restorations worth a look, which `evaluate` and `baselines` keep for the figures: those of a draw of test images, the
same for all methods and models, and the best and the worst of each method.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from restoration.core import artifacts
from restoration.core.determinism import derived_seed
from restoration.core.errors import DamagedFile

DRAWN = 200  # test images: enough that some are hard, few enough to keep their restorations by every method
EXTREMES = 10  # best, and as many worst
GROUPS = ("drawn", "best", "worst")


class Kept(NamedTuple):
    """Test images (K,), their restorations by a method, uint8 (K, C, H, W), and the squared error, float32 (K,):
    inside the hole where there is one, else over the whole image.
    """

    images: np.ndarray
    restored: np.ndarray
    error: np.ndarray


def drawn(count: int) -> np.ndarray:
    """The indices of the drawn test images, rising; all of them where there are no more."""
    rng = np.random.default_rng(derived_seed(0, "cases"))
    return np.sort(rng.choice(count, min(DRAWN, count), replace=False))


def keep(method: str, restored: np.ndarray, scores: pd.DataFrame) -> dict[str, np.ndarray]:
    """The arrays of one method. restored: uint8 (N, C, H, W); scores: as `scoring.score` gives them."""
    region = "hole" if (scores["region"] == "hole").any() else "whole"
    here = scores[(scores["output"] == "raw") & (scores["region"] == region)].sort_values("image")
    error = here["mse"].to_numpy(np.float32)
    order = np.argsort(error, kind="stable")
    extremes = min(EXTREMES, len(order))
    chosen = {"drawn": drawn(len(order)), "best": order[:extremes], "worst": order[::-1][:extremes]}
    arrays = {}
    for group, images in chosen.items():
        arrays[f"{method}/{group}/images"] = images.astype(np.int64)
        arrays[f"{method}/{group}/restored"] = restored[images]
        arrays[f"{method}/{group}/error"] = error[images]
    return arrays


def read(path: str | Path, method: str, images: np.ndarray) -> dict[str, Kept]:
    """drawn, best (best first) and worst (worst first) of a method; `images`: the complete test images (N, C, H, W).

    Raises DamagedFile if they are not of those images.
    """
    found = {}
    for group in GROUPS:
        names = [f"{method}/{group}/{part}" for part in Kept._fields]
        kept = Kept(*artifacts.read_npz(path, *names))
        which, error = kept.images, kept.error
        expected = (np.dtype("int64"), np.dtype("uint8"), np.dtype("float32"))
        shapes = (which.shape[:1], (*which.shape[:1], *images.shape[1:]), which.shape[:1])
        if tuple(array.dtype for array in kept) != expected or tuple(array.shape for array in kept) != shapes:
            raise DamagedFile(path, f"'{method}/{group}' does not hold images of the test set with their errors")
        if not len(which) or which.min() < 0 or which.max() >= len(images) or not np.isfinite(error).all():
            raise DamagedFile(path, f"'{method}/{group}' is not of the {len(images)} test images")
        found[group] = kept
    return found
