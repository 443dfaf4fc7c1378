"""A figure's SVG as a part of the page, in the colours of the page: dark where the page is dark."""

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
