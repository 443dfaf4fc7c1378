"""A task's tables of every model by every inference, and of the baselines, from the files of `compare`."""

from typing import Any

from restoration.comparison.interval_table import lookup
from restoration.config.model_names import in_words
from restoration.report.table_cells import HEADINGS, MISSING, Cell, Column, Row, Table, interval, number
from restoration.report.task_results import REGIONS, Restorer, Task, collapse, restorer

NAMES = [Column("Model", text=True), Column("Loss", text=True), Column("Inference", text=True)]
CALIBRATED = "_calibrated"  # suffix of a baseline that is measured with a curve
UNCOUNTED = Cell("not counted", MISSING)


def main_table(task: Task) -> Table:
    """Return the main table, best first: error, difference from the best, measures of the whole image, and cost."""
    measured, first = lookup(task.intervals), task.regions[0]
    differences = lookup(task.differences[task.differences["against"] == "best"])
    whole = ("pasted", "whole") if ("pasted", "whole") in task.regions else ("raw", "whole")
    of_whole = [name for name in ("psnr", "ssim", "accuracy") if (task.intervals["measure"] == name).any()]
    judged, seen = (REGIONS[region] if first != whole else "Whole image" for region in (first, whole))
    columns = [
        *NAMES,
        Column(HEADINGS["mse"], judged),
        Column("Difference from the best", judged),
        *(Column(HEADINGS[name], seen) for name in of_whole),
        Column("Multiply-adds", "Cost of an image"),
    ]
    rows = []
    for name, (cells, kind) in _names(task).items():
        error = (*name, *first, "mse")
        figures = [Cell.of_mean(measured.get(error)), _difference(differences.get(error))]
        for measure in of_whole:
            shown = Cell.of_mean(measured.get((*name, *whole, measure)), measure)
            figures.append(shown._replace(small="", hint=f"{shown.text} {shown.small}".strip()))
        cost = Cell.of_count(_mean(task, name, "multiply_adds")) if name[0] else UNCOUNTED
        rows.append(Row([*cells, *figures, cost], kind))
    files = [task.files.intervals, task.files.differences, task.files.table, task.files.baselines]
    return Table(f"Figures of every model, {task.name}", columns, rows, files)


def region_tables(task: Task) -> list[tuple[str, Table]]:
    """Return heading and table of each output and region, with all measures and their intervals."""
    measured, tables = lookup(task.intervals), []
    for region in task.regions:
        here = task.intervals[(task.intervals["output"] == region[0]) & (task.intervals["region"] == region[1])]
        measures = [name for name in HEADINGS if (here["measure"] == name).any()]
        rows = [
            Row(
                [*cells, *(Cell.of_mean(measured.get((*name, *region, measure)), measure) for measure in measures)],
                kind,
            )
            for name, (cells, kind) in _names(task).items()
        ]
        columns = [*NAMES, *(Column(HEADINGS[measure]) for measure in measures)]
        heading = REGIONS[region] if len(task.regions) > 1 else "Whole image"
        tables.append((heading, Table(f"{heading}, {task.name}", columns, rows, [task.files.intervals])))
    return tables


def tuned(task: Task, method: str) -> str:
    """Write a baseline's parameters. A value at an end of the values tried is marked: a better one may lie beyond."""
    tried, parts = task.grids.get(method.removesuffix(CALIBRATED), {}), []
    for key, value in task.parameters.get(method, {}).items():
        values = tried.get(key, ())
        end = ""
        if len(values) > 1 and value in (min(values), max(values)):
            end = f" (the {'smallest' if value == min(values) else 'largest'} tried)"
        parts.append(f"{in_words(key)} {value}{end}")
    return ", ".join(parts)


def _names(task: Task) -> dict[Restorer, tuple[list[Cell], str]]:
    """Return the first three cells of each restorer's row, and the row's kind, best first."""
    best, found = restorer(task.best()), {}
    for row in task.ranked():
        name = restorer(row)
        if not row.variant:
            cells = [Cell.of_text(in_words(row.method)), Cell.of_text(""), Cell.of_text("", tuned(task, row.method))]
            found[name] = (cells, "baseline")
            continue
        collapsed = collapse(_mean(task, name, "latent_collapsed"))
        small = ", ".join(filter(None, [task.unusual_seeds(row.seeds), collapsed]))
        hint = "Its posterior has collapsed: the latent says next to nothing of the image." if collapsed else ""
        model = Cell(row.variant + row.mark, row.variant, small, hint)
        cells = [model, Cell.of_text(row.loss.upper()), Cell.of_text(in_words(row.method))]
        found[name] = (cells, "best" if name == best else "")
    return found


def _difference(row: Any) -> Cell:
    """Return the difference of the error from the best one, with its interval; an empty cell for None."""
    if row is None:
        return Cell.of_number(None)
    if not row.better:
        return Cell("the best", 0.0)
    hint = "" if row.better != "undecided" else "The interval holds 0: not told apart."
    low_to_high = interval(row.low, row.high, "mse", signed=True)
    return Cell(number(row.difference, "mse", signed=True), row.difference, low_to_high, hint)


def _mean(task: Task, name: Restorer, figure: str) -> float:
    """Return the mean of a figure over the seeds of a restorer; NaN if it is not measured."""
    try:
        return float(task.over_seeds.loc[(task.name, *name, *task.regions[0]), (figure, "mean")])
    except KeyError:
        return MISSING
