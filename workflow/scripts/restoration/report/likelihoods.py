"""The table of a task's log-likelihoods, with what others have published of the same quantity at the same targets."""

from collections.abc import Mapping, Sequence
from typing import Any

from restoration.estimates import Estimate
from restoration.published import Figure, comparable
from restoration.report.cells import Cell, Column, Row, Table, figure, number, words

QUANTITIES = {"image": "whole image", "hidden": "hidden pixels"}


def published(
    estimates: Sequence[Estimate], dataset: str, corruption: Mapping[str, Any]
) -> dict[tuple[str, str], list[Figure]]:
    """Quantity and target to what is published of them, in the estimates' order."""
    keys = dict.fromkeys((estimate.quantity, estimate.target) for estimate in estimates)
    return {key: comparable(dataset, corruption, *key) for key in keys}


def table(
    estimates: Sequence[Estimate], others: Mapping[tuple[str, str], Sequence[Figure]], files: Sequence[str], task: str
) -> Table:
    """Ours, then the published figures, by quantity and target."""
    counts = sorted({count for estimate in estimates for count in estimate.samples[:-1] if count})
    rows = []
    for (quantity, target), theirs in others.items():
        here = [estimate for estimate in estimates if (estimate.quantity, estimate.target) == (quantity, target)]
        rows += [Row(_ours(estimate, counts)) for estimate in sorted(here, key=lambda one: one.nats[-1])]
        for other in theirs:
            first = words(other.model, "published", f"{other.convention}; {other.source}")
            cells = [first, words(QUANTITIES[quantity]), words(target), words(other.estimator)]
            cells += [*(figure(None) for _ in counts), Cell(number(other.nats), other.nats)]
            floor = next(iter(here)).floor
            above = figure(None) if not floor else figure(other.nats - floor)
            rows.append(Row([*cells, figure(floor or None), above, *(figure(None) for _ in range(2))], "published"))
    nats = "Negative log-likelihood, nats an image"
    columns = [Column("Model", text=True), Column("Of", text=True), Column("Targets", text=True)]
    columns += [Column("Estimator", text=True)]
    columns += [Column(f"{count:,} sample{'s' if count > 1 else ''}", nats) for count in counts]
    columns += [Column("All samples", nats), Column("Entropy floor", nats), Column("Above it", nats)]
    columns += [Column("Negative ELBO", nats), Column("Effective samples")]
    return Table(f"Log-likelihoods, {task}", columns, rows, files)


def _ours(estimate: Estimate, counts: Sequence[int]) -> list[Cell]:
    by_count = dict(zip(estimate.samples, estimate.nats, strict=True))
    last = estimate.samples[-1]
    how = "exact" if last is None else f"importance, {last:,} samples"
    label = "† given the label" if estimate.condition == "label" else ""
    told = ", ".join(part for part in (label, f"{estimate.seeds} seeds" if estimate.seeds > 1 else "") if part)
    return [
        words(estimate.label, told),
        words(QUANTITIES[estimate.quantity]),
        words(estimate.target),
        words(how),
        *(figure(by_count.get(count) if count != last else None) for count in counts),
        Cell(number(estimate.nats[-1]), estimate.nats[-1], f"± {number(estimate.error)}"),
        figure(estimate.floor or None),
        figure(estimate.nats[-1] - estimate.floor if estimate.floor else None),
        figure(estimate.elbo),
        figure(estimate.effective),
    ]
