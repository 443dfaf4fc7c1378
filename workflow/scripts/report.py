"""Write the report, one page that needs no network and no other file, and the table behind it."""

import logging
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
import pandas as pd
import yaml

from restoration.comparison import models_table
from restoration.core import artifacts, script
from restoration.data import dataset_files
from restoration.report import claim_verdicts, overview, page, versions
from restoration.report.table_cells import patterns

LARGE = 10_000_000  # bytes of a page


def collected(job: dict, inputs: Any, table: str) -> page.Files:
    """The inputs by what they are of; table: where the page's own table goes."""
    names, tasks = [tuple(model) for model in job["models"]], list(job["settings"]["tasks"])
    return page.Files(
        table,
        dict(zip(names, inputs.metrics, strict=True)),
        dict(zip(names, inputs.trainings, strict=True)),
        dict(zip(map(tuple, job["likelihoods"]), inputs.likelihoods, strict=True)),
        dict(zip(tasks, inputs.baselines, strict=True)),
        dict(zip(tasks, inputs.intervals, strict=True)),
        dict(zip(tasks, inputs.differences, strict=True)),
        dict(zip(tasks, inputs.champions, strict=True)),
        dict(zip(map(tuple, job["figures"]), inputs.figures, strict=True)),
        dict(zip(map(tuple, job["values"]), inputs.values, strict=True)),
        dict(zip(map(tuple, job["sheets"]), inputs.sheets, strict=True)),
    )


def render(job: dict, inputs: Any, files: page.Files, table: pd.DataFrame, sizes: dict[str, int]) -> str:
    """The report as HTML."""
    settings = job["settings"]
    dataset, seeds = settings["dataset"]["name"], models_table.over_seeds(table)
    sections = {task: page.section(task, settings, seeds, files, job["grids"]) for task in settings["tasks"]}
    anchors = set[str]().union(*(section.anchors(task) for task, section in sections.items()))
    claims = [verdict for path in inputs.claims for verdict in claim_verdicts.read(path, anchors)]
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    # Files of this repository, not data.
    style, theme, *scripts = (
        markupsafe.Markup(Path(path).read_text(encoding="utf-8"))
        for path in (inputs.style, inputs.theme, *inputs.scripts)
    )
    return environment.from_string(Path(inputs.template).read_text(encoding="utf-8")).render(
        style=style,
        theme=theme,
        scripts=scripts,
        dataset=dataset,
        sizes=sizes,
        seeds=settings["seeds"],
        claims=claims,
        claims_file=next(iter(inputs.claims), None),
        counts=claim_verdicts.counted(claims),
        tasks=sections,
        left_out=overview.left_out(job.get("left_out")),
        ceiling=models_table.read_classifier_accuracy(inputs.classifier) if inputs.classifier else None,
        classifier_file=inputs.classifier,
        dataset_file=inputs.dataset,
        intervals=patterns(inputs.intervals),
        runs=overview.runs(inputs.trainings),
        table=files.table,
        record=Path(files.table).parents[1] / "ro-crate-metadata.json",
        configuration=yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=100),
        versions=versions.versions(),
    )


def warn_of_size(path: str, logger: logging.Logger) -> None:
    """Tell the user of a page that is larger than what mail and browsers take without a wait."""
    size = Path(path).stat().st_size
    if size > LARGE:
        reason = "its pictures lie within it; fewer tasks, variants or a smaller `size` of the images make it smaller"
        logger.warning("%s takes %.0f MB: %s", path, size / 1e6, reason)


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        job, inputs, outputs = script.settings(snakemake), snakemake.input, snakemake.output
        files = collected(job, inputs, outputs.table)
        table = models_table.collect(
            [(model, path, files.trainings[model]) for model, path in files.metrics.items()],
            list(files.baselines.items()),
        )
        with artifacts.replacing(outputs.table) as part:
            table.to_csv(part, index=False)
        splits, _ = dataset_files.read_dataset(inputs.dataset, "train", "validation", "test")
        sizes = {name: len(split.labels) for name, split in splits.items()}
        artifacts.write_text(outputs.page, render(job, inputs, files, table, sizes))
        warn_of_size(outputs.page, logger)
