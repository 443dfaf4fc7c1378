"""What the page's scripts know of a figure beyond its picture: the values behind it, and images to look at closely."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from restoration.core import artifacts

DIGITS = 5  # of each value: finer than can be drawn
COLUMNS = 50  # of images in a sheet of many: no browser shows a picture of more than 32,767 pixels a side


def panel(axis: Any, number: int, title: str, **values: Any) -> dict[str, Any]:
    """A panel of a figure whose limits are set: it is marked in the SVG, so that a place in it has a value.

    values: more that the page's script is to know of it.
    """
    axis.patch.set_gid(f"panel-{number}")
    limits = {"x": rounded(axis.get_xlim()), "y": rounded(axis.get_ylim())}
    return {"title": title, **limits, "logarithmic": axis.get_yscale() == "log", **values}


def rounded(values: Any) -> Any:
    """Numbers, nested as they are, with DIGITS digits."""
    array = np.asarray(values, dtype=float)
    return [rounded(row) for row in array] if array.ndim > 1 else [float(f"{value:.{DIGITS}g}") for value in array]


def in_rows(images: np.ndarray) -> list[np.ndarray]:
    """Images (N, H, W, 3) in rows of COLUMNS, the last one filled up with black ones."""
    black = np.zeros((-len(images) % COLUMNS, *images.shape[1:]), images.dtype)
    filled = np.concatenate([images, black])
    return [filled[start : start + COLUMNS] for start in range(0, len(filled), COLUMNS)]


def write_sheet(path: str | Path, rows: Sequence[np.ndarray], side: int) -> dict[str, int]:
    """Rows of as many images each, RGB (N, H, W, 3) in [0, 1], as one PNG without gaps; its images' width and height.

    What is larger than `side` is made smaller.
    """
    from PIL import Image

    height, width = rows[0].shape[1:3]
    scale = min(1.0, side / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    lines = []
    for row in rows:
        images = [Image.fromarray((image * 255).round().astype(np.uint8)) for image in row]
        lines.append(np.concatenate([np.asarray(image.resize(size, Image.Resampling.BOX)) for image in images], axis=1))
    sheet = np.concatenate(lines)
    grey = bool((sheet[..., :1] == sheet).all())
    with artifacts.replacing(path) as part:
        Image.fromarray(sheet[..., 0] if grey else sheet).save(part, optimize=True)
    return {"width": size[0], "height": size[1]}
