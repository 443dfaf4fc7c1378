"""Write the report, one page that needs no network and no other file, and the table behind it."""

from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import yaml

from restoration import artifacts, jobs, report, software, stored, summary


def trainings(models: list, paths: list[str]) -> pd.DataFrame:
    """One row a model: task, variant, loss, seed, the last epoch's mean objective, and what finds it again."""
    rows = []
    for name, path in zip(models, paths, strict=True):
        trained = summary.read_training(path)
        rows.append(
            dict(zip(["task", "variant", "loss", "seed"], name, strict=True))
            | {key: trained[key] for key in ("run", "identity", "parameters")}
            | {"train_objective": trained["train"]["objective"], "file": path}
        )
    return pd.DataFrame(rows)


def page(job: dict, inputs: Any, table: pd.DataFrame, sizes: dict[str, int]) -> str:
    """The report as HTML."""
    settings, models = job["settings"], job["models"]
    trained = trainings(models, inputs.trainings)
    seeds = summary.over_seeds(table)
    tables = {task: report.task_table(seeds, task, one) for task, one in settings["tasks"].items()}
    figures = {tuple(key): path for key, path in zip(job["figures"], inputs.figures, strict=True)}
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(Path(inputs.template).read_text(encoding="utf-8")).render(
        dataset=settings["dataset"]["name"],
        sizes=sizes,
        seeds=settings["seeds"],
        tasks={
            task: {
                "corruption": report.describe(one["corruption"]),
                "method": next(iter(one["inference"])),
                "figures": report.figures(settings["tasks"], figures, settings["dataset"]["name"])[task],
                "table": tables[task],
                "finding": report.finding(tables[task]),
                "loss_finding": report.loss_finding(trained, task),
            }
            for task, one in settings["tasks"].items()
        },
        trainings=trained.to_dict("records"),
        configuration=yaml.safe_dump(settings, sort_keys=False, default_flow_style=None, width=100),
        versions=software.versions(),
        given_label=report.GIVEN_LABEL,
    )


if __name__ == "__main__":
    with jobs.running(snakemake):
        job, inputs = jobs.settings(snakemake), snakemake.input
        table = summary.collect(
            list(zip(job["models"], inputs.metrics, inputs.trainings, strict=True)),
            list(zip(job["settings"]["tasks"], inputs.baselines, strict=True)),
        )
        with artifacts.replacing(snakemake.output.table) as part:
            table.to_csv(part, index=False)
        splits, _ = stored.read_dataset(inputs.dataset, "train", "validation", "test")
        sizes = {name: len(split.labels) for name, split in splits.items()}
        artifacts.write_text(snakemake.output.page, page(job, inputs, table, sizes))
