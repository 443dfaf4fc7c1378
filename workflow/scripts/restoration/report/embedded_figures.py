"""The page's figures: the source's under their numbers, with captions, each embedded so that it needs no file."""

import base64
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from restoration.core import artifacts
from restoration.report import inline_svg
from restoration.report.figure_style import DPI
from restoration.report.figure_values import Values, of_restorations

# The source's captions. Tasks that a user adds have figures without a number.
SOURCE = {
    ("representation", "latent"): (
        "Figure 2",
        "Representation of the {dataset} images, the test results overlapping the clusters of the training set",
    ),
    ("denoising", "originals"): ("Figure 3", "Original images"),
    ("denoising", "corrupted"): ("Figure 4", "Noisy images ({corruption})"),
    ("denoising", "reconstructed"): ("Figure 5", "Reconstructed images"),
    ("inpainting", "grid"): ("Figure 6", "Neural inpainting: original, corrupted and reconstructed images"),
    ("inpainting", "loss"): ("Figure 7", "Training loss against the number of iterations"),
}
OTHERWISE = {
    "latent": "The latent space, the test set over the clusters of the training set",
    "grid": "Original, corrupted and reconstructed images",
    "loss": "Training loss against the number of iterations",
    "error": "Mean squared error {place} by model and inference, with 95 % intervals",
    "hard": "Hard images side by side",
    "cases": "Best and worst images of the best model",
    "likelihood": "Negative log-likelihood by the number of samples",
}
NOTES = {
    "latent": "{areas}; dots: test images, evenly chosen{names}.",
    "originals": "{shown}, here and in all pictures of the page that say no other.",
    "reconstructed": "Restored by “{method}”{otherwise}, as they come.",
    "grid": "{shown}, the same for all models, restored by “{method}”{otherwise}.{outline}",
    "loss": "Each line is a model, averaged over each hundredth of its training; bold: the mean over seeds, "
    "faint: each seed.",
    "error": "On a logarithmic scale; lower is better. The dotted line marks the best of what needs no trained model."
    "{given}",
    "hard": "Of {drawn} test images drawn once for all, the {few} that are hardest on average, hardest first; each "
    "model by the inference that serves it best, first seed, and the best of what needs no trained model. Below each "
    "column: the number of the test image, counted from 0, and its error averaged over these rows.{outline}{given}",
    "cases": "Of all test images the {few} with the lowest and the {few} with the highest error by the best model and "
    "inference of the task: {best}, first seed. Below each: the number of the test image, counted from 0, and its "
    "error.{outline}",
    "likelihood": "Lower is better. By importance sampling; a line that falls no more has converged. Dashed: exact.",
}
PIXELS_PER_INCH = 118


class Embedded(NamedTuple):
    """anchor and key: its names; number: the source's, or nothing; finding: what it shows, in a sentence or nothing;
    image: its address, which is itself; drawing: or, of a drawing, itself; values: what the page's script knows of it;
    width: in CSS pixels; file: where it lies; sources: the files, or patterns, that its figures are read from.
    """

    anchor: str
    key: str
    number: str
    finding: str
    caption: str
    note: str
    image: str
    drawing: Markup
    values: Markup
    width: int
    file: str
    sources: Sequence[str]

    @property
    def alt(self) -> str:
        """For those who do not see it."""
        return alt(self.finding, self.caption, self.note)


def alt(finding: str, caption: str, note: str) -> str:
    """A figure in words: what it shows, or, where that is no finding, what there is to be seen."""
    return f"{finding} {caption}." if finding else f"{caption}. {note}".strip()


class Restorations(NamedTuple):
    """Before and after: anchor; finding; ways: the names to choose among; chosen: the first one's place; before: what
    was given; shown: how many of the `drawn` images; values: what the page's script knows of it; file: where that lies.
    """

    anchor: str
    finding: str
    ways: list[str]
    chosen: int
    before: str
    in_hole: bool
    shown: int
    drawn: int
    values: Markup
    file: str


