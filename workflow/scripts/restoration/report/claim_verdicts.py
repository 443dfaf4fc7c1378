"""The source's claims with their verdicts, as the top of the page tells them."""

from collections.abc import Container
from typing import Any, NamedTuple

from restoration.core import artifacts
from restoration.report.table_cells import Cell, Column, Row, Table, number, patterns, words

# A verdict's mark, which says it without its colour.
MARKS = {"supported": "✓", "not supported": "✗", "undecided": "?", "not tested": "○"}
# Where on the page the evidence of a kind of test is; elsewhere, and for other kinds, at the task's head.
PARTS = {
    "better": "results",
    "separates": "latent",
    "decreasing": "loss",
    "training": "loss",
    "test": "scale",
    "prior_draw": "source",
    "squared_error": "scale",
    "cross_entropy": "scale",
}
COLUMNS = [
    Column("Comparison", text=True),
    Column("Figure"),
    Column("95 % interval"),
    Column("Seeds"),
    Column("Verdict", text=True),
]


class Test(NamedTuple):
    """One test of a claim: links (anchor and its words) to its evidence; and its comparisons."""

    verdict: str
    mark: str
    finding: str
    seeds: str
    links: list[tuple[str, str]]
    files: list[str]
    table: Table | None


class Verdict(NamedTuple):
    """anchor: of the claim's comparisons."""

    anchor: str
    sentence: str
    source: str
    reading: str
    verdict: str
    mark: str
    tests: list[Test]


def read(path: str, anchors: Container[str]) -> list[Verdict]:
    """The claims of a claims.json; anchors: those that the page has. Raises DamagedFile if it is none."""
    content = artifacts.read_json(path, "claims")
    with artifacts.reading(path):
        return [
            Verdict(
                f"claim.{claim['id']}",
                str(claim["sentence"]),
                str(claim["source"]),
                str(claim["reading"]),
                claim["verdict"],
                MARKS[claim["verdict"]],
                [_test(test, claim["sentence"], anchors) for test in claim["tests"]],
            )
            for claim in content["claims"]
        ]


def counted(verdicts: list[Verdict]) -> list[tuple[str, str, int]]:
    """Verdict, its mark and how many claims have it, for those that any has."""
    numbers = [(word, mark, sum(one.verdict == word for one in verdicts)) for word, mark in MARKS.items()]
    return [entry for entry in numbers if entry[2]]


def _test(test: dict[str, Any], sentence: str, anchors: Container[str]) -> Test:
    part = PARTS.get(test["parameters"].get("quantity", "") if test["kind"] == "lowest" else test["kind"], "")
    links = []
    for task in test["evidence"]["tasks"]:
        anchor = f"task.{task}.{part}"
        links.append((anchor if anchor in anchors else f"task.{task}", task))
    seeds = {0: "nothing trained", 1: "1 seed"}.get(test["seeds"], f"{test['seeds']} seeds")
    files = patterns(test["evidence"]["files"])
    return Test(
        test["verdict"],
        MARKS[test["verdict"]],
        str(test["finding"]),
        "" if test["verdict"] == "not tested" else seeds,
        links,
        files,
        _comparisons(test, sentence),
    )


def _comparisons(test: dict[str, Any], sentence: str) -> Table | None:
    if not test["details"]:
        return None
    rows = []
    for one in test["details"]:
        known = one["low"] is not None
        ends = f"[{_figure(one['low'])}, {_figure(one['high'])}]" if known else ""
        verdict = f"{MARKS[one['verdict']]} {one['verdict']}"
        rows.append(
            Row(
                [
                    words(one["name"]),
                    Cell(_figure(one["figure"]), one["figure"]),
                    Cell(ends, one["low"] if known else float("nan")),
                    Cell(str(one["seeds"]), one["seeds"]),
                    words(verdict),
                ]
            )
        )
    columns = [
        COLUMNS[0],
        COLUMNS[1]._replace(heading=f"{test['unit']}, asked for above {test['threshold']:g}"),
        *COLUMNS[2:],
    ]
    return Table(f"Comparisons: {sentence}", columns, rows, [])


def _figure(value: float | None) -> str:
    """Three digits that count."""
    return (
        "" if value is None else f"{value:.3g}".replace("-", "\N{MINUS SIGN}") if abs(value) < 1000 else number(value)
    )
