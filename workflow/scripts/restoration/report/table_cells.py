"""Tables of the report as its template draws them, and how numbers are written in them."""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from restoration.evaluation.judging import UNITS

DIGITS = {"mse": 4, "psnr": 2, "ssim": 3, "effective": 0}  # decimals of a measure; any other has two
HEADINGS = UNITS | {"accuracy": "Reads as its class"}
MISSING = float("nan")


class Cell(NamedTuple):
    """A cell. value: the key for sorting; small: smaller text after `text`; hint: shown on hovering."""

    text: str
    value: float | str = ""
    small: str = ""
    hint: str = ""

    @classmethod
    def of_text(cls, text: str, small: str = "", hint: str = "") -> "Cell":
        """Return a cell that is sorted by its text."""
        return cls(text, text, small, hint)

    @classmethod
    def of_number(cls, value: float | None, measure: str = "", small: str = "") -> "Cell":
        """Return a cell with a number; an empty cell for None."""
        return cls(number(value, measure), MISSING if value is None else value, small)

    @classmethod
    def of_mean(cls, row: Any, measure: str = "mse") -> "Cell":
        """Return the mean and interval of a row of `interval_table.lookup`; an empty cell for None."""
        return cls.of_number(row and row.mean, measure, interval(row.low, row.high, measure) if row else "")

    @classmethod
    def of_count(cls, value: float | None) -> "Cell":
        """Return a large whole number, shortened to '1.3 M'."""
        if value is None or math.isnan(value):
            return cls.of_number(None)
        for size, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
            if value >= size:
                return cls(f"{value / size:.3g} {unit}", value, hint=f"{value:,.0f}")
        return cls(f"{value:.0f}", value)


class Column(NamedTuple):
    """A column. group: a heading above neighbouring columns; text: True for words, False for numbers."""

    heading: str
    group: str = ""
    text: bool = False


class Row(NamedTuple):
    """A row. kind: a CSS class: best, baseline, published or empty."""

    cells: Sequence[Cell]
    kind: str = ""


class Table(NamedTuple):
    """A table. title: its name for screen readers; files: the sources of its numbers."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    files: Sequence[str]

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Each group with the number of its columns; empty if no column has a group."""
        found = [(name, len(list(columns))) for name, columns in groupby(column.group for column in self.columns)]
        return found if any(name for name, _ in found) else []


def digits(value: float, measure: str) -> int:
    """Return the decimals of a number: three significant digits, but at most six decimals, of an MSE below 0.01."""
    if measure == "mse" and 0 < abs(value) < 0.01:
        return min(6, 2 - math.floor(math.log10(abs(value))))
    return DIGITS.get(measure, 2)


def number(value: float | None, measure: str = "", signed: bool = False) -> str:
    """Write a number with the digits of its measure; None and NaN become an empty text."""
    if value is None or math.isnan(value):
        return ""
    if measure == "accuracy":
        return f"{100 * value:{'+' if signed else ''}.1f} %"
    return f"{value:{'+' if signed else ''}.{digits(value, measure)}f}".replace("-", "\N{MINUS SIGN}")


def interval(low: float, high: float, measure: str = "", signed: bool = False) -> str:
    """Write an interval: '[0.0311, 0.0329]'."""
    low_text, high_text = (number(end, measure, signed).removesuffix(" %") for end in (low, high))
    return f"[{low_text}, {high_text}]"


def seed_count(count: int) -> str:
    """Write a number of seeds: '2 seeds'."""
    return f"{count} seed{'s' if count > 1 else ''}"


def patterns(files: Iterable[str]) -> list[str]:
    """Shorten a list of files: files that differ in their folders alone become one pattern with their number."""
    groups: dict[tuple[str, int], list[list[str]]] = {}
    for file in dict.fromkeys(files):
        parts = file.split("/")
        groups.setdefault((parts[-1], len(parts)), []).append(parts)
    found = []
    for group in groups.values():
        columns = [set(column) for column in zip(*group, strict=True)]
        path = "/".join(column.pop() if len(column) == 1 else "*" for column in columns)
        found.append(path if len(group) == 1 else f"{path} ({len(group)} files)")
    return found
