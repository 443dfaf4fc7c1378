"""The files of images that jobs pass on: read, and refused where their content does not fit together."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from restoration.core import artifacts
from restoration.core.errors import DamagedFile, quoted

SMALLEST = 11  # pixels: the window of SSIM


class Split(NamedTuple):
    """Images uint8 (N, C, H, W), complete, and labels int64 (N,) in [0, classes)."""

    images: np.ndarray
    labels: np.ndarray


class Images(NamedTuple):
    """A stored test set. Images uint8 (N, C, H, W); mask bool (N, 1, H, W), True where hidden; labels int64 (N,)."""

    complete: np.ndarray
    corrupted: np.ndarray
    mask: np.ndarray
    labels: np.ndarray

    def subset(self, rows: np.ndarray | slice) -> "Images":
        return Images(*(array[rows] for array in self))


def check(splits: dict[str, Split], classes: Any) -> None:
    """Raise ValueError, naming the split, unless all splits hold images of one size with their labels."""
    if not isinstance(classes, int | np.integer) or not 1 <= classes <= 1_000_000:
        raise ValueError(f"classes: {quoted(classes)}; expected a whole number, 1 or more")
    for name, (images, labels) in splits.items():
        if not isinstance(images, np.ndarray) or not isinstance(labels, np.ndarray):
            raise ValueError(f"{name}: images and labels must be numpy arrays")
        channels, *sides = images.shape[1:] if images.ndim == 4 else (0,)
        if images.dtype != np.uint8 or channels not in (1, 3) or min(sides) < SMALLEST or not len(images):
            raise ValueError(
                f"{name}_images: {images.dtype} {images.shape}; "
                f"expected uint8 (images, 1 or 3 channels, height, width), of {SMALLEST} x {SMALLEST} pixels or more"
            )
        if labels.dtype != np.int64 or labels.shape != (len(images),):
            raise ValueError(f"{name}_labels: {labels.dtype} {labels.shape}; expected int64 ({len(images)},)")
        if labels.min() < 0 or labels.max() >= classes:
            raise ValueError(f"{name}_labels: {labels.min()} to {labels.max()}; expected 0 to {classes - 1}")
    shapes = {name: split.images.shape[1:] for name, split in splits.items()}
    if len({*shapes.values()}) > 1:
        raise ValueError(f"images of mixed sizes: {shapes}")


def read_dataset(path: str | Path, *names: str) -> tuple[dict[str, Split], int]:
    """Read splits (train, validation, test) by name, and the number of classes. Raises DamagedFile."""
    wanted = [f"{name}_{part}" for name in names for part in Split._fields]
    *arrays, classes = artifacts.read_npz(path, *wanted, "classes")
    splits = {name: Split(*arrays[2 * number : 2 * number + 2]) for number, name in enumerate(names)}
    try:
        check(splits, classes[()])
    except ValueError as error:
        raise DamagedFile(path, str(error)) from None
    return splits, int(classes)


def read_corrupted(path: str | Path, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Read the corrupted form of the complete `images` (N, C, H, W), uint8, and the mask, bool (N, 1, H, W).

    Raises DamagedFile if they do not belong to those images.
    """
    corrupted, mask = artifacts.read_npz(path, "corrupted", "mask")
    _expect(path, "corrupted", corrupted, "uint8", images.shape)
    _expect(path, "mask", mask, "bool", (len(images), 1, *images.shape[2:]))
    return corrupted, mask


def read_examples(path: str | Path, method: str, images: np.ndarray) -> tuple[str, np.ndarray, np.ndarray]:
    """Read restorations of some test `images` (N, C, H, W), as figures show them.

    Returns the method: the one asked for, or the model's first where the file lacks that; the images' indices, int64
    (S,); their restorations, float32 (S, C, H, W). Raises DamagedFile if they do not belong to those images.
    """
    methods = [name for name in artifacts.npz_names(path) if name != "shown"]
    if not methods:
        raise DamagedFile(path, "it holds no restorations")
    used = method if method in methods else methods[0]
    shown, restored = artifacts.read_npz(path, "shown", used)
    _expect(path, "shown", shown, "int64", (len(shown) if shown.ndim else 1,))
    if not len(shown) or shown.min() < 0 or shown.max() >= len(images):
        raise DamagedFile(path, f"'shown' is not among the {len(images)} test images")
    _expect(path, "restored images", restored, "float32", (len(shown), *images.shape[1:]))
    return used, shown, restored


def read_latents(path: str | Path) -> list[np.ndarray]:
    """Read latent means, float32 (N, 2), and labels, int64 (N,), of training, then of test. Raises DamagedFile."""
    arrays = artifacts.read_npz(path, "train", "train_labels", "test", "test_labels")
    for name, means, labels in (("train", *arrays[:2]), ("test", *arrays[2:])):
        count = len(means) if means.ndim else 1
        _expect(path, name, means, "float32", (count, 2))
        _expect(path, f"{name}_labels", labels, "int64", (count,))
        if not count or not np.isfinite(means).all():
            raise DamagedFile(path, f"'{name}' does not hold numbers alone")
    return arrays


def _expect(path: str | Path, name: str, array: np.ndarray, dtype: str, shape: tuple[int, ...]) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise DamagedFile(path, f"'{name}' is {array.dtype} {array.shape}; expected {dtype} {shape}")