def restorations(task: str, known: Values, in_hole: bool) -> Restorations:
    """Raises DamagedFile if the values are not of restorations."""
    with artifacts.reading(known.file):
        ways = [str(way["name"]) for way in known.content["ways"]]
        before = "corrupted" if "corrupted" in known.content["rows"] else "original"
        chosen = ways.index(known.content["champion"])
        shown, drawn = len(known.content["images"]), int(known.content["count"])
    anchor = f"task.{task}.restorations"
    return Restorations(
        anchor, of_restorations(known), ways, chosen, before, in_hole, shown, drawn, known.script, known.file
    )


def data_uri(path: str | Path) -> str:
    """A picture's file, a PNG, as an address that needs no file."""
    return f"data:image/png;base64,{base64.b64encode(Path(path).read_bytes()).decode()}"


def width(path: str | Path) -> int:
    """The width in CSS pixels at which a figure's text has the size of the page's; a wider page is filled."""
    path = Path(path)
    if path.suffix == ".svg":
        points = re.findall(r'width="([0-9.]+)pt"', path.read_text(encoding="utf-8")[:2000])
        inches = float(points[0]) / 72
    else:
        inches = struct.unpack(">I", path.read_bytes()[16:20])[0] / DPI
    return round(inches * PIXELS_PER_INCH)


def describe(corruption: Mapping[str, Any]) -> str:
    """'gaussian noise, sigma = 0.1'"""
    if corruption["name"] == "none":
        return "nothing corrupted"
    parameters = [f"{key} = {value}" for key, value in corruption.items() if key != "name"]
    return ", ".join([corruption["name"].replace("_", " "), *parameters])


def embedded(
    task: str,
    corruption: Mapping[str, Any],
    files: Mapping[tuple[str, str], str],
    texts: Mapping[str, str],
    findings: Mapping[str, str],
    sources: Mapping[str, Sequence[str]],
    known: Mapping[str, Values],
) -> dict[str, Embedded]:
    """Key to figure, of those of a task that `files` (task and key) has and the page shows, in its order.

    texts: what captions and notes name: dataset, method, otherwise, place, drawn, few, best, outline, given, areas,
    names, shown; findings: key to what it shows; sources: key to the files that this was read from; known: key to the
    values behind it.
    """
    wanted = [key for (of, key) in SOURCE if of == task]
    wanted += [key for key in OTHERWISE if key not in wanted and not (key == "grid" and "reconstructed" in wanted)]
    found = {}
    for key in wanted:
        if (task, key) not in files:
            continue
        label, caption = SOURCE.get((task, key), ("", OTHERWISE.get(key, key)))
        if key == "grid" and corruption["name"] == "none":
            caption = "Original and reconstructed images"
        path, anchor, finding = files[task, key], f"task.{task}.{key}", findings.get(key, "")
        caption, drawn = caption.format(corruption=describe(corruption), **texts), path.endswith(".svg")
        note = NOTES.get(key, "").format(**texts)
        found[key] = Embedded(
            anchor,
            key,
            label,
            finding,
            caption,
            note,
            "" if drawn else data_uri(path),
            Markup(inline_svg.inline(path, anchor, alt(finding, caption, note)) if drawn else ""),
            known[key].script if drawn and key in known else Markup(),
            width(path),
            path,
            sources.get(key, ()),
        )
    return found


def of_labels(labels: Sequence[str] | None) -> dict[str, str]:
    """What notes say of the images' labels. labels: the classes' names, none where there are none; None: not named."""
    areas, shown = "Areas: where 65 % of the training images{} lie, by kernel density", "The first test images"
    if labels is not None and not labels:
        return {"areas": areas.format(""), "names": "", "shown": shown}
    words = "numbers: the labels" if labels is None else "names: the classes"
    first = "The first test image of each class" if labels is None else f"{shown}, of each class in turn"
    names = f"; {words}, at the median of their training images"
    return {"areas": areas.format(" of each label"), "names": names, "shown": first}
