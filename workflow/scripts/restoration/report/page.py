"""The content of the report's page, from the files of the stages: each task's values for report.html.j2."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from restoration.comparison import champion_choice, likelihood_estimates, models_table
from restoration.core import artifacts
from restoration.report import (
    embedded_figures,
    figure_captions,
    likelihood_table,
    model_tables,
    restoration_tables,
    task_sentences,
)
from restoration.report.table_cells import patterns
from restoration.report.task_results import Task


def section(task: Task, dataset: Mapping[str, Any]) -> SimpleNamespace:
    """Return the values of a task's part of the page. Raises DamagedFile. dataset: its part of the configuration.

    noisy: whether all pixels are corrupted; the tables `source` and `likelihood` are None if there is nothing to show.
    """
    corruption, files = task.settings["corruption"], task.files
    source = model_tables.source_table(task, dataset["name"])
    estimates = likelihood_estimates.averaged(
        likelihood_estimates.read((variant, loss, path) for (variant, loss, _), path in files.likelihoods.items())
    )
    published = likelihood_table.published(estimates, dataset["name"], corruption)
    champion, values = champion_choice.read(files.champion), embedded_figures.read_values(files)
    return SimpleNamespace(
        corruption=figure_captions.describe(corruption),
        finding=task_sentences.of_task(task),
        in_hole=task.in_hole,
        noisy=not task.in_hole and corruption["name"] != "none",
        given_label=any(row.mark for row in task.ranked()),
        main=restoration_tables.main_table(task),
        champion=champion.sentence() if champion else "none, for each model is to be given the true label",
        champion_file=files.champion,
        scale=model_tables.scale_table(task),
        source=source,
        source_finding=model_tables.ratios(source),
        likelihood=likelihood_table.likelihood_table(task, estimates, published) if estimates else None,
        conventions=likelihood_table.conventions(published),
        regions=restoration_tables.region_tables(task),
        figures=embedded_figures.embedded(
            task, figure_captions.words_of(task, dataset), _findings(task, estimates, values), values
        ),
        restorations=embedded_figures.restorations(task, values["cases"]),
    )


def anchors(name: str, section: SimpleNamespace) -> set[str]:
    """Return the anchors of the parts of a task's section that a claim may point to."""
    parts = ["results", "scale", *(["source"] if section.source else [])]
    return {f"task.{name}", *(f"task.{name}.{part}" for part in [*parts, *section.figures])}


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
