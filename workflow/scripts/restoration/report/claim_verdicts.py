"""The source's claims with their verdicts, as the top of the page shows them."""

from collections.abc import Container
from types import SimpleNamespace
from typing import Any

from restoration.core import artifacts
from restoration.report.table_cells import Cell, Column, Row, Table, number, patterns, seed_count

# The sign of a verdict, for readers who do not see its colour.
MARKS = {"supported": "✓", "not supported": "✗", "undecided": "?", "not tested": "○"}
# The part of the page with the evidence of a kind of test; the evidence of other kinds is at the head of the task.
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


def read(path: str, anchors: Container[str]) -> list[SimpleNamespace]:
    """Return the claims of a claims.json with their tests. Raises DamagedFile. anchors: all that the page has."""
    content = artifacts.read_json(path, "claims")
    with artifacts.reading(path):
        return [
            SimpleNamespace(
                anchor=f"claim.{claim['id']}",
                sentence=str(claim["sentence"]),
                source=str(claim["source"]),
                reading=str(claim["reading"]),
                verdict=claim["verdict"],
                mark=MARKS[claim["verdict"]],
                tests=[_test(test, claim["sentence"], anchors) for test in claim["tests"]],
            )
            for claim in content["claims"]
        ]


def counted(claims: list[SimpleNamespace]) -> list[tuple[str, str, int]]:
    """Return each verdict that a claim has, with its mark and the number of claims."""
    numbers = [(word, mark, sum(claim.verdict == word for claim in claims)) for word, mark in MARKS.items()]
    return [entry for entry in numbers if entry[2]]


def _test(test: dict[str, Any], sentence: str, anchors: Container[str]) -> SimpleNamespace:
    """Return a test of a claim. links: anchor and words of its evidence; table: its comparisons, or None."""
    part = PARTS.get(test["parameters"].get("quantity", "") if test["kind"] == "lowest" else test["kind"], "")
    links = []
    for task in test["evidence"]["tasks"]:
        anchor = f"task.{task}.{part}"
        links.append((anchor if anchor in anchors else f"task.{task}", task))
    seeds = seed_count(test["seeds"]) if test["seeds"] else "nothing trained"
    return SimpleNamespace(
        verdict=test["verdict"],
        mark=MARKS[test["verdict"]],
        finding=str(test["finding"]),
        seeds="" if test["verdict"] == "not tested" else seeds,
        links=links,
        files=patterns(test["evidence"]["files"]),
        table=_comparisons(test, sentence) if test["details"] else None,
    )


def _comparisons(test: dict[str, Any], sentence: str) -> Table:
    rows = []
    for one in test["details"]:
        known = one["low"] is not None
        ends = f"[{_figure(one['low'])}, {_figure(one['high'])}]" if known else ""
        cells = [Cell(_figure(one["figure"]), one["figure"]), Cell(ends, one["low"] if known else float("nan"))]
        verdict = Cell.of_text(f"{MARKS[one['verdict']]} {one['verdict']}")
        rows.append(Row([Cell.of_text(one["name"]), *cells, Cell(str(one["seeds"]), one["seeds"]), verdict]))
    columns = [
        Column("Comparison", text=True),
        Column(f"{test['unit']}, asked for above {test['threshold']:g}"),
        Column("95 % interval"),
        Column("Seeds"),
        Column("Verdict", text=True),
    ]
    return Table(f"Comparisons: {sentence}", columns, rows, [])


def _figure(value: float | None) -> str:
    """Write a figure of a claim with three significant digits."""
    if value is None:
        return ""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}") if abs(value) < 1000 else number(value)
