"""The page's figures, each embedded with its caption, so that the page needs no other file."""

import base64
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace

from markupsafe import Markup

from restoration.core import artifacts
from restoration.report import figure_captions, figure_values, inline_svg, task_sentences
from restoration.report.figure_style import DPI
from restoration.report.task_results import Task, TaskFiles

PIXELS_PER_INCH = 118
# What the page's scripts need of the values of a figure.
KEYS = {
    "latent": ["panels", "images", "labels"],
    "loss": ["panels"],
    "cases": ["ways", "rows", "images", "best", "worst"],
}


def restorations(task: Task, known: figure_values.Values) -> SimpleNamespace:
    """Return the values for images before and after. Raises DamagedFile if `known` is not of restorations.

    ways: the names of the restorers; chosen: the index of the first one shown; shown: how many of the `drawn` images.
    """
    with artifacts.reading(known.file):
        ways = [str(way["name"]) for way in known.content["ways"]]
        return SimpleNamespace(
            anchor=f"task.{task.name}.restorations",
            finding=task_sentences.of_restorers(known),
            ways=ways,
            chosen=ways.index(known.content["champion"]),
            before="corrupted" if "corrupted" in known.content["rows"] else "original",
            in_hole=task.in_hole,
            shown=len(known.content["images"]),
            drawn=int(known.content["count"]),
            values=known.script,
            file=known.file,
        )


def read_values(files: TaskFiles) -> dict[str, figure_values.Values]:
    """Read the values of a task's figures, with their sheets of images. Raises DamagedFile."""
    sheets = {key: data_uri(path) for key, path in files.sheets.items()}
    return {key: figure_values.read(path, *KEYS[key], sheet=sheets.get(key, "")) for key, path in files.values.items()}


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
    known: Mapping[str, figure_values.Values],
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
            values=known[key].script if drawn and key in known else "",
            width=width(path),
            file=path,
            sources=sources,
        )
    return found
