"""A task's tables of models, whatever the inference: losses on one scale, the source's own statistic, likelihoods."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from scipy.special import stdtrit

from restoration.comparison import models_table, published_figures
from restoration.comparison.likelihood_estimates import Estimate
from restoration.config.model_names import GIVEN_LABEL
from restoration.report.table_cells import Cell, Column, Row, Table, number, patterns
from restoration.report.task_results import Task, collapse

NAMES = [Column("Model", text=True), Column("Loss", text=True)]
OWN, COMMON = "Own loss on test images", "Encoded and decoded, summed over the image"
VISIBLE = "Visible pixels"
NORMAL = 1.96  # half the 95 % interval of a mean, in standard errors
QUANTITIES = {"image": "whole\N{NO-BREAK SPACE}image", "hidden": "hidden\N{NO-BREAK SPACE}pixels"}
NATS = "Negative log-likelihood, nats an image"
Published = Mapping[tuple[str, str], Sequence[published_figures.Likelihood]]


class Model(NamedTuple):
    """A variant under a loss. figures: (measure, mean/std/count) over the seeds, of what no inference changes."""

    variant: str
    loss: str
    figures: pd.Series

    def mean(self, name: str) -> float:
        """Return the mean of a figure over the seeds; NaN if it is not measured."""
        return float(self.figures[name, "mean"])

    def half_interval(self, name: str) -> float:
        """Return half of the 95 % interval of the mean over seeds, by Student's t; NaN for a single seed."""
        spread, count = (float(self.figures[name, part]) for part in ("std", "count"))
        return float(stdtrit(count - 1, 0.975)) * spread / math.sqrt(count) if count > 1 else math.nan

    def cell(self, name: str, measure: str = "") -> Cell:
        """Return a cell with mean and half interval; an empty cell if the figure is not measured."""
        half = self.half_interval(name)
        return Cell.of_number(self.mean(name), measure, "" if math.isnan(half) else f"± {number(half, measure)}")

    def active_units(self) -> Cell:
        """Return '3.3 of 20' with half the interval, and whether the posterior has collapsed."""
        units, collapsed, mean = (self.mean(f"latent_{name}") for name in ("units", "collapsed", "active_units"))
        if math.isnan(units):
            return Cell.of_number(None)
        half = self.half_interval("latent_active_units")
        small = ["" if math.isnan(half) else f"± {half:.2g}", collapse(collapsed)]
        return Cell(f"{mean:.3g} of {units:.0f}", mean, ", ".join(filter(None, small)))

    def names(self, task: Task) -> list[Cell]:
        """Return the cells of variant and loss, with the mark of the true label and an unusual number of seeds."""
        mark = GIVEN_LABEL if self.variant in task.labelled else ""
        few = task.unusual_seeds(int(self.figures["parameters", "count"]))
        return [Cell(self.variant + mark, self.variant, few), Cell.of_text(self.loss.upper())]


def models(task: Task) -> Iterator[Model]:
    """Yield the models of the task in the order of the configuration."""
    for (variant, loss), rows in task.over_seeds.loc[[task.name]].groupby(level=["variant", "loss"], sort=False):
        if variant:
            yield Model(variant, loss, rows.iloc[0])


def scale_table(task: Task) -> Table:
    """Return each model's own restorations under both measures, its own loss, and the health of its latent."""
    rows, variational = [], not task.over_seeds.loc[[task.name]][("latent_kl", "mean")].isna().all()
    for model in models(task):
        cells = [model.cell(name) for name in ("common_mse", "common_bce", "test_objective", "test_reconstruction")]
        if variational:
            cells += [model.cell("latent_kl", "ssim"), model.active_units(), model.cell("latent_diversity", "ssim")]
        rows.append(Row([*model.names(task), *cells, Cell.of_count(model.mean("parameters"))]))
    columns = [*NAMES, Column("Squared error", COMMON), Column("Cross-entropy (BCE)", COMMON)]
    columns += [Column("Total", OWN), Column("Reconstruction", OWN)]
    if variational:
        columns += [Column(heading, "Latent") for heading in ("KL, nats", "Active units", "Spread of draws")]
    columns.append(Column("Parameters"))
    return Table(f"All models on one scale, {task.name}", columns, rows, _files(task))


