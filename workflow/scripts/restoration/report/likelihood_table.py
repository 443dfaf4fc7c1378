"""The table of a task's log-likelihoods, with published figures of the same quantity at the same targets."""

from collections.abc import Mapping, Sequence
from typing import Any

from restoration.comparison.likelihood_estimates import Estimate
from restoration.comparison.published_likelihoods import Figure, comparable
from restoration.report.table_cells import Cell, Column, Row, Table, number, number_cell, patterns, text_cell
from restoration.report.task_results import Task

NORMAL = 1.96  # half the 95 % interval of a mean, in standard errors
QUANTITIES = {"image": "whole\N{NO-BREAK SPACE}image", "hidden": "hidden\N{NO-BREAK SPACE}pixels"}
NATS = "Negative log-likelihood, nats an image"
Published = Mapping[tuple[str, str], Sequence[Figure]]


def published(estimates: Sequence[Estimate], dataset: str, corruption: Mapping[str, Any]) -> Published:
    """Return the published figures of each quantity and target, in the order of the estimates."""
    keys = dict.fromkeys((estimate.quantity, estimate.target) for estimate in estimates)
    return {key: comparable(dataset, corruption, *key) for key in keys}


def conventions(others: Published) -> list[str]:
    """Write source and convention of the published figures, each once."""
    lines = [
        f"{other.source} ({other.address.split('://')[-1]}): {other.convention}."
        for figures in others.values()
        for other in figures
    ]
    return list(dict.fromkeys(lines))


def likelihood_table(task: Task, estimates: Sequence[Estimate], others: Published) -> Table:
    """Return our estimates, then the published figures, by quantity and target."""
    counts = sorted({count for estimate in estimates for count in estimate.samples if count})
    rows = []
    for (quantity, target), theirs in others.items():
        here = [estimate for estimate in estimates if (estimate.quantity, estimate.target) == (quantity, target)]
        rows += [Row(_ours(task, one, counts)) for one in sorted(here, key=lambda one: one.nats[-1])]
        for other in theirs:
            first = text_cell(other.model, "published", f"{other.convention}; {other.source}")
            names = [first, text_cell(QUANTITIES[quantity]), text_cell(target), text_cell(other.estimator)]
            # Like for like: a published negative ELBO is no estimate of the likelihood itself.
            estimate, elbo = (None, other.nats) if other.is_elbo else (other.nats, None)
            cells = [_images(other.images), *(number_cell(None) for _ in counts[:-1]), number_cell(estimate)]
            cells += [*_floor(estimate, here[0].floor), number_cell(elbo), number_cell(None)]
            rows.append(Row([*names, *cells], "published"))
    draws = {estimate.draws for estimate in estimates} - {None}
    columns = [Column(heading, text=True) for heading in ("Model", "Of", "Targets", "Estimator")]
    columns += [Column("Images")]
    columns += [Column(f"{count:,} sample{'s' if count > 1 else ''}", NATS) for count in counts[:-1]]
    columns += [Column(heading, NATS) for heading in ("Estimate", "Entropy floor", "Above it")]
    columns += [Column(f"Negative ELBO, {draws.pop()} draws" if len(draws) == 1 else "Negative ELBO", NATS)]
    columns += [Column("Effective samples")]
    return Table(f"Log-likelihoods, {task.name}", columns, rows, patterns(task.files.likelihoods.values()))


def _ours(task: Task, estimate: Estimate, counts: Sequence[int]) -> list[Cell]:
    by_count = dict(zip(estimate.samples, estimate.nats, strict=True))
    most, nats = estimate.samples[-1], estimate.nats[-1]
    small = ["given the true label" if estimate.condition == "label" else "", task.unusual_seeds(estimate.seeds)]
    return [
        text_cell(estimate.label, ", ".join(filter(None, small))),
        text_cell(QUANTITIES[estimate.quantity]),
        text_cell(estimate.target),
        text_cell("exact" if most is None else f"{most:,}\N{NO-BREAK SPACE}samples"),
        _images(estimate.images),
        *(number_cell(by_count.get(count)) for count in counts[:-1]),
        number_cell(nats, small=f"± {number(NORMAL * estimate.error)}"),
        *_floor(nats, estimate.floor),
        number_cell(estimate.elbo),
        number_cell(estimate.effective, "effective"),
    ]


def _images(count: int | None) -> Cell:
    """Return the number of test images of a mean; an empty cell if the source does not tell."""
    return number_cell(None) if count is None else Cell(f"{count:,}", count)


def _floor(nats: float | None, floor: float) -> list[Cell]:
    """Return the entropy floor and the estimate's distance from it; binarised targets have no floor."""
    if not floor:
        return [number_cell(None), number_cell(None)]
    return [number_cell(floor), number_cell(None if nats is None else nats - floor)]
