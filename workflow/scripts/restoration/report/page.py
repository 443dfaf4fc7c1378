"""The report's page, from the files of the stages: the values for report.html.j2, each task's and those of all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import yaml

from restoration.comparison import champion_choice, likelihood_estimates, models_table
from restoration.core import artifacts
from restoration.report import (
    claim_verdicts,
    embedded_figures,
    html_template,
    model_tables,
    restoration_tables,
    ro_crate,
    task_results,
    task_sentences,
)
from restoration.report.table_cells import patterns
from restoration.report.task_results import Task, TaskFiles

# What the page's scripts need of the values of a figure.
KEYS = {
    "latent": ["panels", "images", "labels"],
    "loss": ["panels"],
    "cases": ["ways", "rows", "images", "best", "worst"],
}


def files_by_task(job: dict, inputs: Any, table: str) -> dict[str, TaskFiles]:
    """Return the input files of each task. table: the output file for the table behind the page."""

    def of(task: str, names: list, paths: list[str]) -> dict:
        rests = ((rest, path) for (name, *rest), path in zip(names, paths, strict=True) if name == task)
        return {tuple(rest) if len(rest) > 1 else rest[0]: path for rest, path in rests}

    each = (inputs.intervals, inputs.differences, inputs.baselines, inputs.champions)
    return {
        task: TaskFiles(
            table,
            intervals,
            differences,
            baselines,
            champion,
            of(task, job["models"], inputs.metrics),
            of(task, job["models"], inputs.trainings),
            of(task, job["likelihoods"], inputs.likelihoods),
            of(task, job["figures"], inputs.figures),
            of(task, job["values"], inputs.values),
            of(task, job["sheets"], inputs.sheets),
        )
        for task, intervals, differences, baselines, champion in zip(job["settings"]["tasks"], *each, strict=True)
    }


def render(job: dict, inputs: Any, table_file: str, table: pd.DataFrame, sizes: dict[str, int]) -> str:
    """Return the report as HTML. Raises DamagedFile. table: from `models_table.collect`; sizes: of the splits."""
    settings, over_seeds = job["settings"], models_table.over_seeds(table)
    sections = {
        task: section(task_results.read(task, settings, over_seeds, files, job["grids"]), settings["dataset"])
        for task, files in files_by_task(job, inputs, table_file).items()
    }
    known = set[str]().union(*(anchors(task, section) for task, section in sections.items()))
    claims = [verdict for path in inputs.claims for verdict in claim_verdicts.read(path, known)]
    return html_template.render(
        inputs.template,
        inputs=inputs,
        dataset=settings["dataset"]["name"],
        sizes=sizes,
        seeds=settings["seeds"],
        claims=claims,
        counts=claim_verdicts.counted(claims),
        tasks=sections,
        left_out=task_sentences.left_out(job.get("left_out")),
        ceiling=models_table.read_classifier_accuracy(inputs.classifier) if inputs.classifier else None,
        intervals=patterns(inputs.intervals),
        runs=model_tables.trainings_table(inputs.trainings),
        table=table_file,
        record=Path(table_file).parents[1] / ro_crate.RECORD,
        configuration=yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=100),
        versions=ro_crate.versions(),
    )


def section(task: Task, dataset: Mapping[str, Any]) -> SimpleNamespace:
    """Return the values of a task's part of the page. Raises DamagedFile. dataset: its part of the configuration.

    noisy: whether all pixels are corrupted; the tables `source` and `likelihood` are None if there is nothing to show.
    """
    corruption, files = task.settings["corruption"], task.files
    source, source_finding = model_tables.source_table(task, dataset["name"])
    estimates = likelihood_estimates.averaged(
        likelihood_estimates.read((variant, loss, path) for (variant, loss, _), path in files.likelihoods.items())
    )
    published = model_tables.published(estimates, dataset["name"], corruption)
    champion, values = champion_choice.read(files.champion), read_values(files)
    return SimpleNamespace(
        corruption=task_sentences.of_corruption(corruption),
        finding=task_sentences.of_task(task),
        in_hole=task.in_hole,
        noisy=not task.in_hole and corruption["name"] != "none",
        given_label=any(row.mark for row in task.ranked()),
        main=restoration_tables.main_table(task),
        champion=champion.sentence() if champion else "none, for each model is to be given the true label",
        champion_file=files.champion,
        scale=model_tables.scale_table(task),
        source=source,
        source_finding=source_finding,
        likelihood=model_tables.likelihood_table(task, estimates, published) if estimates else None,
        conventions=model_tables.conventions(published),
        regions=restoration_tables.region_tables(task),
        figures=embedded_figures.embedded(
            task, embedded_figures.words(task, dataset), _findings(task, estimates, values), values
        ),
        restorations=restorations(task, values["cases"]),
    )


def anchors(name: str, section: SimpleNamespace) -> set[str]:
    """Return the anchors of the parts of a task's section that a claim may point to."""
    parts = ["results", "scale", *(["source"] if section.source else [])]
    return {f"task.{name}", *(f"task.{name}.{part}" for part in [*parts, *section.figures])}


