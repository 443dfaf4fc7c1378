"""A figure's SVG as a part of the page, whose colours it takes: dark where the page is dark."""

import re
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

from restoration.core import artifacts

# What matplotlib draws with; nothing else gets into the page.
TAGS = {"svg", "g", "defs", "path", "use", "clipPath", "rect", "image"}
ATTRIBUTES = {"clip-path", "d", "height", "href", "id", "style", "transform", "viewBox", "width", "x", "y"}
NUMBERS = {"d", "x", "y"}
INK, PAPER = "#262626", "#ffffff"
DARKEST, LIGHTEST = 13, 230  # of the greys on a dark page


def inline(path: str | Path, anchor: str, label: str) -> str:
    """The drawing as an element of an HTML page. Raises DamagedFile if the file is no SVG.

    anchor: what its names begin with, so that they are the page's only ones; label: what it shows, in words.
    """
    with artifacts.reading(path):
        root = ElementTree.parse(path).getroot()
        if _local(root.tag) != "svg":
            raise ValueError("it is no SVG")
        return _written(root, anchor, f' role="img" aria-label={quoteattr(label)}')


def _written(element: ElementTree.Element, anchor: str, more: str = "") -> str:
    tag = _local(element.tag)
    if tag not in TAGS:
        return ""
    attributes = more
    for key, value in element.attrib.items():
        name = _local(key)
        if name in ATTRIBUTES and not (tag == "svg" and name in ("width", "height")):
            attributes += f" {name}={quoteattr(_value(name, value, anchor))}"
    inner = "".join(_written(child, anchor) for child in element)
    return f"<{tag}{attributes}>{inner}</{tag}>"


def _value(name: str, value: str, anchor: str) -> str:
    """An attribute's. Raises ValueError for an address that leads out of the drawing; a picture within it is none."""
    if name == "id":
        return f"{anchor}.{value}"
    if name == "href" and not value.startswith(("#", "data:image/png;base64,")):
        raise ValueError("it takes something from elsewhere")
    if name == "href" and value.startswith("#"):
        return f"#{anchor}.{value[1:]}"
    if name in ("clip-path", "style"):
        if re.search(r"url\((?!#)", value):
            raise ValueError("it takes something from elsewhere")
        value = value.replace("url(#", f"url(#{anchor}.")
        return re.sub(r"(?<!\()#[0-9a-f]{6}\b", lambda found: adapted(found[0]), value)
    if name in NUMBERS:  # hundredths of a point are finer than any screen
        return re.sub(r"-?\d+\.\d{3,}", lambda found: f"{float(found[0]):.2f}", " ".join(value.split()))
    return value


def adapted(colour: str) -> str:
    """A colour of a figure, '#rrggbb', as one that suits a light and a dark page: greys are turned round."""
    if colour in (INK, PAPER):
        return {INK: "var(--ink)", PAPER: "var(--page)"}[colour]
    level = int(colour[1:3], 16)
    if colour[1:3] * 3 != colour[1:]:
        return colour
    dark = round(DARKEST + (255 - level) * (LIGHTEST - DARKEST) / 255)
    return f"light-dark({colour}, #{dark:02x}{dark:02x}{dark:02x})"


def _local(name: str) -> str:
    """A name without its namespace."""
    return name.rsplit("}", 1)[-1]
