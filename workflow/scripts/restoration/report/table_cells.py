"""Tables of the report, as its template draws them, and how figures are written in them."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from restoration.evaluation.judging import UNITS

DIGITS = {"mse": 4, "psnr": 2, "ssim": 3, "effective": 0}
HEADINGS = UNITS | {"accuracy": "Reads as its class"}
MISSING = float("nan")


class Cell(NamedTuple):
    """text; small: what stands after it, smaller; hint: what is shown on hovering; value: what it is sorted by."""

    text: str
    value: float | str = ""
    small: str = ""
    hint: str = ""


class Column(NamedTuple):
    """heading; group: what stands above it and its neighbours of the same group; text: words, not figures."""

    heading: str
    group: str = ""
    text: bool = False


class Row(NamedTuple):
    """kind: a class of the template's style: best, baseline, published or nothing."""

    cells: Sequence[Cell]
    kind: str = ""


class Table(NamedTuple):
    """title: what a screen reader calls it; files: where its figures come from."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    files: Sequence[str]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The groups of neighbouring columns with how many there are of each; none where no column has one."""
        found: list[tuple[str, int]] = []
        for column in self.columns:
            if found and found[-1][0] == column.group:
                found[-1] = (column.group, found[-1][1] + 1)
            else:
                found.append((column.group, 1))
        return found if any(group for group, _ in found) else []

    @property
    def starts(self) -> list[bool]:
        """Whether each column is the first of its group."""
        return [
            number == 0 or column.group != self.columns[number - 1].group for number, column in enumerate(self.columns)
        ]


def digits(value: float, measure: str) -> int:
    """Decimals: of an error four, and more where it is below 0.01, so that there are three figures of it."""
    if measure == "mse" and 0 < abs(value) < 0.01:
        return min(6, 2 - math.floor(math.log10(abs(value))))
    return DIGITS.get(measure, 2)


def number(value: float | None, measure: str = "", signed: bool = False) -> str:
    """A figure at the digits that its measure deserves; nothing for none."""
    if value is None or math.isnan(value):
        return ""
    if measure == "accuracy":
        return f"{100 * value:{'+' if signed else ''}.1f} %"
    return f"{value:{'+' if signed else ''}.{digits(value, measure)}f}".replace("-", "\N{MINUS SIGN}")


def interval(low: float, high: float, measure: str = "", signed: bool = False) -> str:
    """'[0.0311, 0.0329]'"""
    low_text, high_text = (number(end, measure, signed).removesuffix(" %") for end in (low, high))
    return f"[{low_text}, {high_text}]"


def figure(value: float | None, measure: str = "") -> Cell:
    """A figure alone; an empty cell for none."""
    return Cell(number(value, measure), MISSING if value is None else value)


def seeds(count: int) -> str:
    return f"{count} seed{'s' if count > 1 else ''}"


def words(text: str, small: str = "", hint: str = "") -> Cell:
    return Cell(text, text, small, hint)


def count(value: float | None) -> Cell:
    """A large whole number: '1.3 M'."""
    if value is None or math.isnan(value):
        return Cell("", MISSING)
    for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return Cell(f"{value / size:.3g} {unit}", value, hint=f"{value:,.0f}")
    return Cell(f"{value:.0f}", value)


def patterns(files: Iterable[str]) -> list[str]:
    """Files by name; those that differ in their folders alone are one, with * where they do, and how many they are."""
    groups: dict[tuple[str, int], list[list[str]]] = {}
    for file in dict.fromkeys(files):
        parts = file.split("/")
        groups.setdefault((parts[-1], len(parts)), []).append(parts)
    found = []
    for group in groups.values():
        columns: list[Any] = [set(column) for column in zip(*group, strict=True)]
        path = "/".join(column.pop() if len(column) == 1 else "*" for column in columns)
        found.append(path if len(group) == 1 else f"{path} ({len(group)} files)")
    return found
