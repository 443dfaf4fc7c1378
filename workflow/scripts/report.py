"""Write the report, one page that needs no network and no other file, and the table behind it."""

import logging
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from restoration.comparison import models_table
from restoration.core import artifacts, script
from restoration.data import dataset_files
from restoration.report import claim_verdicts, html_template, model_tables, page, ro_crate, task_results, task_sentences
from restoration.report.table_cells import patterns

LARGE = 10_000_000  # bytes; mail and browsers open a smaller page without a wait


def files_by_task(job: dict, inputs: Any, table: str) -> dict[str, task_results.TaskFiles]:
    """Return the input files of each task. table: the output file for the table behind the page."""

    def of(task: str, names: list, paths: list[str]) -> dict:
        rests = ((rest, path) for (name, *rest), path in zip(names, paths, strict=True) if name == task)
        return {tuple(rest) if len(rest) > 1 else rest[0]: path for rest, path in rests}

    each = (inputs.intervals, inputs.differences, inputs.baselines, inputs.champions)
    return {
        task: task_results.TaskFiles(
            table,
            *single,
            of(task, job["models"], inputs.metrics),
            of(task, job["models"], inputs.trainings),
            of(task, job["likelihoods"], inputs.likelihoods),
            of(task, job["figures"], inputs.figures),
            of(task, job["values"], inputs.values),
            of(task, job["sheets"], inputs.sheets),
        )
        for task, *single in zip(job["settings"]["tasks"], *each, strict=True)
    }


def collected(job: dict, inputs: Any) -> pd.DataFrame:
    """Return the figures of all models and baselines as one table."""
    models = zip(job["models"], inputs.metrics, inputs.trainings, strict=True)
    return models_table.collect(list(models), list(zip(job["settings"]["tasks"], inputs.baselines, strict=True)))


def render(job: dict, inputs: Any, table_file: str, table: pd.DataFrame, sizes: dict[str, int]) -> str:
    """Return the report as HTML. table: as `collected` gives it; sizes: images of each split."""
    settings, over_seeds = job["settings"], models_table.over_seeds(table)
    sections = {
        task: page.section(task_results.read(task, settings, over_seeds, files, job["grids"]), settings["dataset"])
        for task, files in files_by_task(job, inputs, table_file).items()
    }
    anchors = set[str]().union(*(page.anchors(task, section) for task, section in sections.items()))
    claims = [verdict for path in inputs.claims for verdict in claim_verdicts.read(path, anchors)]
    return html_template.render(
        inputs.template,
        style=html_template.markup(inputs.style),
        theme=html_template.markup(inputs.theme),
        scripts=[html_template.markup(path) for path in inputs.scripts],
        dataset=settings["dataset"]["name"],
        sizes=sizes,
        seeds=settings["seeds"],
        claims=claims,
        claims_file=next(iter(inputs.claims), None),
        counts=claim_verdicts.counted(claims),
        tasks=sections,
        left_out=task_sentences.left_out(job.get("left_out")),
        ceiling=models_table.read_classifier_accuracy(inputs.classifier) if inputs.classifier else None,
        classifier_file=inputs.classifier,
        dataset_file=inputs.dataset,
        intervals=patterns(inputs.intervals),
        runs=model_tables.trainings_table(inputs.trainings),
        table=table_file,
        record=Path(table_file).parents[1] / ro_crate.RECORD,
        configuration=yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=100),
        versions=ro_crate.versions(),
    )


def warn_of_size(path: str, logger: logging.Logger) -> None:
    """Warn the user of a page so large that mail and browsers are slow."""
    size = Path(path).stat().st_size
    if size > LARGE:
        reason = "its pictures lie within it; fewer tasks, variants or a smaller `size` of the images make it smaller"
        logger.warning("%s takes %.0f MB: %s", path, size / 1e6, reason)


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        job, inputs, outputs = script.settings(snakemake), snakemake.input, snakemake.output
        table = collected(job, inputs)
        with artifacts.replacing(outputs.table) as part:
            table.to_csv(part, index=False)
        splits, _ = dataset_files.read_dataset(inputs.dataset, "train", "validation", "test")
        sizes = {name: len(split.labels) for name, split in splits.items()}
        artifacts.write_text(outputs.page, render(job, inputs, outputs.table, table, sizes))
        warn_of_size(outputs.page, logger)
