"""The values behind a figure, which its job writes for the scripts of the page: panels, points, sheets of images."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from restoration.core import artifacts

DIGITS = 5  # of each value: finer than can be drawn
COLUMNS = 50  # of images in a sheet: no browser shows a picture of more than 32,767 pixels a side


def panel(axis: Any, number: int, title: str, **values: Any) -> dict[str, Any]:
    """Describe a panel whose limits are set, and mark it in the SVG, so that each place in it has a value.

    values: whatever else the script of the page needs.
    """
    axis.patch.set_gid(f"panel-{number}")
    limits = {"x": rounded(axis.get_xlim()), "y": rounded(axis.get_ylim())}
    return {"title": title, **limits, "logarithmic": axis.get_yscale() == "log", **values}


def rounded(values: Any) -> Any:
    """Round numbers, nested or not, to DIGITS significant digits."""
    array = np.asarray(values, dtype=float)
    return [rounded(row) for row in array] if array.ndim > 1 else [float(f"{value:.{DIGITS}g}") for value in array]


def in_rows(images: np.ndarray) -> list[np.ndarray]:
    """Split images (N, H, W, 3) into rows of COLUMNS; black images fill the last row."""
    black = np.zeros((-len(images) % COLUMNS, *images.shape[1:]), images.dtype)
    filled = np.concatenate([images, black])
    return [filled[start : start + COLUMNS] for start in range(0, len(filled), COLUMNS)]


def write_sheet(path: str | Path, rows: Sequence[np.ndarray], side: int) -> dict[str, int]:
    """Write rows of images, RGB (N, H, W, 3) in [0, 1], as one PNG without gaps; return width and height of an image.

    Images with a side above `side` pixels are shrunk.
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
