"""What a task comes to, and what each of its figures shows, in a sentence or two, from the figures behind it."""

from collections.abc import Mapping, Sequence
from typing import Any

from restoration.comparison.likelihood_estimates import Estimate
from restoration.report.likelihood_table import QUANTITIES
from restoration.report.restoration_tables import Task, name_of
from restoration.report.table_cells import interval, number


def of_task(task: Task) -> str:
    """A task in a few sentences: its best model, the best of what needs none, and doing nothing."""
    rows, best = list(task.ranked().itertuples(index=False)), task.best()
    label = ", given the true label" if task.given_label(name_of(best)) else ""
    least = next(row for row in rows if row.variant)
    given = "" if name_of(least) == name_of(best) else f" (given the true label, {_way(least)} has {_told(least)})"
    told = [
        f"Best trained model: {_way(best)}{label}, with a mean squared error {task.place} of "
        f"{number(best.mean, 'mse')} {interval(best.low, best.high, 'mse')}{given}"
    ]
    others = [row for row in rows if not row.variant and row.method != "identity"]
    if others:
        than = ", which is better" if others[0].mean < best.mean else ""
        told.append(f"Best without a trained model: {_words(others[0].method)}, {_told(others[0])}{than}")
    nothing = next((row for row in rows if not row.variant and row.method == "identity"), None)
    if nothing:
        than = ", which is better" if nothing.mean < best.mean else ""
        told.append(f"Leaving the image as it is: {_told(nothing)}{than}")
    return ". ".join(told) + "."


def of_errors(task: Task) -> str:
    """How far apart the errors lie, and how many are below what needs no trained model."""
    rows = list(task.ranked().itertuples(index=False))
    ways = [row for row in rows if row.variant]
    others = [row for row in rows if not row.variant and row.method != "identity"]
    told = f"The error {task.place} is {_span(task, ways, with_method=True)}"
    if others:
        below = sum(row.mean < others[0].mean for row in ways)
        told += (
            f"; {below} of {len(ways)} ways to restore by a trained model {'are' if below != 1 else 'is'} better than "
            f"{_words(others[0].method)}, the best that needs none ({number(others[0].mean, 'mse')})"
        )
    return f"{told}."


def of_restorations(task: Task, method: str) -> str:
    """The errors of the models by the inference that the pictures show; nothing where no model has it."""
    ways = [row for row in task.ranked().itertuples(index=False) if row.variant and row.method == method]
    return f"Restored by “{_words(method)}”, the error {task.place} is {_span(task, ways)}." if ways else ""


def of_corrupted(task: Task) -> str:
    """How far the corrupted images are from the originals; nothing where that was not measured."""
    kept = [row for row in task.ranked().itertuples(index=False) if not row.variant and row.method == "identity"]
    error = f"The corrupted images differ from the originals by a mean squared error {task.place} of"
    return f"{error} {number(kept[0].mean, 'mse')}." if kept else ""


def of_losses(finals: Mapping[str, Sequence[float]]) -> str:
    """The range in which the last epoch's mean training loss lies, for each loss. finals: loss to its models'."""
    spans = []
    for loss, ends in finals.items():
        low, high = min(ends), max(ends)
        end = f" to {_loss(high)}" if high > low else ""
        spans.append(f"{loss.upper()} models end at {_loss(low)}{end}")
    scales = "; the losses are on different scales" if len(spans) > 1 else ""
    return f"{'; '.join(spans)}, on average over the last epoch{scales}."


def of_likelihoods(estimates: Sequence[Estimate]) -> str:
    """The lowest estimate of each quantity and target."""
    told = []
    for key in dict.fromkeys((one.quantity, one.target) for one in estimates):
        least = min((one for one in estimates if (one.quantity, one.target) == key), key=lambda one: one.nats[-1])
        given = ", given the true label" if least.condition == "label" else ""
        told.append(
            f"{least.label}{given}, {number(least.nats[-1])} nats for the {QUANTITIES[key[0]]} ({key[1]} targets)"
        )
    return f"Lowest at the most samples: {'; '.join(told)}."


def _span(task: Task, rows: Sequence[Any], with_method: bool = False) -> str:
    """'between 0.0451 (cvae_label†, BCE) and 0.3799 (vae, MSE)'; rows: best first."""

    def named(row: Any) -> str:
        method = f" by {_words(row.method)}" if with_method else ""
        return f"{number(row.mean, 'mse')} ({task.model_name(row)}{method})"

    return f"between {named(rows[0])} and {named(rows[-1])}" if len(rows) > 1 else named(rows[0])


def _way(row: Any) -> str:
    """'vae trained with BCE, by “map latent”'"""
    return f"{row.variant} trained with {row.loss.upper()}, by “{_words(row.method)}”"


def _told(row: Any) -> str:
    return number(row.mean, "mse")


def _loss(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _words(name: str) -> str:
    return name.replace("_", " ")
