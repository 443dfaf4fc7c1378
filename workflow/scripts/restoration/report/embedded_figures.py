"""The page's figures, each embedded with its caption and note (workflow/report/figures.yaml)."""

import base64
import json
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

import yaml
from markupsafe import Markup

from restoration.config import true_label
from restoration.config.model_names import in_words
from restoration.core import artifacts
from restoration.evaluation import best_worst_cases
from restoration.report import task_sentences
from restoration.report.figure_style import DPI
from restoration.report.task_results import Task

TEXTS = Path(__file__).parents[3] / "report" / "figures.yaml"
PIXELS_PER_INCH = 118
# What matplotlib draws with; nothing else gets into the page.
TAGS = {"svg", "g", "defs", "path", "use", "clipPath", "rect", "image"}
ATTRIBUTES = {"clip-path", "d", "height", "href", "id", "style", "transform", "viewBox", "width", "x", "y"}
NUMBERS = {"d", "x", "y"}
INK, PAPER = "#262626", "#ffffff"
DARKEST, LIGHTEST = 13, 230  # of the greys on a dark page


def as_script(values: Mapping[str, Any]) -> Markup:
    """Return values as JSON that can stand in a page."""
    return Markup(json.dumps(values, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c"))


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


def texts() -> Any:
    """Read captions and notes; the file says what each part is."""
    return yaml.safe_load(TEXTS.read_text(encoding="utf-8"))


def words(task: Task, dataset: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands in the braces of captions and notes. dataset: its part of the configuration."""
    known, best, labels = texts(), task.best(), dataset.get("labels")
    method = next(iter(task.settings["inference"]))
    blind = [f"“{in_words(name)}”" for name in task.settings["inference"] if true_label.blind(name)]
    given = f" {', '.join(task.labelled)} {'is' if len(task.labelled) == 1 else 'are'} given the true label (†)"
    given += f", except by {' and '.join(blind)}." if blind else "."
    return {
        "dataset": dataset["name"],
        "method": in_words(method),
        "otherwise": "" if task.all_by(method) else ", or by what is named behind the model",
        "place": task.place,
        "drawn": str(min(best_worst_cases.DRAWN, best.images)),
        "few": "ten" if best.images >= best_worst_cases.EXTREMES else str(best.images),
        "best": f"{best.variant} trained with {best.loss.upper()}, “{in_words(best.method)}”",
        "outline": known["outline"] if task.in_hole else "",
        "given": given if task.labelled else "",
        **known["classes"]["numbers" if labels is None else "names" if labels else "unknown"],
    }


def embedded(
    task: Task,
    words: Mapping[str, str],
    findings: Mapping[str, tuple[str, Sequence[str]]],
    values: Mapping[str, Mapping[str, Any]],
) -> dict[str, SimpleNamespace]:
    """Embed the figures of a task, key to the figure's values, in the order of the page.

    findings: key to what the figure shows and the files of its numbers. A figure is a drawing (SVG) or an image (data
    URI); number: of the source's figure, or empty; alt: its text for readers who do not see it.
    """
    known, found, corruption = texts(), {}, task.settings["corruption"]
    source = known["source"].get(task.name, {})
    instead = {"grid"} if "reconstructed" in source else set()  # the source shows its rows as figures of their own
    for key in [key for key in dict.fromkeys([*source, *known["captions"]]) if key not in instead]:
        if key not in task.files.figures:
            continue
        path, anchor = task.files.figures[key], f"task.{task.name}.{key}"
        drawn = path.endswith(".svg")
        finding, sources = findings.get(key, ("", ()))
        number, caption = source.get(key) or ("", known["captions"][key])
        if key == "grid" and corruption["name"] == "none":
            caption = known["uncorrupted_grid"]
        caption = caption.format(corruption=task_sentences.of_corruption(corruption), **words)
        note = known["notes"].get(key, "").format(**words)
        alt = f"{finding} {caption}." if finding else f"{caption}. {note}".strip()
        found[key] = SimpleNamespace(
            anchor=anchor,
            number=number,
            finding=finding,
            caption=caption,
            note=note,
            alt=alt,
            image="" if drawn else data_uri(path),
            drawing=Markup(inline(path, anchor, alt)) if drawn else "",
            values=as_script(values[key]) if drawn and key in values else "",
            width=width(path),
            file=path,
            sources=sources,
        )
    return found


def inline(path: str | Path, anchor: str, label: str) -> str:
    """Return a drawing as an element of an HTML page. Raises DamagedFile if the file is no SVG.

    anchor: a prefix that makes the ids unique in the page; label: a description in words.
    """
    with artifacts.reading(path):
        root = ElementTree.parse(path).getroot()
        if _local(root.tag) != "svg":
            raise ValueError("it is no SVG")
        return _element(root, anchor, f' role="img" aria-label={quoteattr(label)}')


def _element(element: ElementTree.Element, anchor: str, attributes: str = "") -> str:
    tag = _local(element.tag)
    if tag not in TAGS:
        return ""
    for key, value in element.attrib.items():
        name = _local(key)
        if name in ATTRIBUTES and not (tag == "svg" and name in ("width", "height")):
            attributes += f" {name}={quoteattr(_value(name, value, anchor))}"
    inner = "".join(_element(child, anchor) for child in element)
    return f"<{tag}{attributes}>{inner}</{tag}>"


def _value(name: str, value: str, anchor: str) -> str:
    """Adapt an attribute's value. Raises ValueError for an address outside the drawing; embedded PNGs are allowed."""
    if name == "id":
        return f"{anchor}.{value}"
    if name == "href" and not value.startswith(("#", "data:image/png;base64,")):
        raise ValueError("the drawing links to another file")
    if name == "href" and value.startswith("#"):
        return f"#{anchor}.{value[1:]}"
    if name in ("clip-path", "style"):
        if re.search(r"url\((?!#)", value):
            raise ValueError("the drawing links to another file")
        value = value.replace("url(#", f"url(#{anchor}.")
        return re.sub(r"(?<!\()#[0-9a-f]{6}\b", lambda found: adapted(found[0]), value)
    if name in NUMBERS:  # hundredths of a point are finer than any screen
        return re.sub(r"-?\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", " ".join(value.split()))
    return value


def adapted(colour: str) -> str:
    """Adapt a colour, '#rrggbb', to light and dark pages: ink, paper and greys swap, other colours stay."""
    if colour in (INK, PAPER):
        return {INK: "var(--ink)", PAPER: "var(--page)"}[colour]
    level = int(colour[1:3], 16)
    if colour[1:3] * 3 != colour[1:]:
        return colour
    dark = round(DARKEST + (255 - level) * (LIGHTEST - DARKEST) / 255)
    return f"light-dark({colour}, #{dark:02x}{dark:02x}{dark:02x})"


def _local(name: str) -> str:
    """Strip the namespace of an XML name."""
    return name.rsplit("}", 1)[-1]
