"""Make the section `What it found` of README.md from the results of finished runs: `make findings`.

    make findings                                               # of results/mnist
    make findings RESULTS="results/mnist results/kmnist"        # of several data sets, one after another

Figures and sentences are read from the results, and written as the report writes them.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

import marked

from restoration.comparison import bootstrap, champion_choice, models_table
from restoration.comparison.claim_inputs import Evidence, Source
from restoration.comparison.interval_table import lookup
from restoration.config import configuration
from restoration.config.model_names import in_words, way_name
from restoration.core import artifacts, registry
from restoration.core.errors import UserError
from restoration.evaluation.judging import HIGHER_IS_BETTER, REGIONS, UNITS
from restoration.report import claim_verdicts, model_tables
from restoration.report.ro_crate import RECORD
from restoration.report.table_cells import Cell, interval, number, seed_count
from restoration.report.task_results import Task, TaskFiles, restorer
from restoration.report.task_sentences import NOTHING, of_corruption

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BEGIN = "<!-- findings: made by `make findings` -->"
END = "<!-- end of findings -->"
COLUMNS = ["Task and unit", "Champion", "Best baseline", "Gain over it", "Left as it is"]


class Run(NamedTuple):
    """A finished run. settings: its experiment, with dataset, seeds and tasks; code: its commit, in words."""

    settings: Mapping[str, Any]
    command: str
    code: str


def read_run(folder: Path) -> Run:
    """Read the record of a run. Raises UserError if no run has ended in the folder, DamagedFile."""
    if not (folder / RECORD).is_file():
        raise UserError(f"{folder}: there is no {RECORD}, which a run writes at its end; run snakemake first")
    graph = artifacts.read_json(folder / RECORD, "@graph")["@graph"]
    with artifacts.reading(folder / RECORD):
        entities = {entity["@id"]: entity for entity in graph}
        commit = str(entities[entities["./"]["mainEntity"]["@id"]]["version"])
        changed = entities["#uncommitted"]["value"] not in ("none", "unknown")
        command = str(entities["#execution"]["description"])
    path = folder / "workflow" / "configuration.yaml"
    with artifacts.reading(path):
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        len(settings["seeds"]), settings["dataset"]["name"], configuration.models(settings)
    return Run(settings, command, f"commit {commit[:10]}{' with changes' if changed else ''}")


class Outcome(NamedTuple):
    """The results of a task. corruption: of its configuration; table and replicates: from `intervals.intervals`."""

    name: str
    corruption: Mapping[str, Any]
    champion: champion_choice.Champion | None
    table: pd.DataFrame
    replicates: np.ndarray

    @property
    def measure(self) -> str:
        """The measure of its figures."""
        return "mse" if (self.table["region"] == "hole").any() else "psnr"

    @property
    def restores(self) -> bool:
        """True if something was corrupted."""
        return bool(registry.constant("corruptions", self.corruption["name"], "HIDES") != "none")

    def title(self) -> str:
        """Describe the task and its unit."""
        where = f" {REGIONS['hole']}" if self.measure == "mse" else ""
        return f"{in_words(self.name).capitalize()}: {of_corruption(self.corruption)}. {UNITS[self.measure]}{where}"


def read_task(folder: Path, name: str, settings: Mapping[str, Any]) -> Outcome:
    """Read the results of a task. Raises DamagedFile."""
    parts = {"intervals": "intervals.parquet", "replicates": "replicates.npz"}
    files = {Source(need, name, "", "", -1): folder / "compare" / name / file for need, file in parts.items()}
    champion = champion_choice.read(folder / "champion" / f"{name}.json")
    return Outcome(name, settings["corruption"], champion, *Evidence(files).comparison(name))


def task_row(task: Outcome, usual_seeds: int) -> list[str]:
    """Return the row of a task: the champion, the best baseline by the same error, the gain, and doing nothing.

    The gain is paired by image. All figures are in the task's unit. Raises DamagedFile.
    """
    champion, measure = task.champion, task.measure
    if champion is None:
        return [task.title(), "none, for each model is given the true label", "", "", ""]
    place = champion.figure["output"], champion.figure["region"]
    figures = lookup(task.table.assign(row=range(len(task.table))))
    ranked = sorted(
        (row for row in figures.values() if (row.output, row.region, row.measure) == (*place, "mse")),
        key=lambda row: row.mean,
    )
    ours = figures[champion.variant, champion.loss, champion.method, *place, measure]
    few = "" if ours.seeds == usual_seeds else f", {seed_count(ours.seeds)}"
    cells = [f"{way_name(*restorer(ours))}: {_figure(ours, measure)}{few}", "", ""]
    best = next((row for row in ranked if not row.variant and row.method != NOTHING), None)
    if best:
        theirs = figures[*restorer(best), *place, measure]
        cells[1:] = [f"{in_words(theirs.method)}: {_figure(theirs, measure)}", _gain(task, ours, theirs)]
    return [task.title(), *cells, _figure(figures.get(("", "", NOTHING, *place, measure)), measure)]


def _gain(task: Outcome, ours: Any, theirs: Any) -> str:
    """Write by how much ours is better, with the interval; a negative gain means worse."""
    sign = 1 if HIGHER_IS_BETTER[task.measure] else -1
    low, high = map(float, bootstrap.interval(sign * (task.replicates[ours.row] - task.replicates[theirs.row])))
    gain = number(sign * (ours.mean - theirs.mean), task.measure, signed=True)
    return f"{gain} {interval(low, high, task.measure, signed=True)}"


def _figure(row: Any, measure: str) -> str:
    """Write a mean with its interval; an empty text for None."""
    cell = Cell.of_mean(row, measure)
    return f"{cell.text} {cell.small}".strip()


def claim_lines(path: Path, usual_seeds: int) -> list[str]:
    """Return the lines on a claims.json. Raises DamagedFile."""
    claims, shown = artifacts.read_json(path, "claims")["claims"], claim_verdicts.read(str(path), ())
    counts = ", ".join(f"{count} {word}" for word, _, count in claim_verdicts.counted(shown))
    with artifacts.reading(path):
        rows = [
            claim_row(*pair, usual_seeds) for pair in zip(shown, (claim["figure"] for claim in claims), strict=True)
        ]
    return [
        f"The source's claims, each as it is read: {counts}. The figure is of the comparison that decides: how far it "
        "speaks for the claim, and what is asked for.",
        "",
        *marked.table(["Verdict", "Claim", "Figure"], rows),
    ]


def claim_row(claim: Any, figure: float | None, usual_seeds: int) -> list[str]:
    """Return the row of a claim of `claim_verdicts.read`: verdict, sentence with its reading, and what decided.

    figure: of the comparison that decided; a claim without comparisons has its finding instead.
    """
    deciding = next(test for test in claim.tests if test.verdict == claim.verdict)
    decided = deciding.finding
    if deciding.table:
        name, value, ends, count, _ = next(row for row in deciding.table.rows if row.cells[1].value == figure).cells
        few = "" if count.value in (0, usual_seeds) else f", {seed_count(int(count.value))}"
        unit = deciding.table.columns[1].heading
        decided = f"{value.text} {ends.text or 'without an interval'} ({unit}): {name.text}{few}"
    reading = f" Read as: {claim.reading}." if claim.reading else ""
    return [f"{claim.mark} {claim.verdict}", f"{claim.sentence}{reading}", decided]


def source_lines(folder: Path, settings: Mapping[str, Any]) -> list[str]:
    """Return lines on how near each task comes to the figures that the source published. Raises DamagedFile."""
    path = folder / "report" / "models.csv"
    with artifacts.reading(path):
        over_seeds = models_table.over_seeds(pd.read_csv(path))
    lines = []
    for name, task in settings["tasks"].items():
        results = Task(name, task, len(settings["seeds"]), over_seeds, TaskFiles(str(path)))
        _, finding = model_tables.source_table(results, settings["dataset"]["name"])
        lines += ["", f"The source's own table ({in_words(name)}). {finding}"] if finding else []
    return lines


def run_lines(folder: Path) -> list[str]:
    """Return the lines on a results folder. Raises UserError."""
    run = read_run(folder)
    name, usual = run.settings["dataset"]["name"], len(run.settings["seeds"])
    tasks = [read_task(folder, task, settings) for task, settings in run.settings["tasks"].items()]
    images = max(int(task.table["images"].max()) for task in tasks)
    lines = [
        f"On {name}, {images:,} test images: means over these and over {seed_count(usual)}, unless a row "
        "says otherwise. In brackets: 95 % intervals, by bootstrap over both; where there is one seed, over the images "
        "only.",
        "",
        *marked.table(COLUMNS, [task_row(task, usual) for task in tasks if task.restores]),
        "",
        "The champion is the model and inference with the lowest mean squared error that is not given the true label, "
        "the best baseline what has the lowest of all that needs no trained model; both are chosen on the test images. "
        "The gain is paired by image: above 0 the champion is better.",
    ]
    path = folder / "claims" / "claims.json"
    if path.is_file():
        lines += ["", *claim_lines(path, usual)]
    lines += source_lines(folder, run.settings)
    made = (
        f"Made by `make findings` of what `{run.command}` left in `results/{name}` ({run.code}): "
        f"{len(configuration.models(run.settings))} trained models, by `config/config.yaml` and what the command lays "
        "over it."
    )
    return [*lines, "", made]


def block(folders: Sequence[Path]) -> list[str]:
    """Return the lines between the marks, with headings if there are several folders. Raises UserError."""
    if len(folders) == 1:
        return run_lines(folders[0])
    return [line for folder in folders for line in (f"### {folder.name}", "", *run_lines(folder), "")][:-1]


def write(folders: Sequence[Path], readme: Path = README) -> None:
    """Write the section. Raises UserError, or ValueError if the file lacks the marks; the file then stays as it was."""
    text = readme.read_text(encoding="utf-8")
    artifacts.write_text(readme, marked.placed(text, BEGIN, END, block(folders)))


if __name__ == "__main__":
    try:
        write([Path(name) for name in sys.argv[1:]] or [ROOT / "results" / "mnist"])
    except UserError as error:
        sys.exit(str(error))
