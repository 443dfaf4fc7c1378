"""All models' figures as one table, from the files that the stages wrote."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from restoration import artifacts

KEYS = ["task", "variant", "loss", "method", "output", "region"]
MEASURES = ["mse", "psnr", "ssim"]
OBJECTIVE = ["objective", "reconstruction", "kl"]


def rows(metrics: Mapping[str, Any], **name: Any) -> list[dict[str, Any]]:
    """One row for each method, output and region of a metrics.json, with `name` in front."""
    return [
        {**name, "method": method, "output": output, "region": region, **measures}
        for method, outputs in metrics["scores"].items()
        for output, regions in outputs.items()
        for region, measures in regions.items()
    ]


def read_metrics(path: str, *parts: str) -> dict[str, Any]:
    """A metrics.json with its scores and `parts`. Raises DamagedFile if it is none."""
    metrics = artifacts.read_json(path, "scores", *parts)
    with artifacts.reading(path):
        values = [row[measure] for row in rows(metrics) for measure in MEASURES]
        values += [metrics[part][key] for part in parts for key in OBJECTIVE]
        if not values or not all(isinstance(value, int | float) for value in values):
            raise ValueError("it holds no numbers")
    return metrics


def read_training(path: str) -> dict[str, Any]:
    """A training.json. Raises DamagedFile if it is none."""
    trained = artifacts.read_json(path, "run", "identity", "parameters", "train")
    with artifacts.reading(path):
        if not all(isinstance(value, int | float) for value in (trained["parameters"], trained["train"]["objective"])):
            raise ValueError("it holds no numbers")
    return trained


def collect(models: Sequence[tuple[Sequence[Any], str, str]], baselines: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """One row for each model (or baseline), method, output and region.

    models: (task, variant, loss, seed), metrics.json, training.json; baselines: task, metrics.json.
    """
    table = []
    for task, path in baselines:
        table += rows(read_metrics(path), task=task, variant="", loss="", seed=-1, file=path)
    for (task, variant, loss, seed), path, training in models:
        metrics, trained = read_metrics(path, "test"), read_training(training)
        name = {"task": task, "variant": variant, "loss": loss, "seed": seed, "file": path}
        extra = {f"test_{key}": metrics["test"][key] for key in OBJECTIVE}
        extra |= {"parameters": trained["parameters"], "identity": trained["identity"], "run": trained["run"]}
        table += [{**row, **extra} for row in rows(metrics, **name)]
    return pd.DataFrame(table)


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation and number over seeds: columns (measure, mean/std/count), one row for each KEYS."""
    measured = [*MEASURES, *(f"test_{key}" for key in OBJECTIVE)]
    return table.groupby(KEYS, sort=False)[measured].agg(["mean", "std", "count"])
