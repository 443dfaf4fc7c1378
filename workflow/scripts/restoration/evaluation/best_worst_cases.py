"""Restorations that `evaluate` and `baselines` keep for the figures: of some random test images, the same for every
method and model, and of the images that each method restores best and worst.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from restoration.core import artifacts
from restoration.core.determinism import derived_seed
from restoration.core.errors import DamagedFile
from restoration.evaluation import judging

DRAWN = 200  # test images: enough that some are hard, few enough to keep their restorations by every method
EXTREMES = 10  # best, and as many worst
GROUPS = ("drawn", "best", "worst")


class Kept(NamedTuple):
    """Indices of test images (K,), their restorations by a method, uint8 (K, C, H, W), and the squared errors that the
    task is judged by, float32 (K,).
    """

    images: np.ndarray
    restored: np.ndarray
    error: np.ndarray


def drawn(count: int) -> np.ndarray:
    """Draw DRAWN of `count` test images, or all where there are no more; return their indices, rising."""
    rng = np.random.default_rng(derived_seed(0, "cases"))
    return np.sort(rng.choice(count, min(DRAWN, count), replace=False))


def keep(method: str, restored: np.ndarray, scores: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the arrays of one method, by name. restored: uint8 (N, C, H, W); scores: as from `scoring.score`."""
    criterion = judging.ranking(scores["region"])
    error = criterion.rows(scores).sort_values("image")[criterion.measure].to_numpy(np.float32)
    order = np.argsort(error, kind="stable")
    extremes = min(EXTREMES, len(order))
    groups = (drawn(len(order)), order[:extremes], order[::-1][:extremes])
    arrays: dict[str, np.ndarray] = {}
    for group, images in zip(GROUPS, groups, strict=True):
        parts = Kept(images.astype(np.int64), restored[images], error[images])
        arrays |= {f"{method}/{group}/{name}": array for name, array in parts._asdict().items()}
    return arrays


def read(path: str | Path, method: str, images: np.ndarray) -> dict[str, Kept]:
    """Read the groups of a method: drawn, best (best first) and worst (worst first).

    images: the complete test images (N, C, H, W). Raises DamagedFile if the groups are not of these images.
    """
    found = {}
    for group in GROUPS:
        kept = Kept(*artifacts.read_npz(path, *(f"{method}/{group}/{part}" for part in Kept._fields)))
        which, error = kept.images, kept.error
        count, form = which.shape[:1], [(array.dtype, array.shape) for array in kept]
        if form != [("int64", count), ("uint8", count + images.shape[1:]), ("float32", count)]:
            raise DamagedFile(path, f"'{method}/{group}' does not hold images of the test set with their errors")
        if not len(which) or which.min() < 0 or which.max() >= len(images) or not np.isfinite(error).all():
            raise DamagedFile(path, f"'{method}/{group}' is not of the {len(images)} test images")
        found[group] = kept
    return found
