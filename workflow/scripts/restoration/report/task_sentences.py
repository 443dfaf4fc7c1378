"""Sentences on what was found: by a task as a whole, and by each of its figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from restoration.comparison.likelihood_estimates import Estimate
from restoration.config.model_names import in_words, model_name
from restoration.report.model_tables import QUANTITIES
from restoration.report.table_cells import interval, number
from restoration.report.task_results import Task, restorer

NOTHING = "identity"  # the baseline that leaves images as they are


def of_task(task: Task) -> str:
    """Sum up a task: its best model, its best baseline, and doing nothing."""
    rows, best = task.ranked(), task.best()
    label = ", given the true label" if best.mark else ""
    least = next(row for row in rows if row.variant)
    given = "" if restorer(least) == restorer(best) else f" (given the true label, {_way(least)} has {_error(least)})"
    sentences = [
        f"Best trained model: {_way(best)}{label}, with a mean squared error {task.place} of "
        f"{_error(best)} {interval(best.low, best.high, 'mse')}{given}"
    ]
    for row, sentence in (
        (_best_baseline(rows), "Best without a trained model: {method}, {error}"),
        (_best_baseline(rows, idle=True), "Leaving the image as it is: {error}"),
    ):
        if row:
            than = ", which is better" if row.mean < best.mean else ""
            sentences.append(sentence.format(method=in_words(row.method), error=_error(row)) + than)
    return ". ".join(sentences) + "."


def of_corruption(corruption: Mapping[str, Any]) -> str:
    """Describe a corruption of the configuration: 'gaussian noise, sigma = 0.1'."""
    if corruption["name"] == "none":
        return "nothing corrupted"
    parameters = [f"{key} = {value}" for key, value in corruption.items() if key != "name"]
    return ", ".join([in_words(corruption["name"]), *parameters])


def of_errors(task: Task) -> str:
    """Say how far apart the errors lie, and how many models are better than the best baseline."""
    rows = task.ranked()
    ways = [row for row in rows if row.variant]
    sentence = f"The error {task.place} is {_span(task, ways, with_method=True)}"
    if best := _best_baseline(rows):
        below = sum(row.mean < best.mean for row in ways)
        sentence += (
            f"; {below} of {len(ways)} ways to restore by a trained model {'are' if below != 1 else 'is'} better than "
            f"{in_words(best.method)}, the best that needs none ({_error(best)})"
        )
    return f"{sentence}."


def of_restorations(task: Task, method: str) -> str:
    """Give the range of the models' errors by an inference; an empty text where no model has it."""
    ways = [row for row in task.ranked() if row.variant and row.method == method]
    return f"Restored by “{in_words(method)}”, the error {task.place} is {_span(task, ways)}." if ways else ""


def of_corrupted(task: Task) -> str:
    """Give the error of the corrupted images; an empty text where it was not measured."""
    row = _best_baseline(task.ranked(), idle=True)
    error = f"The corrupted images differ from the originals by a mean squared error {task.place} of"
    return f"{error} {_error(row)}." if row else ""


def of_losses(finals: Mapping[str, Sequence[float]]) -> str:
    """Give the range of the training loss over the last epoch. finals: a loss to the means of its models."""
    spans = []
    for loss, ends in finals.items():
        low, high = min(ends), max(ends)
        end = f" to {_loss(high)}" if high > low else ""
        spans.append(f"{loss.upper()} models end at {_loss(low)}{end}")
    scales = "; the losses are on different scales" if len(spans) > 1 else ""
    return f"{'; '.join(spans)}, on average over the last epoch{scales}."


def of_likelihoods(estimates: Sequence[Estimate]) -> str:
    """Give the lowest estimate of each quantity and target."""
    parts = []
    for key in dict.fromkeys((one.quantity, one.target) for one in estimates):
        least = min((one for one in estimates if (one.quantity, one.target) == key), key=lambda one: one.nats[-1])
        given = ", given the true label" if least.condition == "label" else ""
        parts.append(
            f"{least.label}{given}, {number(least.nats[-1])} nats for the {QUANTITIES[key[0]]} ({key[1]} targets)"
        )
    return f"Lowest at the most samples: {'; '.join(parts)}."


