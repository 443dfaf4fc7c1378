"""The page's content, from the files that the stages wrote: what report.html.j2 is given of each task."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from restoration.comparison import champion_choice, likelihood_estimates, models_table
from restoration.comparison.differences import read_differences
from restoration.comparison.interval_table import read_intervals
from restoration.config import true_label
from restoration.evaluation import best_worst_cases
from restoration.report import (
    embedded_figures,
    figure_values,
    likelihood_table,
    model_tables,
    restoration_tables,
    task_sentences,
)
from restoration.report.table_cells import Table, patterns

OUTLINE = " An orange line marks what is hidden."


class Files(NamedTuple):
    """Files by what they are of: a task, a model (task, variant, loss, seed), or a figure (task and key)."""

    table: str
    metrics: Mapping[tuple[Any, ...], str]
    trainings: Mapping[tuple[Any, ...], str]
    likelihoods: Mapping[tuple[Any, ...], str]
    baselines: Mapping[str, str]
    intervals: Mapping[str, str]
    differences: Mapping[str, str]
    champions: Mapping[str, str]
    figures: Mapping[tuple[str, str], str]
    data: Mapping[tuple[str, str], str]
    sheets: Mapping[tuple[str, str], str]

    def values_of(self, task: str) -> dict[str, figure_values.Values]:
        """What the page's scripts know of the figures of a task, by their keys."""
        keys = {
            "latent": ["panels", "images", "labels"],
            "loss": ["panels"],
            "cases": ["ways", "rows", "images", "best", "worst"],
        }
        sheets = {key: embedded_figures.data_uri(path) for (of, key), path in self.sheets.items() if of == task}
        return {
            key: figure_values.read(path, *keys[key], sheet=sheets.get(key, ""))
            for (of, key), path in self.data.items()
            if of == task
        }

    def likelihoods_of(self, task: str) -> list[str]:
        """The files of a task's likelihoods, as `patterns` names them."""
        return patterns(path for (of, *_), path in self.likelihoods.items() if of == task)


class Section(NamedTuple):
    """A task's part of the page. noisy: whether all pixels are corrupted; the tables `source` and `likelihood` are None
    where there is nothing to show.
    """

    corruption: str
    finding: str
    in_hole: bool
    noisy: bool
    given_label: bool
    main: Table
    champion: str
    champion_file: str
    scale: Table
    source: Table | None
    source_finding: str
    likelihood: Table | None
    conventions: list[str]
    regions: list[tuple[str, Table]]
    figures: dict[str, embedded_figures.Embedded]
    restorations: embedded_figures.Restorations

    def anchors(self, task: str) -> set[str]:
        """Of all its parts that a claim may point to."""
        parts = {"results", "scale"} | ({"source"} if self.source else set())
        return {
            f"task.{task}",
            *(f"task.{task}.{part}" for part in parts),
            *(one.anchor for one in self.figures.values()),
        }


