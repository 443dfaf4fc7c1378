"""The look of all figures, and how they and the values behind them are written: the same data give the same bytes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from restoration.core.artifacts import replacing

WIDTH = 8.0  # inches, the width of the report's text
DPI = 160
DIGITS = 5  # of a value that the page's scripts are given: finer than can be drawn
MARKERS = "osD^vPX*"
DASHES = ["-", "--", "-.", ":"]
# The outline of a hole: orange of seaborn's colour-blind palette. The champion's pictures have the same colour
# (champion/picture_files.HIDDEN), and the notes call the outline orange (workflow/report/figures.yaml).
HOLE = np.array([222, 143, 5]) / 255


def style() -> None:
    """Set matplotlib up, with seaborn's `colorblind` palette, whose colours all readers can tell apart."""
    import matplotlib
    import seaborn

    matplotlib.use("agg")
    seaborn.set_theme(context="paper", style="ticks", palette="colorblind", font_scale=1.1)
    matplotlib.rcParams.update({"svg.hashsalt": "restoration", "axes.spines.top": False, "axes.spines.right": False})


def panels(
    columns: int, height: float, width: float = WIDTH, rows: int = 1, layout: str | None = "constrained"
) -> tuple[Any, np.ndarray]:
    """Start a figure of so many inches; return it with its axes (rows, columns)."""
    style()
    from matplotlib import pyplot

    return pyplot.subplots(rows, columns, figsize=(width, height), squeeze=False, layout=layout)


def save(figure: Any, png: str | Path, svg: str | Path) -> None:
    """Write the figure in both formats, without a date or a version, and close it."""
    from matplotlib import pyplot

    for path, metadata in ((png, {"Software": None}), (svg, {"Date": None, "Creator": None})):
        with replacing(path) as part:
            figure.savefig(part, dpi=DPI, bbox_inches="tight", metadata=metadata)
    pyplot.close(figure)


def looks(names: Sequence[str], shapes: Sequence[str]) -> dict[str, tuple[Any, str]]:
    """Give each name a colour and a marker or dash. Up to ten names differ all, with MARKERS up to 40."""
    import seaborn

    colours = seaborn.color_palette("colorblind")
    return {
        name: (colours[at % len(colours)], shapes[at % len(shapes)]) for at, name in enumerate(dict.fromkeys(names))
    }


def plain_log(axis: Any) -> None:
    """Write plain numbers at the ticks of a logarithmic axis (axis.xaxis or axis.yaxis)."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    low, high = axis.get_view_interval()
    steps = (
        (1, 2, 5) if high > 20 * low else (1, 2, 3, 5, 7) if high > 4 * low else (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8)
    )
    axis.set_major_locator(LogLocator(subs=steps))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(LogLocator(subs=()))


def panel_values(axis: Any, number: int, title: str, **values: Any) -> dict[str, Any]:
    """Mark a panel whose limits are set in the SVG, and describe it, with more `values`, for the page's script."""
    axis.patch.set_gid(f"panel-{number}")
    limits = {"x": rounded(axis.get_xlim()), "y": rounded(axis.get_ylim())}
    return {"title": title, **limits, "logarithmic": axis.get_yscale() == "log", **values}


def rounded(values: Any) -> Any:
    """Round numbers, nested or not, to DIGITS significant digits."""
    array = np.asarray(values, dtype=float)
    return [rounded(row) for row in array] if array.ndim > 1 else [float(f"{value:.{DIGITS}g}") for value in array]