def source_table(task: Task, dataset: str) -> tuple[Table | None, str]:
    """Return the source's statistic of each model, over the visible pixels and inside the hole; None without a hole.

    The poster's figures stand beside those of this run if data and hole are the poster's. The text says where they come
    from and how near this run comes.
    """
    poster = published_figures.poster(dataset, task.settings["corruption"])
    rows, ratios = [], []
    for model in models(task):
        ours, hidden = model.mean("prior_draw_visible"), model.mean("prior_draw_hidden")
        if math.isnan(ours) or math.isnan(hidden):
            continue
        cells = [*model.names(task), model.cell("prior_draw_visible")]
        if poster:
            theirs = poster["losses"].get(model.variant, {}).get(model.loss)
            ratios += [ours / theirs] if theirs else []
            cells += [Cell.of_number(theirs), Cell.of_number(ratios[-1] if theirs else None, "ssim")]
        rows.append(Row([*cells, model.cell("prior_draw_hidden")]))
    if not rows:
        return None, ""
    headings = ["This run", "Published", "Ratio"] if poster else ["This run"]
    columns = [*NAMES, *(Column(heading, VISIBLE) for heading in headings), Column("This run", "Inside the hole")]
    finding = poster.get("origin", "")
    if ratios:
        finding += f" The figures of this run are {number(min(ratios))} to {number(max(ratios))} times those."
    return Table(f"The source's own statistic, {task.name}", columns, rows, _files(task)), finding


def trainings_table(trainings: Sequence[str]) -> Table:
    """Return each model's training: run and identity in MLflow, parameters, the last epoch's mean loss, and file."""
    rows = []
    for path in trainings:
        trained = models_table.read_training(path)
        parameters, objective = trained["parameters"], trained["train"]["objective"]
        figures = [Cell(f"{parameters:,}", parameters), Cell.of_number(objective)]
        rows.append(
            Row([Cell.of_text(trained["run"]), Cell.of_text(trained["identity"]), *figures, Cell.of_text(path)])
        )
    columns = [Column("MLflow run", text=True), Column("Identity", text=True)]
    columns += [Column("Parameters"), Column("Training loss, last epoch"), Column("File", text=True)]
    return Table("Every trained model", columns, rows, patterns(trainings))


def published(estimates: Sequence[Estimate], dataset: str, corruption: Mapping[str, Any]) -> Published:
    """Return the published figures of each quantity and target, in the order of the estimates."""
    keys = dict.fromkeys((estimate.quantity, estimate.target) for estimate in estimates)
    return {key: published_figures.likelihoods(dataset, corruption, *key) for key in keys}


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
            first = Cell.of_text(other.model, "published", f"{other.convention}; {other.source}")
            names = [first, Cell.of_text(QUANTITIES[quantity]), Cell.of_text(target), Cell.of_text(other.estimator)]
            # Like for like: a published negative ELBO is no estimate of the likelihood itself.
            estimate, elbo = (None, other.nats) if other.is_elbo else (other.nats, None)
            cells = [_images(other.images), *(Cell.of_number(None) for _ in counts[:-1]), Cell.of_number(estimate)]
            cells += [*_floor(estimate, here[0].floor), Cell.of_number(elbo), Cell.of_number(None)]
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
        Cell.of_text(estimate.label, ", ".join(filter(None, small))),
        Cell.of_text(QUANTITIES[estimate.quantity]),
        Cell.of_text(estimate.target),
        Cell.of_text("exact" if most is None else f"{most:,}\N{NO-BREAK SPACE}samples"),
        _images(estimate.images),
        *(Cell.of_number(by_count.get(count)) for count in counts[:-1]),
        Cell.of_number(nats, small=f"± {number(NORMAL * estimate.error)}"),
        *_floor(nats, estimate.floor),
        Cell.of_number(estimate.elbo),
        Cell.of_number(estimate.effective, "effective"),
    ]


def _images(count: int | None) -> Cell:
    """Return the number of test images of a mean; an empty cell if the source does not tell."""
    return Cell.of_number(None) if count is None else Cell(f"{count:,}", count)


def _floor(nats: float | None, floor: float) -> list[Cell]:
    """Return the entropy floor and the estimate's distance from it; binarised targets have no floor."""
    if not floor:
        return [Cell.of_number(None), Cell.of_number(None)]
    return [Cell.of_number(floor), Cell.of_number(None if nats is None else nats - floor)]


def _files(task: Task) -> list[str]:
    return [task.files.table, *patterns(task.files.metrics.values())]
