"""Data sets, one file each: `load(source: str | None) -> Dataset`.

A file may say TRAIN_IMAGES = 60_000 and IMAGE_SHAPE = (1, 28, 28), channels, height and width: then a configuration
that asks for more is refused before anything runs.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Dataset:
    """Images uint8 (N, C, H, W) and labels int64 (N,) in [0, classes), as the data set's authors split them."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    classes: int
    sources: dict[str, str] = field(default_factory=dict)  # SHA-256 by the name of each file it was read from
