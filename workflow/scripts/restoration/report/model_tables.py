"""A task's models whatever the inference: all losses on one scale, the latent's health, and the source's own table."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
from scipy.special import stdtrit

from restoration.config.model_names import GIVEN_LABEL
from restoration.report.poster_losses import WHENCE, published
from restoration.report.restoration_tables import Task
from restoration.report.table_cells import Cell, Column, Row, Table, count, figure, number, seeds, words

NAMES = [Column("Model", text=True), Column("Loss", text=True)]
OWN = "Own loss on test images"


class Model(NamedTuple):
    """A variant under a loss; figures: of what does not depend on the inference, (measure, mean/std/count) over its
    seeds.
    """

    variant: str
    loss: str
    figures: pd.Series

    def mean(self, name: str) -> float:
        return float(self.figures[name, "mean"])

    def half_interval(self, name: str) -> float:
        """Half of the 95 % interval of the mean over seeds, by Student's t; NaN for a single seed."""
        spread, count = (float(self.figures[name, part]) for part in ("std", "count"))
        return float(stdtrit(count - 1, 0.975)) * spread / math.sqrt(count) if count > 1 else math.nan

    def cell(self, name: str, measure: str = "") -> Cell:
        """A mean with half its interval; an empty cell where it is not measured."""
        return figure(self.mean(name), measure)._replace(small=plus_minus(self.half_interval(name), measure))

    def names(self, task: Task) -> list[Cell]:
        """Variant, marked where it is given the true label, with its number of seeds where that is not the usual one;
        and loss.
        """
        count = int(self.figures["parameters", "count"])
        few = seeds(count) if count != task.usual_seeds else ""
        mark = GIVEN_LABEL if task.given_label((self.variant, self.loss, "")) else ""
        return [Cell(self.variant + mark, self.variant, few), words(self.loss.upper())]


def plus_minus(half: float, measure: str = "") -> str:
    """'± 0.35'; nothing for NaN."""
    return "" if math.isnan(half) else f"± {number(half, measure)}"


def each(task: Task) -> Iterator[Model]:
    """The task's models in the configuration's order."""
    for (variant, loss), rows in task.seeds.loc[[task.name]].groupby(level=["variant", "loss"], sort=False):
        if variant:
            yield Model(variant, loss, rows.iloc[0])


def scale_table(task: Task) -> Table:
    """Each model's own restorations under both measures, its own loss, and what its latent says."""
    rows, variational = [], not task.seeds.loc[[task.name]][("latent_kl", "mean")].isna().all()
    for model in each(task):
        cells = [model.cell(name) for name in ("common_mse", "common_bce", "test_objective", "test_reconstruction")]
        if variational:
            cells += [model.cell("latent_kl", "ssim"), active(model), model.cell("latent_diversity", "ssim")]
        rows.append(Row([*model.names(task), *cells, count(model.mean("parameters"))]))
    common = "Encoded and decoded, summed over the image"
    columns = [*NAMES, Column("Squared error", common), Column("Cross-entropy (BCE)", common)]
    columns += [Column("Total", OWN), Column("Reconstruction", OWN)]
    if variational:
        columns += [Column(heading, "Latent") for heading in ("KL, nats", "Active units", "Spread of draws")]
    columns.append(Column("Parameters"))
    return Table(f"All models on one scale, {task.name}", columns, rows, [task.files["table"], *task.files_of_models])


def active(model: Model) -> Cell:
    """'3.3 of 20', half its interval, and whether the posterior has collapsed."""
    units, collapsed, mean = (model.mean(f"latent_{name}") for name in ("units", "collapsed", "active_units"))
    if math.isnan(units):
        return figure(None)
    half = model.half_interval("latent_active_units")
    told = [] if math.isnan(half) else [f"± {half:.2g}"]
    told += ["collapsed" if collapsed == 1 else "collapsed in some seeds"] if collapsed else []
    return Cell(f"{mean:.3g} of {units:.0f}", mean, ", ".join(told))


def source_table(task: Task, dataset: str) -> Table | None:
    """The source's statistic for each model of a task that has a hole: over the visible pixels, as it was published,
    beside the published figure where the setting is the same, and inside the hole. None where there is none.
    """
    known = published(dataset, task.settings["corruption"])
    rows = []
    for model in each(task):
        ours, hidden = model.mean("prior_draw_visible"), model.mean("prior_draw_hidden")
        if math.isnan(ours) or math.isnan(hidden):
            continue
        cells = [*model.names(task), model.cell("prior_draw_visible")]
        if known:
            theirs = known.get((model.variant, model.loss))
            ratio = None if theirs is None else ours / theirs
            cells += [figure(theirs), figure(ratio, "ssim")]
        rows.append(Row([*cells, model.cell("prior_draw_hidden")]))
    if not rows:
        return None
    visible = "Visible pixels"
    columns = [*NAMES, Column("This run", visible)]
    if known:
        columns += [Column("Published", visible), Column("Ratio", visible)]
    columns.append(Column("This run", "Inside the hole"))
    return Table(
        f"The source's own statistic, {task.name}", columns, rows, [task.files["table"], *task.files_of_models]
    )


def ratios(table: Table | None) -> str:
    """Where the published figures are from, and how near this run is to them; nothing where there are none."""
    headings = [column.heading for column in table.columns] if table else []
    if table is None or "Ratio" not in headings:
        return ""
    at = headings.index("Ratio")
    found = [float(row.cells[at].value) for row in table.rows if row.cells[at].text]
    if not found:
        return WHENCE
    return f"{WHENCE} The figures of this run are {number(min(found))} to {number(max(found))} times those."
