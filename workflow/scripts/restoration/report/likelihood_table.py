"""The table of a task's log-likelihoods, with what others have published of the same quantity at the same targets."""

from collections.abc import Mapping, Sequence
from typing import Any

from restoration.comparison.likelihood_estimates import Estimate
from restoration.comparison.published_likelihoods import Figure, comparable
from restoration.report.restoration_tables import Task
from restoration.report.table_cells import Cell, Column, Row, Table, figure, number, seeds, words

NORMAL = 1.96  # half the 95 % interval of a mean, in standard errors
QUANTITIES = {"image": "whole\N{NO-BREAK SPACE}image", "hidden": "hidden\N{NO-BREAK SPACE}pixels"}


def published(
    estimates: Sequence[Estimate], dataset: str, corruption: Mapping[str, Any]
) -> dict[tuple[str, str], list[Figure]]:
    """Quantity and target to what is published of them, in the estimates' order."""
    keys = dict.fromkeys((estimate.quantity, estimate.target) for estimate in estimates)
    return {key: comparable(dataset, corruption, *key) for key in keys}


def table(
    task: Task,
    estimates: Sequence[Estimate],
    others: Mapping[tuple[str, str], Sequence[Figure]],
    files: Sequence[str],
) -> Table:
    """Ours, then the published figures, by quantity and target."""
    counts = sorted({count for estimate in estimates for count in estimate.samples if count})
    rows = []
    for (quantity, target), theirs in others.items():
        here = [estimate for estimate in estimates if (estimate.quantity, estimate.target) == (quantity, target)]
        rows += [Row(_ours(task, one, counts)) for one in sorted(here, key=lambda one: one.nats[-1])]
        for other in theirs:
            first = words(other.model, "published", f"{other.convention}; {other.source}")
            cells = [first, words(QUANTITIES[quantity]), words(target), words(other.estimator), images(other.images)]
            # Like for like: what was published as a negative ELBO is no estimate of the likelihood itself.
            estimate, elbo = (None, other.nats) if other.is_elbo else (other.nats, None)
            cells += [*(figure(None) for _ in counts[:-1]), figure(estimate), *_floor(estimate, here[0].floor)]
            rows.append(Row([*cells, figure(elbo), figure(None)], "published"))
    nats = "Negative log-likelihood, nats an image"
    columns = [Column(heading, text=True) for heading in ("Model", "Of", "Targets", "Estimator")]
    columns += [Column("Images")]
    columns += [Column(f"{count:,} sample{'s' if count > 1 else ''}", nats) for count in counts[:-1]]
    columns += [Column("Estimate", nats)]
    columns += [Column(heading, nats) for heading in ("Entropy floor", "Above it")]
    draws = {estimate.draws for estimate in estimates} - {None}
    columns += [Column(f"Negative ELBO, {draws.pop()} draws" if len(draws) == 1 else "Negative ELBO", nats)]
    columns += [Column("Effective samples")]
    return Table(f"Log-likelihoods, {task.name}", columns, rows, files)


def _ours(task: Task, estimate: Estimate, counts: Sequence[int]) -> list[Cell]:
    by_count = dict(zip(estimate.samples, estimate.nats, strict=True))
    most = estimate.samples[-1]
    told = ["given the true label"] if estimate.condition == "label" else []
    told += [seeds(estimate.seeds)] if estimate.seeds != task.usual_seeds else []
    return [
        words(estimate.label, ", ".join(told)),
        words(QUANTITIES[estimate.quantity]),
        words(estimate.target),
        words("exact" if most is None else f"{most:,}\N{NO-BREAK SPACE}samples"),
        images(estimate.images),
        *(figure(by_count.get(count)) for count in counts[:-1]),
        Cell(number(estimate.nats[-1]), estimate.nats[-1], f"± {number(NORMAL * estimate.error)}"),
        *_floor(estimate.nats[-1], estimate.floor),
        figure(estimate.elbo),
        figure(estimate.effective, "effective"),
    ]


def images(number_of: int | None) -> Cell:
    """Of how many test images a figure is the mean; an empty cell where that is not said."""
    return figure(None) if number_of is None else Cell(f"{number_of:,}", number_of)


def _floor(nats: float | None, floor: float) -> list[Cell]:
    """The entropy floor and how far above it an estimate is; binarised targets have none."""
    if not floor:
        return [figure(None), figure(None)]
    return [figure(floor), figure(None if nats is None else nats - floor)]
