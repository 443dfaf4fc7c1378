"""The results of a task, read from files: what the tables, sentences and figures of its part of the page share."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from restoration.comparison import differences, interval_table, models_table
from restoration.config import true_label
from restoration.config.model_names import GIVEN_LABEL
from restoration.evaluation import judging
from restoration.report.table_cells import seed_count

REGIONS = {
    ("raw", "hole"): "Inside the hole",
    ("pasted", "whole"): "Whole image, visible pixels put back",
    ("raw", "whole"): "Whole image, raw output",
    ("pasted", "hole"): "Inside the hole, visible pixels put back around it",
}
NONE: Mapping[Any, Any] = MappingProxyType({})
Restorer = tuple[str, str, str]  # variant, loss and inference; a baseline has its name as inference, and no more


class TaskFiles(NamedTuple):
    """The files behind a task's part of the page. Models are (variant, loss, seed); figures have a key, like 'loss'."""

    table: str
    intervals: str = ""
    differences: str = ""
    baselines: str = ""
    champion: str = ""
    metrics: Mapping[tuple[str, str, int], str] = NONE
    trainings: Mapping[tuple[str, str, int], str] = NONE
    likelihoods: Mapping[tuple[str, str, int], str] = NONE
    figures: Mapping[str, str] = NONE
    values: Mapping[str, str] = NONE
    sheets: Mapping[str, str] = NONE


class Task(NamedTuple):
    """The results of a task.

    settings: its part of the configuration; usual_seeds: the number of seeds of most models; over_seeds: of all tasks,
    from `models_table.over_seeds`; parameters: of each baseline; grids: the values tried for a baseline's parameters.
    """

    name: str
    settings: Mapping[str, Any]
    usual_seeds: int
    over_seeds: pd.DataFrame
    files: TaskFiles
    intervals: pd.DataFrame = pd.DataFrame()
    differences: pd.DataFrame = pd.DataFrame()
    parameters: Mapping[str, Mapping[str, Any]] = NONE
    grids: Mapping[str, Mapping[str, Sequence[float]]] = NONE

    @property
    def regions(self) -> list[tuple[str, str]]:
        """The measured pairs of output and region; the task is judged by the first."""
        found = set(zip(self.intervals["output"], self.intervals["region"], strict=True))
        return [key for key in REGIONS if key in found]

    @property
    def in_hole(self) -> bool:
        """Whether the task is judged inside a hole."""
        return self.regions[0][1] == "hole"

    @property
    def place(self) -> str:
        """The judged region in words."""
        return judging.REGIONS[self.regions[0][1]]

    @property
    def labelled(self) -> list[str]:
        """The variants that are given the true label."""
        return [name for name, variant in self.settings["variants"].items() if variant["condition"] == "label"]

    def ranked(self) -> list[Any]:
        """Return the rows of the judged intervals, best first. `mark`: †, if the restorer is given the true label."""
        rows = interval_table.ranking_rows(self.intervals).sort_values("mean", kind="stable")
        ways = zip(rows["variant"], rows["method"], strict=True)
        given = [true_label.given_label(*way, self.labelled) for way in ways]
        return list(rows.assign(mark=[GIVEN_LABEL * is_given for is_given in given]).itertuples(index=False))

    def best(self) -> Any:
        """Return the row of the best model that is not given the true label; of the best model if all are."""
        models = [row for row in self.ranked() if row.variant]
        return next((row for row in models if not row.mark), models[0])

    def unusual_seeds(self, count: int) -> str:
        """Write a number of seeds if the page has to name it; else return an empty text."""
        return seed_count(count) if count != self.usual_seeds else ""

    def all_by(self, method: str) -> bool:
        """Return whether every model restores by this inference."""
        models = self.intervals[self.intervals["variant"] != ""].groupby(["variant", "loss"], observed=True)["method"]
        return bool(models.agg(lambda methods: method in set(methods)).all())


def restorer(row: Any) -> Restorer:
    """Return the restorer of a row."""
    return row.variant, row.loss, row.method


def collapse(share: float) -> str:
    """Say in how many seeds the posterior has collapsed, from their share; an empty text for 0 and NaN."""
    return "collapsed" if share == 1 else "collapsed in some seeds" if share > 0 else ""


def read(
    name: str,
    experiment: Mapping[str, Any],
    over_seeds: pd.DataFrame,
    files: TaskFiles,
    grids: Mapping[str, Mapping[str, Sequence[float]]],
) -> Task:
    """Read the results of a task of the experiment. Raises DamagedFile."""
    return Task(
        name,
        experiment["tasks"][name],
        len(experiment["seeds"]),
        over_seeds,
        files,
        interval_table.read_intervals(files.intervals),
        differences.read_differences(files.differences),
        models_table.read_parameters(files.baselines),
        grids,
    )