def of_latents(values: Mapping[str, Any]) -> str:
    """Say how well latent spaces tell classes apart, the first one by class; an empty text without labels."""
    if values["labels"] is None:
        return ""
    panels = values["panels"]
    shares = [f"{100 * panel['told']:.1f} % ({panel['title']})" for panel in panels]
    classes = sorted(panels[0]["told_of_class"].items(), key=lambda entry: -entry[1])
    best, worst = ((name, f"{100 * share:.0f} %") for name, share in (classes[0], classes[-1]))
    sentence = f"A vote of the {values['neighbours']} nearest training images tells the class of "
    sentence += f"{' and '.join(shares)} of the test images"
    if len(classes) > 1:
        sentence += (
            f"; by {panels[0]['title']} that of {best[0]} best ({best[1]}), that of {worst[0]} worst ({worst[1]})"
        )
    return f"{sentence}."


def of_hard(values: Mapping[str, Any]) -> str:
    """Name the best restorer of the hardest images, and compare its errors on these and on all drawn images."""
    least = min(values["ways"], key=lambda way: way["hardest"])
    return (
        f"The lowest mean error on these is {number(least['hardest'], 'mse')}, by {least['name']}; on all "
        f"{values['count']} drawn images it has {number(least['drawn'], 'mse')}."
    )


def of_extremes(values: Mapping[str, Any]) -> str:
    """Say how far apart the best and the worst restorations are."""
    best, worst = max(values["best"]["errors"]), min(values["worst"]["errors"])
    ends = f"at most {number(best, 'mse')} on the best images and at least {number(worst, 'mse')} on the worst"
    return f"The error is {ends}."


def of_restorers(values: Mapping[str, Any]) -> str:
    """Name the best and the worst restorer of the drawn images."""
    ways = sorted(values["ways"], key=lambda way: way["drawn"])
    best, last = (f"{way['name']} ({number(way['drawn'], 'mse')})" for way in (ways[0], ways[-1]))
    more = f"; the highest: {last}" if len(ways) > 1 else ""
    return f"The lowest mean error over the {values['count']} drawn images: {best}{more}."


def left_out(names: Mapping[str, Sequence[str]] | None) -> str:
    """Say what images without labels left out; an empty text for None. names: from `unlabelled`."""
    if names is None:
        return ""
    variants = dict.fromkeys(name.split("/")[1] for name in names["variants"])
    parts = ["how restored images read as their class"]
    for word, these in (("variant", list(variants)), ("inference", names["inference"]), ("claim", names["claims"])):
        if these:
            parts.append(f"the {word}{'' if len(these) == 1 else 's'} {', '.join(these)}")
    text = f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]
    return f"The images have no labels, and what needs them is left out: {text}."


def _best_baseline(rows: Sequence[Any], idle: bool = False) -> Any | None:
    """Return the first baseline that restores, or that does nothing; None without one."""
    return next((row for row in rows if not row.variant and (row.method == NOTHING) == idle), None)


def _span(task: Task, rows: Sequence[Any], with_method: bool = False) -> str:
    """Write 'between 0.0451 (cvae_label†, BCE) and 0.3799 (vae, MSE)'. rows: best first."""

    def named(row: Any) -> str:
        method = f" by {in_words(row.method)}" if with_method else ""
        return f"{_error(row)} ({model_name(row.variant + row.mark, row.loss)}{method})"

    return f"between {named(rows[0])} and {named(rows[-1])}" if len(rows) > 1 else named(rows[0])


def _way(row: Any) -> str:
    """Write 'vae trained with BCE, by “map latent”'."""
    return f"{row.variant} trained with {row.loss.upper()}, by “{in_words(row.method)}”"


def _error(row: Any) -> str:
    return number(row.mean, "mse")


def _loss(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
