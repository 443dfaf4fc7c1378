"""A task's models whatever the inference: all losses on one scale, the latent's health, and the source's own table."""

import math
from collections.abc import Iterator

import pandas as pd

from restoration.report.cells import Cell, Column, Row, Table, count, figure, number, words
from restoration.report.poster import WHENCE, published
from restoration.report.results import Task

NAMES = [Column("Model", text=True), Column("Loss", text=True)]
OWN = "Own loss on test images"


def each(task: Task) -> Iterator[tuple[str, str, pd.Series]]:
    """Variant, loss and the means over seeds of what does not depend on the inference; in the configuration's order."""
    here = task.seeds.loc[[task.name]]
    means = here.xs("mean", axis=1, level=1)
    for (variant, loss), rows in means.groupby(level=["variant", "loss"], sort=False):
        if variant:
            yield variant, loss, rows.iloc[0]


def scale_table(task: Task) -> Table:
    """Each model's own restorations under both measures, its own loss, and what its latent says."""
    rows, variational = [], not task.seeds.loc[[task.name]][("latent_kl", "mean")].isna().all()
    for variant, loss, means in each(task):
        cells = [words(variant), words(loss.upper()), figure(means["common_mse"]), figure(means["common_bce"])]
        cells += [figure(means[f"test_{name}"]) for name in ("objective", "reconstruction")]
        if variational:
            cells += [figure(means["latent_kl"], "ssim"), active(means), figure(means["latent_diversity"], "ssim")]
        rows.append(Row([*cells, count(means["parameters"])]))
    common = "Encoded and decoded, summed over the image"
    columns = [*NAMES, Column("Squared error", common), Column("Cross-entropy (BCE)", common)]
    columns += [Column("Total", OWN), Column("Reconstruction", OWN)]
    if variational:
        columns += [Column(heading, "Latent") for heading in ("KL, nats", "Active units", "Spread of draws")]
    columns.append(Column("Parameters"))
    return Table(f"All models on one scale, {task.name}", columns, rows, [task.files["table"], *task.files_of_models])


def active(means: pd.Series) -> Cell:
    """'3 of 20', and whether the posterior has collapsed."""
    if math.isnan(means["latent_units"]):
        return figure(None)
    collapsed = means["latent_collapsed"]
    told = "" if not collapsed else "collapsed" if collapsed == 1 else "collapsed in some seeds"
    return Cell(
        f"{means['latent_active_units']:.3g} of {means['latent_units']:.0f}", means["latent_active_units"], told
    )


def source_table(task: Task, dataset: str) -> Table | None:
    """The source's statistic for each model of a task that has a hole: over the visible pixels, as it was published,
    beside the published figure where the setting is the same, and inside the hole. None where there is none.
    """
    known = published(dataset, task.settings["corruption"])
    rows = []
    for variant, loss, means in each(task):
        ours, hidden = means["prior_draw_visible"], means["prior_draw_hidden"]
        if math.isnan(ours) or math.isnan(hidden):
            continue
        cells = [words(variant), words(loss.upper()), figure(ours)]
        if known:
            theirs = known.get((variant, loss))
            ratio = None if theirs is None else ours / theirs
            cells += [figure(theirs), figure(ratio, "ssim")]
        rows.append(Row([*cells, figure(hidden)]))
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
