"""Data sets, one file each: `load(source: str | None, *, <keys>) -> Dataset`.

`source` is the configuration's `dataset.source`. Of the keys `test`, `size`, `fit`, `channels` and `seed`, a data set
takes those that are keyword-only arguments of its `load`, with their defaults written out. Other keys are refused,
except `seed`, which every data set has. `load` raises UserError for what cannot be loaded.

    TRAIN_IMAGES = 60_000 and IMAGE_SHAPE = (1, 28, 28), channels, height and width: what does not fit them is refused
    before anything runs; left out where they are not known
    LABELS = ["lies", "stands"]: the classes' names, for figures and the report; []: the images have no labels (all are
    0, of one class), and jobs that need labels are left out; left out where numbers are the classes' only names
    IMAGE_FOLDER = True: `source` is a folder as `image_folder.scan` reads it, which also gives the labels; `load` takes
    `test`, and `Dataset.sources` has the SHA-256 of each file by its name below the folder. Snakemake looks at these
    files at each start. For other data sets, a changed source reruns nothing: use `--forcerun download`
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
    sources: dict[str, str] = field(default_factory=dict)  # SHA-256 of each file that was read, by its name
