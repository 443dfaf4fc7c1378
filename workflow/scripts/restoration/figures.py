"""How all figures look, and how they are written: the same data give the same bytes."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from restoration.artifacts import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 8.0  # inches, the width of the report's text
DPI = 160
HOLE = np.array([222, 143, 5]) / 255  # the outline of what is hidden: orange in seaborn's colour-blind palette


def style() -> None:
    """Set matplotlib up; colours that colour-blind readers can tell apart (seaborn's `colorblind`)."""
    import matplotlib
    import seaborn

    matplotlib.use("agg")
    seaborn.set_theme(context="paper", style="ticks", palette="colorblind", font_scale=1.1)
    matplotlib.rcParams.update({"svg.hashsalt": "restoration", "axes.spines.top": False, "axes.spines.right": False})


def save(figure: "Figure", png: str | Path, svg: str | Path) -> None:
    """Write the figure in both formats, without a date or a version, and close it."""
    from matplotlib import pyplot

    for path, metadata in ((png, {"Software": None}), (svg, {"Date": None, "Creator": None})):
        with replacing(path) as part:
            figure.savefig(part, dpi=DPI, bbox_inches="tight", metadata=metadata)
    pyplot.close(figure)


def model_name(variant: str, loss: str) -> str:
    """A model as figures name it: 'cvae_label, BCE'."""
    return f"{variant}, {loss.upper()}"


def to_rgb(images: np.ndarray) -> np.ndarray:
    """(N, C, H, W), uint8 or float in [0, 1], C 1 or 3, to float (N, H, W, 3)."""
    images = images / 255 if images.dtype == np.uint8 else images
    return np.broadcast_to(images.transpose(0, 2, 3, 1), (len(images), *images.shape[2:], 3)).astype(np.float32)


def outlined(images: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """RGB images (N, H, W, 3) with a line around what mask (N, 1, H, W) hides, one pixel wide and inside it."""
    hidden = np.pad(mask[:, 0], ((0, 0), (1, 1), (1, 1)))
    core = hidden[:, :-2, 1:-1] & hidden[:, 2:, 1:-1] & hidden[:, 1:-1, :-2] & hidden[:, 1:-1, 2:]
    edge = mask[:, 0] & ~core
    return np.where(edge[..., None], HOLE.astype(np.float32), images)


def sheet(rows: Sequence[np.ndarray], gap: int = 2) -> np.ndarray:
    """Rows of RGB images, each (N, H, W, 3), side by side on white: one image (height, width, 3)."""
    padded = [np.pad(row, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=1.0) for row in rows]
    whole = np.concatenate([np.concatenate(list(row), axis=1) for row in padded], axis=0)
    return whole[:-gap, :-gap]
