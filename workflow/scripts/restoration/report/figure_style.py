"""How all figures look, and how they are written: the same data give the same bytes."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from restoration.core.artifacts import replacing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WIDTH = 8.0  # inches, the width of the report's text
DPI = 160
GAP = 14  # images are as far apart as one of so many parts of their shorter side
CELL = 0.55  # inches that an image takes at most, in width
SHEET = 9.4  # inches that a sheet of images takes at most, with its labels
MARKERS = "osD^vPX*"
DASHES = ["-", "--", "-.", ":"]
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


def looks(names: Sequence[str], shapes: Sequence[str]) -> dict[str, tuple[Any, str]]:
    """A colour and a marker, or a dash, for each name: no two the same up to ten names, and with MARKERS up to 40."""
    import seaborn

    colours = seaborn.color_palette("colorblind")
    return {
        name: (colours[at % len(colours)], shapes[at % len(shapes)]) for at, name in enumerate(dict.fromkeys(names))
    }


def plain_log(axis: Any) -> None:
    """Numbers that can be read at the ticks of a logarithmic axis (axis.xaxis or axis.yaxis)."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    low, high = axis.get_view_interval()
    steps = (
        (1, 2, 5) if high > 20 * low else (1, 2, 3, 5, 7) if high > 4 * low else (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8)
    )
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(LogLocator(subs=()))


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


def sheet(rows: Sequence[np.ndarray], gap: int) -> np.ndarray:
    """Rows of RGB images, each (N, H, W, 3), side by side on white, `gap` pixels apart: (height, width, 3)."""
    padded = [np.pad(row, ((0, 0), (0, gap), (0, gap), (0, 0)), constant_values=1.0) for row in rows]
    whole = np.concatenate([np.concatenate(list(row), axis=1) for row in padded], axis=0)
    return whole[:-gap, :-gap]


def draw_sheet(
    blocks: Sequence[tuple[str, Sequence[np.ndarray]]],
    labels: Sequence[str],
    outputs: tuple[str | Path, str | Path],
    below: Sequence[Sequence[str]] = (),
) -> None:
    """blocks: a heading and its rows of RGB images (N, H, W, 3), side by side; labels: the rows' names; below: for each
    block the texts below its columns, if there are any.
    """
    style()
    from matplotlib import pyplot as plt

    count = sum(len(rows[0]) for _, rows in blocks)
    names = 0.07 * max(map(len, labels))  # inches
    height, width = blocks[0][1][0].shape[1:3]
    gap = max(1, round(min(height, width) / GAP))
    cell = min(CELL, (SHEET - names) / count)
    row = cell * (height + gap) / (width + gap)
    lines = max((text.count("\n") + 1 for texts in below for text in texts), default=0)
    size = (names + cell * count + 0.2 * len(blocks), row * len(labels) + 0.3 + 0.05 * bool(lines) + 0.15 * lines)
    figure, axes = plt.subplots(1, len(blocks), figsize=size, squeeze=False, layout="constrained")
    for number, (axis, (heading, rows)) in enumerate(zip(axes[0], blocks, strict=True)):
        axis.imshow(sheet(rows, gap), interpolation="nearest")
        axis.set_yticks([height / 2 + at * (height + gap) for at in range(len(rows))], labels)
        texts = below[number] if below else []
        axis.set_xticks([width / 2 + at * (width + gap) for at in range(len(texts))], texts, fontsize=6.5)
        axis.tick_params(length=0, pad=2)
        axis.set_title(heading, fontsize="medium")
        for spine in axis.spines.values():
            spine.set_visible(False)
    for axis in axes[0, 1:]:
        axis.set_yticklabels([])
    save(figure, *outputs)
