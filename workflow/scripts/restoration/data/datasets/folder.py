"""Images of the user's own: the PNG and JPEG files of a folder, sorted into classes by subfolders.

Test images are drawn by their contents. Names, order and timestamps of files decide nothing. One image more or less
moves at most one other image of each class between the splits.
"""

import hashlib
import logging

import numpy as np

from restoration.core.determinism import derived_seed
from restoration.core.errors import UserError, quoted
from restoration.data import image_decoding, image_folder, split_sizes
from restoration.data.datasets import Dataset

IMAGE_FOLDER = True

logger = logging.getLogger("restoration.datasets.folder")


def load(
    source: str | None,
    *,
    size: int | list[int] | None = None,
    fit: str = "crop",
    channels: int | None = None,
    test: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """Load the images of `source`, and set `test` of them, a number or a share, aside for testing, of each class alike.

    size: height and width, or one number for both; None: all images have one size already. fit: `crop` or `stretch`, as
    image_decoding.resized has it. channels: 1 (grey) or 3; None: 1 if all images are grey. Raises UserError, naming the
    file, for an image that cannot be used.
    """
    folder = image_folder.scan(source)
    images, sums = read(folder, image_folder.sides(size), fit)
    if channels == 1 or (channels is None and all((image == image[:1]).all() for image in images)):
        images = to_grey(images)
    labels = np.array([folder.label(file) for file in folder.files], np.int64)
    aside = test_rows([sums[file] for file in folder.files], labels, test, seed)
    order = np.array(sorted(range(len(images)), key=lambda at: sums[folder.files[at]]))
    train, tests = order[~aside[order]], order[aside[order]]
    classes = max(1, len(folder.labels))
    return Dataset(images[train], labels[train], images[tests], labels[tests], classes, sums)


def read(folder: image_folder.Folder, size: tuple[int, int] | None, fit: str) -> tuple[np.ndarray, dict[str, str]]:
    """Read all images, uint8 (N, 3, H, W), in the order of the files, and the files' SHA-256."""
    images: np.ndarray = np.empty(0, np.uint8)
    sums: dict[str, str] = {}
    for number, name in enumerate(folder.files):
        try:
            content = (folder.root / name).read_bytes()
        except OSError as error:
            raise UserError(f"{quoted(name, 100)}: cannot be read ({error.strerror})") from None
        sums[name] = hashlib.sha256(content).hexdigest()
        image = image_decoding.decode(content, name, size, fit)
        if not number:
            images = np.empty((len(folder.files), 3, *image.shape[1:]), np.uint8)
        if image.shape[1:] != images.shape[2:]:
            (height, width), (rows, columns) = images.shape[2:], image.shape[1:]
            raise UserError(
                f"images of mixed sizes: {quoted(folder.files[0], 80)} has {height} x {width} pixels, "
                f"{quoted(name, 80)} has {rows} x {columns}; set dataset.size, as size: 32"
            )
        images[number] = image
    if copies := len(sums) - len({*sums.values()}):
        logger.warning(
            "%d of the %d images are copies of others: training and test may share some", copies, len(images)
        )
    return images, sums


def to_grey(images: np.ndarray) -> np.ndarray:
    """Turn uint8 (N, 3, H, W) into (N, 1, H, W) by the luma of ITU-R BT.601, which leaves grey images unchanged."""
    made = np.empty_like(images[:, :1])
    for image, colours in zip(made, images, strict=True):
        red, green, blue = colours.astype(np.uint32)
        image[0] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16
    return made


def test_rows(sums: list[str], labels: np.ndarray, test: float, seed: int) -> np.ndarray:
    """Choose the test images, bool (N,): of each class the first in an order by contents and seed."""
    aside = np.zeros(len(sums), bool)
    kinds, sizes = np.unique(labels, return_counts=True)
    for kind, count in zip(kinds, split_sizes.spread(split_sizes.amount(test, len(sums)), sizes.tolist()), strict=True):
        members = np.flatnonzero(labels == kind)
        first = sorted(members, key=lambda at: (derived_seed(seed, "test", sums[at]), sums[at]))
        aside[first[:count]] = True
    return aside
