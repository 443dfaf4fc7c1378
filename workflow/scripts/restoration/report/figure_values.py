"""What the page's scripts know of figures beyond their pictures, from the files that the figures' jobs wrote."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from markupsafe import Markup

from restoration.core import artifacts
from restoration.report.table_cells import number


class Values(NamedTuple):
    """Of one figure. content: as its job wrote it, with the address of its sheet of images if it has one; file: where
    it lies.
    """

    content: dict[str, Any]
    file: str

    @property
    def script(self) -> Markup:
        """JSON that can stand in a page."""
        return Markup(json.dumps(self.content, separators=(",", ":"), sort_keys=True).replace("<", "\\u003c"))


def read(path: str | Path, *keys: str, sheet: str = "") -> Values:
    """Raises DamagedFile if the file lacks one of `keys`. sheet: the address of the images that belong to it."""
    content = artifacts.read_json(path, *keys)
    return Values(content | ({"sheet": sheet} if sheet else {}), str(path))


def of_latents(values: Values) -> str:
    """How well the panels' latent spaces tell the classes apart; in the first one also which best and which worst.
    Nothing where the images have no labels.
    """
    with artifacts.reading(values.file):
        panels = values.content["panels"]
        if values.content["labels"] is None:
            return ""
        shares = [f"{100 * panel['told']:.1f} % ({panel['title']})" for panel in panels]
        classes = sorted(panels[0]["told_of_class"].items(), key=lambda entry: -entry[1])
        best, worst = ((name, f"{100 * share:.0f} %") for name, share in (classes[0], classes[-1]))
        told = f"A vote of the {values.content['neighbours']} nearest training images tells the class of "
        told += f"{' and '.join(shares)} of the test images"
        if len(classes) > 1:
            told += (
                f"; by {panels[0]['title']} that of {best[0]} best ({best[1]}), that of {worst[0]} worst ({worst[1]})"
            )
        return f"{told}."


def of_hard(values: Values) -> str:
    """Who does best on the hardest images, and how much easier the others are to it."""
    with artifacts.reading(values.file):
        least = min(values.content["ways"], key=lambda way: way["hardest"])
        return (
            f"The lowest mean error on these is {number(least['hardest'], 'mse')}, by {least['name']}; on all "
            f"{values.content['count']} drawn images it has {number(least['drawn'], 'mse')}."
        )


def of_extremes(values: Values) -> str:
    """How far apart the best and the worst restorations are."""
    with artifacts.reading(values.file):
        best, worst = max(values.content["best"]["errors"]), min(values.content["worst"]["errors"])
        ends = f"at most {number(best, 'mse')} on the best images and at least {number(worst, 'mse')} on the worst"
        return f"The error is {ends}."


def of_restorations(values: Values) -> str:
    """Which of the ways in the select is the best on the drawn images, and by how much."""
    with artifacts.reading(values.file):
        ways: Sequence[Mapping[str, Any]] = sorted(values.content["ways"], key=lambda way: way["drawn"])
        best, last = (f"{way['name']} ({number(way['drawn'], 'mse')})" for way in (ways[0], ways[-1]))
        more = f"; the highest: {last}" if len(ways) > 1 else ""
        return f"The lowest mean error over the {values.content['count']} drawn images: {best}{more}."
