"""The page's figures, each embedded with its caption, so that the page needs no other file."""

import base64
import json
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from restoration.core import artifacts
from restoration.report import figure_captions, inline_svg, task_sentences
from restoration.report.figure_style import DPI
from restoration.report.task_results import Task, TaskFiles

PIXELS_PER_INCH = 118
# What the page's scripts need of the values of a figure.
KEYS = {
    "latent": ["panels", "images", "labels"],
    "loss": ["panels"],
    "cases": ["ways", "rows", "images", "best", "worst"],
}


def read_values(files: TaskFiles) -> dict[str, dict[str, Any]]:
    """Read the values behind a task's figures, with the data URIs of their sheets. Raises DamagedFile."""
    sheets = {key: {"sheet": data_uri(path)} for key, path in files.sheets.items()}
    return {key: artifacts.read_json(path, *KEYS[key]) | sheets.get(key, {}) for key, path in files.values.items()}


def as_script(values: Mapping[str, Any]) -> Markup:
    """Return values as JSON that can stand in a page."""
    return Markup(json.dumps(values, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c"))


def restorations(task: Task, values: Mapping[str, Any]) -> SimpleNamespace:
    """Return what the page needs for images before and after. Raises DamagedFile. values: of the figure `cases`.

    ways: the names of the restorers; chosen: the index of the first one shown; shown: how many of the `drawn` images.
    """
    with artifacts.reading(task.files.values["cases"]):
        ways = [str(way["name"]) for way in values["ways"]]
        return SimpleNamespace(
            anchor=f"task.{task.name}.restorations",
            finding=task_sentences.of_restorers(values),
            ways=ways,
            chosen=ways.index(values["champion"]),
            before="corrupted" if "corrupted" in values["rows"] else "original",
            in_hole=task.in_hole,
            shown=len(values["images"]),
            drawn=int(values["count"]),
            values=as_script(values),
            file=task.files.values["cases"],
        )


def data_uri(path: str | Path) -> str:
    """Return a PNG as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(Path(path).read_bytes()).decode()}"


def width(path: str | Path) -> int:
    """Return the width in CSS pixels at which a figure's text has the size of the page's text."""
    path = Path(path)
    if path.suffix == ".svg":
        points = re.findall(r'width="([0-9.]+)pt"', path.read_text(encoding="utf-8")[:2000])
        inches = float(points[0]) / 72
    else:
        inches = struct.unpack(">I", path.read_bytes()[16:20])[0] / DPI
    return round(inches * PIXELS_PER_INCH)


def embedded(
    task: Task,
    words: Mapping[str, str],
    findings: Mapping[str, tuple[str, Sequence[str]]],
    values: Mapping[str, Mapping[str, Any]],
) -> dict[str, SimpleNamespace]:
    """Embed the figures of a task, key to the figure's values, in the order of the page.

    words: see `figure_captions.words_of`; findings: key to what the figure shows and the files of its numbers. A figure
    is a drawing (SVG) or an image (data URI); alt: its text for readers who do not see it.
    """
    found = {}
    for key in figure_captions.order(task.name):
        if key not in task.files.figures:
            continue
        path, anchor = task.files.figures[key], f"task.{task.name}.{key}"
        drawn = path.endswith(".svg")
        finding, sources = findings.get(key, ("", ()))
        number, caption, note = figure_captions.captioned(task, key, words)
        alt = f"{finding} {caption}." if finding else f"{caption}. {note}".strip()
        found[key] = SimpleNamespace(
            anchor=anchor,
            number=number,
            finding=finding,
            caption=caption,
            note=note,
            alt=alt,
            image="" if drawn else data_uri(path),
            drawing=Markup(inline_svg.inline(path, anchor, alt)) if drawn else "",
            values=as_script(values[key]) if drawn and key in values else "",
            width=width(path),
            file=path,
            sources=sources,
        )
    return found