def section(
    name: str,
    experiment: Mapping[str, Any],
    seeds: pd.DataFrame,
    files: Files,
    grids: Mapping[str, Mapping[str, Sequence[float]]],
) -> Section:
    """A task's. experiment: the configuration, with dataset, seeds and tasks; seeds: as `models_table.over_seeds`;
    grids: baseline and parameter to the values that were tried.
    """
    settings, dataset = experiment["tasks"][name], experiment["dataset"]["name"]
    task = restoration_tables.Task(
        name,
        settings,
        len(experiment["seeds"]),
        read_intervals(files.intervals[name]),
        read_differences(files.differences[name]),
        seeds,
        models_table.read_parameters(files.baselines[name]),
        {
            "intervals": files.intervals[name],
            "differences": files.differences[name],
            "table": files.table,
            "baselines": files.baselines[name],
        },
        patterns(path for model, path in files.metrics.items() if model[0] == name),
        grids,
    )
    main, source = restoration_tables.main_table(task), model_tables.source_table(task, dataset)
    ours = _likelihoods(name, files)
    likelihood, conventions = _likelihood(task, dataset, files, ours)
    champion = champion_choice.read(files.champions[name])
    best = task.best()
    finals: dict[str, list[float]] = {}
    for (of, _, loss, _), path in files.trainings.items():
        if of == name:
            finals.setdefault(loss, []).append(models_table.read_training(path)["train"]["objective"])
    in_hole, method = task.regions[0][1] == "hole", next(iter(settings["inference"]))
    restored, known = task_sentences.of_restorations(task, method), files.values_of(name)
    shown = {
        "corrupted": task_sentences.of_corrupted(task),
        "reconstructed": restored,
        "grid": restored,
        "loss": task_sentences.of_losses(finals),
        "error": task_sentences.of_errors(task),
        "likelihood": task_sentences.of_likelihoods(ours),
        "hard": figure_values.of_hard(known["cases"]),
        "cases": figure_values.of_extremes(known["cases"]),
    }
    if "latent" in known:
        shown["latent"] = figure_values.of_latents(known["latent"])
    sources = {
        **{key: [files.intervals[name]] for key in ("corrupted", "reconstructed", "grid", "error")},
        "loss": patterns(path for model, path in files.trainings.items() if model[0] == name),
        "likelihood": files.likelihoods_of(name),
        "hard": [known["cases"].file],
        "cases": [known["cases"].file, files.intervals[name]],
        "latent": [known["latent"].file] if "latent" in known else [],
    }
    texts = {
        "dataset": dataset,
        "method": method.replace("_", " "),
        "otherwise": "" if task.all_by(method) else ", or by what is named behind the model",
        "place": task.place,
        "drawn": str(min(best_worst_cases.DRAWN, best.images)),
        "few": "ten" if best.images >= best_worst_cases.EXTREMES else str(best.images),
        "best": f"{best.variant} trained with {best.loss.upper()}, “{best.method.replace('_', ' ')}”",
        "outline": OUTLINE if in_hole else "",
        "given": _given(task.labelled, filter(true_label.blind, settings["inference"])),
        **embedded_figures.of_labels(experiment["dataset"].get("labels")),
    }
    return Section(
        embedded_figures.describe(settings["corruption"]),
        task_sentences.of_task(task),
        in_hole,
        not in_hole and settings["corruption"]["name"] != "none",
        restoration_tables.label_mark([main]),
        main,
        champion.sentence() if champion else "none, for each model is to be given the true label",
        files.champions[name],
        model_tables.scale_table(task),
        source,
        model_tables.ratios(source),
        likelihood,
        conventions,
        restoration_tables.region_tables(task),
        embedded_figures.embedded(name, settings["corruption"], files.figures, texts, shown, sources, known),
        embedded_figures.restorations(name, known["cases"], in_hole),
    )


def _given(labelled: Sequence[str], blind: Iterable[str]) -> str:
    """Which variants are given the true label, as a note says it, and by which inference not; nothing where none is."""
    if not labelled:
        return ""
    are = "is" if len(labelled) == 1 else "are"
    but = " and ".join(f"“{method.replace('_', ' ')}”" for method in blind)
    return f" {', '.join(labelled)} {are} given the true label (†){f', except by {but}' if but else ''}."


def _likelihoods(task: str, files: Files) -> list[likelihood_estimates.Estimate]:
    return likelihood_estimates.averaged(
        likelihood_estimates.read(
            (variant, loss, path) for (of, variant, loss, _), path in files.likelihoods.items() if of == task
        )
    )


def _likelihood(
    task: restoration_tables.Task, dataset: str, files: Files, ours: Sequence[likelihood_estimates.Estimate]
) -> tuple[Table | None, list[str]]:
    """The table, and the conventions of what is published beside it."""
    if not ours:
        return None, []
    others = likelihood_table.published(ours, dataset, task.settings["corruption"])
    told = [
        f"{other.source} ({other.address.split('://')[-1]}): {other.convention}."
        for figures in others.values()
        for other in figures
    ]
    return likelihood_table.table(task, ours, others, files.likelihoods_of(task.name)), list(dict.fromkeys(told))
