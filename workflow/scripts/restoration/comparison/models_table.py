"""All figures of all models and baselines as one table, from the files that the stages wrote."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from restoration.core import artifacts
from restoration.evaluation.judging import BY_CLASSIFIER, MEASURES

KEYS = ["task", "variant", "loss", "method", "output", "region"]
OBJECTIVE = ["objective", "reconstruction", "kl"]
DIAGNOSED = {  # parts of a model's metrics.json with their figures; a part is null for a model that it is not for
    "latent": ["kl", "active_units", "units", "diversity", "collapsed"],
    "prior_draw": ["visible", "hidden"],
    "common": ["mse", "bce"],
}
FIGURES = [*(f"{part}_{name}" for part, names in DIAGNOSED.items() for name in names), "multiply_adds"]


def rows(metrics: Mapping[str, Any], **name: Any) -> list[dict[str, Any]]:
    """Return one row for each method, output and region of a metrics.json, with `name` in front."""
    return [
        {**name, "method": method, "output": output, "region": region, **measures}
        for method, outputs in metrics["scores"].items()
        for output, regions in outputs.items()
        for region, measures in regions.items()
    ]


def diagnosed(metrics: Mapping[str, Any]) -> dict[str, float | bool | None]:
    """Return the diagnostics in a model's metrics.json: FIGURES except the last."""
    return {
        f"{part}_{name}": None if metrics[part] is None else metrics[part][name]
        for part, names in DIAGNOSED.items()
        for name in names
    }


def read_metrics(path: str, of_model: bool = False) -> dict[str, Any]:
    """Read a metrics.json of baselines or of a model. Raises DamagedFile."""
    metrics = artifacts.read_json(path, "scores", *(("test", "cost", *DIAGNOSED) if of_model else ()))
    with artifacts.reading(path):
        values = []
        for row in rows(metrics):
            values += [row[name] for name in MEASURES if name in row or name not in BY_CLASSIFIER]
            values += [metrics["cost"][row["method"]]["multiply_adds"]] if of_model else []
        if of_model:
            values += [metrics["test"][key] for key in OBJECTIVE]
            values += [value for value in diagnosed(metrics).values() if value is not None]
        if not values or not all(isinstance(value, int | float) for value in values):
            raise ValueError("it holds no numbers")
    return metrics


def read_training(path: str) -> dict[str, Any]:
    """Read a training.json. Raises DamagedFile."""
    trained = artifacts.read_json(path, "run", "identity", "parameters", "train")
    with artifacts.reading(path):
        if not all(isinstance(value, int | float) for value in (trained["parameters"], trained["train"]["objective"])):
            raise ValueError("it holds no numbers")
    return trained


def read_parameters(path: str) -> dict[str, dict[str, Any]]:
    """Read the parameters of each method from the baselines' metrics.json. Raises DamagedFile."""
    parameters = artifacts.read_json(path, "parameters")["parameters"]
    with artifacts.reading(path):
        return {method: dict(values) for method, values in parameters.items()}


def read_classifier_accuracy(path: str) -> float:
    """Read the classifier's accuracy on complete test images from its metrics.json. Raises DamagedFile."""
    content = artifacts.read_json(path, "accuracy")
    with artifacts.reading(path):
        return float(content["accuracy"]["test"])


def collect(models: Sequence[tuple[Sequence[Any], str, str]], baselines: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """Return one row for each model or baseline, method, output and region; NaN for what is not measured.

    models: (task, variant, loss, seed), metrics.json, training.json; baselines: task, metrics.json. Truth values of
    FIGURES become 1 and 0.
    """
    table = []
    for task, path in baselines:
        table += rows(read_metrics(path), task=task, variant="", loss="", seed=-1, file=path)
    for (task, variant, loss, seed), path, training in models:
        metrics, trained = read_metrics(path, of_model=True), read_training(training)
        name = {"task": task, "variant": variant, "loss": loss, "seed": seed, "file": path}
        extra = {f"test_{key}": metrics["test"][key] for key in OBJECTIVE}
        extra |= {"parameters": trained["parameters"], "identity": trained["identity"], "run": trained["run"]}
        extra |= diagnosed(metrics)
        table += [{**row, **extra, **metrics["cost"][row["method"]]} for row in rows(metrics, **name)]
    frame = pd.DataFrame(table)
    return frame.astype(dict.fromkeys([name for name in [*BY_CLASSIFIER, *FIGURES] if name in frame], float))


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Return mean, standard deviation and number over the seeds of each KEYS: columns (measure, mean/std/count)."""
    known = [*MEASURES, *(f"test_{key}" for key in OBJECTIVE), *FIGURES, "parameters"]
    measured = [name for name in known if name in table]
    return table.groupby(KEYS, sort=False)[measured].agg(["mean", "std", "count"])