def read_values(files: TaskFiles) -> dict[str, dict[str, Any]]:
    """Read the values behind a task's figures, with the data URIs of their sheets. Raises DamagedFile."""
    sheets = {key: {"sheet": embedded_figures.data_uri(path)} for key, path in files.sheets.items()}
    return {key: artifacts.read_json(path, *KEYS[key]) | sheets.get(key, {}) for key, path in files.values.items()}


def restorations(task: Task, values: Mapping[str, Any]) -> SimpleNamespace:
    """Return what the page needs for images before and after. Raises DamagedFile. values: of the figure `cases`.

    ways: the names of the restorers; chosen: the index of the first one shown; shown: how many of the `drawn` images.
    """
    with artifacts.reading(task.files.values["cases"]):
        ways = [str(way["name"]) for way in values["ways"]]
        return SimpleNamespace(
            anchor=f"task.{task.name}.restorations",
            finding=task_sentences.of_restorers(values),
            ways=ways,
            chosen=ways.index(values["champion"]),
            before="corrupted" if "corrupted" in values["rows"] else "original",
            in_hole=task.in_hole,
            shown=len(values["images"]),
            drawn=int(values["count"]),
            values=embedded_figures.as_script(values),
            file=task.files.values["cases"],
        )


def _findings(
    task: Task, estimates: Sequence[likelihood_estimates.Estimate], values: Mapping[str, Any]
) -> dict[str, tuple[str, Sequence[str]]]:
    """Return for each figure what it shows, in a sentence, and the files of its numbers."""
    files = task.files
    finals: dict[str, list[float]] = {}
    for (_, loss, _), path in files.trainings.items():
        finals.setdefault(loss, []).append(models_table.read_training(path)["train"]["objective"])
    restored = task_sentences.of_restorations(task, next(iter(task.settings["inference"])))
    found: dict[str, tuple[str, Sequence[str]]] = {
        "corrupted": (task_sentences.of_corrupted(task), [files.intervals]),
        "reconstructed": (restored, [files.intervals]),
        "grid": (restored, [files.intervals]),
        "loss": (task_sentences.of_losses(finals), patterns(files.trainings.values())),
        "error": (task_sentences.of_errors(task), [files.intervals]),
        "likelihood": (task_sentences.of_likelihoods(estimates), patterns(files.likelihoods.values())),
    }
    with artifacts.reading(cases := files.values["cases"]):
        found["hard"] = (task_sentences.of_hard(values["cases"]), [cases])
        found["cases"] = (task_sentences.of_extremes(values["cases"]), [cases, files.intervals])
    if latent := files.values.get("latent"):
        with artifacts.reading(latent):
            found["latent"] = (task_sentences.of_latents(values["latent"]), [latent])
    return found
