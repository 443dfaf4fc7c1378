"""A task's tables of models, whatever the inference: losses on one scale, the source's own statistic, trainings."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pandas as pd
from scipy.special import stdtrit

from restoration.comparison import models_table
from restoration.config.model_names import GIVEN_LABEL
from restoration.report.table_cells import (
    Cell,
    Column,
    Row,
    Table,
    count_cell,
    number,
    number_cell,
    patterns,
    text_cell,
)
from restoration.report.task_results import Task, collapse

NAMES = [Column("Model", text=True), Column("Loss", text=True)]
OWN, COMMON = "Own loss on test images", "Encoded and decoded, summed over the image"
VISIBLE = "Visible pixels"
# Average test losses on the poster of 2017 that the inpainting part of the source follows, for MNIST with this hole.
# The poster does not name the statistic. Trying showed which fits: the loss of one draw of the prior over the visible
# pixels (`diagnostics.prior_draw`).
POSTER = "Published: the average test losses on the poster of 2017 that the inpainting part of the source follows."
POSTER_HOLE = {"name": "stroke_hole", "size": 6}
POSTER_LOSSES = {
    ("vae", "bce"): 389.39,
    ("vae_incomplete", "bce"): 339.48,
    ("cvae_label", "bce"): 250.29,
    ("cvae_incomplete", "bce"): 50.34,
    ("vae", "mse"): 67.36,
    ("vae_incomplete", "mse"): 65.12,
    ("cvae_label", "mse"): 49.32,
    ("cvae_incomplete", "mse"): 2.93,
}


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
        return number_cell(self.mean(name), measure, "" if math.isnan(half) else f"± {number(half, measure)}")

    def active_units(self) -> Cell:
        """Return '3.3 of 20' with half the interval, and whether the posterior has collapsed."""
        units, collapsed, mean = (self.mean(f"latent_{name}") for name in ("units", "collapsed", "active_units"))
        if math.isnan(units):
            return number_cell(None)
        half = self.half_interval("latent_active_units")
        small = ["" if math.isnan(half) else f"± {half:.2g}", collapse(collapsed)]
        return Cell(f"{mean:.3g} of {units:.0f}", mean, ", ".join(filter(None, small)))

    def names(self, task: Task) -> list[Cell]:
        """Return the cells of variant and loss, with the mark of the true label and an unusual number of seeds."""
        mark = GIVEN_LABEL if self.variant in task.labelled else ""
        few = task.unusual_seeds(int(self.figures["parameters", "count"]))
        return [Cell(self.variant + mark, self.variant, few), text_cell(self.loss.upper())]


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
        rows.append(Row([*model.names(task), *cells, count_cell(model.mean("parameters"))]))
    columns = [*NAMES, Column("Squared error", COMMON), Column("Cross-entropy (BCE)", COMMON)]
    columns += [Column("Total", OWN), Column("Reconstruction", OWN)]
    if variational:
        columns += [Column(heading, "Latent") for heading in ("KL, nats", "Active units", "Spread of draws")]
    columns.append(Column("Parameters"))
    return Table(f"All models on one scale, {task.name}", columns, rows, _files(task))


def source_table(task: Task, dataset: str) -> Table | None:
    """Return the source's statistic of each model, over the visible pixels and inside the hole; None without a hole.

    The poster's figures stand beside those of this run if data and hole are the poster's.
    """
    known = POSTER_LOSSES if dataset == "mnist" and dict(task.settings["corruption"]) == POSTER_HOLE else {}
    rows = []
    for model in models(task):
        ours, hidden = model.mean("prior_draw_visible"), model.mean("prior_draw_hidden")
        if math.isnan(ours) or math.isnan(hidden):
            continue
        cells = [*model.names(task), model.cell("prior_draw_visible")]
        if known:
            theirs = known.get((model.variant, model.loss))
            cells += [number_cell(theirs), number_cell(None if theirs is None else ours / theirs, "ssim")]
        rows.append(Row([*cells, model.cell("prior_draw_hidden")]))
    if not rows:
        return None
    headings = ["This run", "Published", "Ratio"] if known else ["This run"]
    columns = [*NAMES, *(Column(heading, VISIBLE) for heading in headings), Column("This run", "Inside the hole")]
    return Table(f"The source's own statistic, {task.name}", columns, rows, _files(task))


def ratios(table: Table | None) -> str:
    """Write the origin of the published figures, and how near this run comes; an empty text where none are."""
    headings = [column.heading for column in table.columns] if table else []
    if table is None or "Ratio" not in headings:
        return ""
    at = headings.index("Ratio")
    found = [float(row.cells[at].value) for row in table.rows if row.cells[at].text]
    if not found:
        return POSTER
    return f"{POSTER} The figures of this run are {number(min(found))} to {number(max(found))} times those."


def trainings_table(trainings: Sequence[str]) -> Table:
    """Return each model's training: run and identity in MLflow, parameters, the last epoch's mean loss, and file."""
    rows = []
    for path in trainings:
        trained = models_table.read_training(path)
        parameters, objective = trained["parameters"], trained["train"]["objective"]
        figures = [Cell(f"{parameters:,}", parameters), number_cell(objective)]
        rows.append(Row([text_cell(trained["run"]), text_cell(trained["identity"]), *figures, text_cell(path)]))
    columns = [Column("MLflow run", text=True), Column("Identity", text=True)]
    columns += [Column("Parameters"), Column("Training loss, last epoch"), Column("File", text=True)]
    return Table("Every trained model", columns, rows, patterns(trainings))


def _files(task: Task) -> list[str]:
    return [task.files.table, *patterns(task.files.metrics.values())]
