"""A task's tables: every model and baseline by every inference, as `compare` found them."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from restoration.comparison.interval_table import lookup, ranking_rows
from restoration.config import true_label
from restoration.config.model_names import GIVEN_LABEL, model_name
from restoration.evaluation import judging
from restoration.report.table_cells import (
    HEADINGS,
    MISSING,
    Cell,
    Column,
    Row,
    Table,
    count,
    interval,
    number,
    seeds,
    words,
)

NAMES = [Column("Model", text=True), Column("Loss", text=True), Column("Inference", text=True)]
REGIONS = {
    ("raw", "hole"): "Inside the hole",
    ("pasted", "whole"): "Whole image, visible pixels put back",
    ("raw", "whole"): "Whole image, raw output",
    ("pasted", "hole"): "Inside the hole, visible pixels put back around it",
}
CALIBRATED = "_calibrated"  # behind the name of a baseline that is measured with a curve
UNCOUNTED = Cell("not counted", MISSING)
ROW = tuple[str, str, str]


class Task(NamedTuple):
    """What is known of a task: its part of the configuration, how many seeds there are if nothing says otherwise, the
    tables of `interval_tables`, `models_table.over_seeds` of all tasks, the baselines' parameters, the files that these
    come from (intervals, differences, table, baselines, and the models' metrics), and which values of the parameters
    are tried for each baseline.
    """

    name: str
    settings: Mapping[str, Any]
    usual_seeds: int
    intervals: pd.DataFrame
    differences: pd.DataFrame
    seeds: pd.DataFrame
    parameters: Mapping[str, Mapping[str, Any]]
    files: Mapping[str, str]
    files_of_models: Sequence[str]
    grids: Mapping[str, Mapping[str, Sequence[float]]] = MappingProxyType({})

    @property
    def regions(self) -> list[tuple[str, str]]:
        """(output, region) that are measured; the first is what the task is judged by."""
        found = set(zip(self.intervals["output"], self.intervals["region"], strict=True))
        return [key for key in REGIONS if key in found]

    @property
    def place(self) -> str:
        return judging.REGIONS[self.regions[0][1]]

    def ranked(self) -> pd.DataFrame:
        """The intervals that the task is judged by, best first."""
        return ranking_rows(self.intervals).sort_values("mean", kind="stable")

    @property
    def labelled(self) -> list[str]:
        """The variants that are given the true label."""
        return true_label.labelled(self.settings["variants"])

    def given_label(self, name: ROW) -> bool:
        """Whether a way to restore is given the true label at test time."""
        variant, _, method = name
        return true_label.given_label(variant, method, self.labelled)

    def all_by(self, method: str) -> bool:
        """Whether every model restores by that inference: some are not for all."""
        models = self.intervals[self.intervals["variant"] != ""].groupby(["variant", "loss"], observed=True)["method"]
        return bool(models.agg(lambda methods: method in set(methods)).all())

    def best(self) -> Any:
        """The row of `ranked` of the best model that is not given the true label; of the best one where all are."""
        ways = [row for row in self.ranked().itertuples(index=False) if row.variant]
        return next((row for row in ways if not self.given_label(name_of(row))), ways[0])

    def model_name(self, row: Any) -> str:
        """'cvae_label†, BCE': the mark says that its way to restore is given the true label."""
        return model_name(row.variant + (GIVEN_LABEL if self.given_label(name_of(row)) else ""), row.loss)


def names(task: Task, ranked: pd.DataFrame) -> dict[ROW, tuple[list[Cell], str]]:
    """The first three cells of each row, and its kind."""
    best = name_of(task.best())
    found = {}
    for row in ranked.itertuples():
        name = name_of(row)
        if not row.variant:
            cells = [words(row.method.replace("_", " ")), words(""), words("", tuned(task, row.method))]
            found[name] = (cells, "baseline")
            continue
        few = seeds(row.seeds) if row.seeds != task.usual_seeds else ""
        mark = GIVEN_LABEL if task.given_label(name) else ""
        collapsed = _mean(task.seeds, (task.name, *name, *task.regions[0]), "latent_collapsed")
        told = [few] if few else []
        if collapsed > 0:
            told.append("collapsed" if collapsed == 1 else "collapsed in some seeds")
        hint = "Its posterior has collapsed: the latent says next to nothing of the image." if collapsed > 0 else ""
        cells = [
            Cell(row.variant + mark, row.variant, ", ".join(told), hint),
            words(row.loss.upper()),
            words(row.method.replace("_", " ")),
        ]
        found[name] = (cells, "best" if name == best else "")
    return found


def tuned(task: Task, method: str) -> str:
    """A baseline's parameters; of each that is at an end of those that were tried, that it is: beyond it may lie a
    better one.
    """
    tried, told = task.grids.get(method.removesuffix(CALIBRATED), {}), []
    for key, value in task.parameters.get(method, {}).items():
        values = tried.get(key, ())
        end = ""
        if len(values) > 1 and value in (min(values), max(values)):
            end = f" (the {'smallest' if value == min(values) else 'largest'} tried)"
        told.append(f"{key.replace('_', ' ')} {value}{end}")
    return ", ".join(told)


def main_table(task: Task) -> Table:
    """Best first: the error with its interval, the difference from the best, and how the whole image looks, with what
    it costs.
    """
    ranked, measured = task.ranked(), lookup(task.intervals)
    first = task.regions[0]
    whole = ("pasted", "whole") if ("pasted", "whole") in task.regions else ("raw", "whole")
    of_whole = [name for name in ("psnr", "ssim", "accuracy") if (task.intervals["measure"] == name).any()]
    columns = [
        *NAMES,
        Column(HEADINGS["mse"], REGIONS[first] if first != whole else "Whole image"),
        Column("Difference from the best", REGIONS[first] if first != whole else "Whole image"),
        *(Column(HEADINGS[name], REGIONS[whole] if first != whole else "Whole image") for name in of_whole),
        Column("Multiply-adds", "Cost of an image"),
    ]
    rows = []
    for name, (cells, kind) in names(task, ranked).items():
        figures = [spread(measured.get((*name, *first, "mse"))), difference(task, name)]
        for measure in of_whole:
            at = measured.get((*name, *whole, measure))
            shown = spread(at, measure)
            figures.append(shown._replace(small="", hint=f"{shown.text} {shown.small}".strip()))
        cost = count(_mean(task.seeds, (task.name, *name, *first), "multiply_adds"))
        rows.append(Row([*cells, *figures, cost if name[0] else UNCOUNTED], kind))
    files = [task.files[key] for key in ("intervals", "differences", "table", "baselines")]
    return Table(f"Figures of every model, {task.name}", columns, rows, files)


def region_tables(task: Task) -> list[tuple[str, Table]]:
    """Heading and table of each output and region, with all measures and their intervals."""
    ranked, measured = task.ranked(), lookup(task.intervals)
    tables = []
    for region in task.regions:
        here = task.intervals[(task.intervals["output"] == region[0]) & (task.intervals["region"] == region[1])]
        measures = [name for name in HEADINGS if (here["measure"] == name).any()]
        rows = [
            Row([*cells, *(spread(measured.get((*name, *region, measure)), measure) for measure in measures)], kind)
            for name, (cells, kind) in names(task, ranked).items()
        ]
        columns = [*NAMES, *(Column(HEADINGS[measure]) for measure in measures)]
        heading = REGIONS[region] if len(task.regions) > 1 else "Whole image"
        tables.append((heading, Table(f"{heading}, {task.name}", columns, rows, [task.files["intervals"]])))
    return tables


def spread(row: Any, measure: str = "mse") -> Cell:
    """A mean and its interval; an empty cell where there is none."""
    if row is None:
        return Cell("", MISSING)
    return Cell(number(row.mean, measure), row.mean, interval(row.low, row.high, measure))


def difference(task: Task, name: ROW) -> Cell:
    """How much larger the error is than the best one, with its interval."""
    table = task.differences
    here = table[(table[["variant", "loss", "method"]] == list(name)).all(axis=1)]
    here = here[(here["against"] == "best") & (here["measure"] == "mse")]
    if here.empty:
        return Cell("", MISSING)
    row = here.iloc[0]
    if not row["better"]:
        return Cell("the best", 0.0)
    hint = "" if row["better"] != "undecided" else "The interval holds 0: not told apart."
    low_to_high = interval(row["low"], row["high"], "mse", signed=True)
    return Cell(number(row["difference"], "mse", signed=True), row["difference"], low_to_high, hint)


def label_mark(tables: Sequence[Table]) -> bool:
    """Whether a row of the tables is marked as given the true label."""
    return any(row.cells[0].text.endswith(GIVEN_LABEL) for table in tables for row in table.rows)


def name_of(row: Any) -> ROW:
    return row.variant, row.loss, row.method


def _mean(seeds: pd.DataFrame, key: tuple[str, ...], name: str) -> float:
    """A figure's mean over the seeds; NaN where it is not measured."""
    try:
        return float(seeds.loc[key, (name, "mean")])
    except KeyError:
        return MISSING
