"""All models' figures as one table, from the files that the stages wrote."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from restoration.core import artifacts

KEYS = ["task", "variant", "loss", "method", "output", "region"]
MEASURES = ["mse", "psnr", "ssim"]
WHOLE = ["accuracy"]  # measures of whole images alone
OBJECTIVE = ["objective", "reconstruction", "kl"]
DIAGNOSED = {  # parts of a model's metrics.json and what is in them; a part is null where it makes no sense for a model
    "latent": ["kl", "active_units", "units", "diversity", "collapsed"],
    "prior_draw": ["visible", "hidden"],
    "common": ["mse", "bce"],
}
FIGURES = [*(f"{part}_{name}" for part, names in DIAGNOSED.items() for name in names), "multiply_adds"]


def rows(metrics: Mapping[str, Any], **name: Any) -> list[dict[str, Any]]:
    """One row for each method, output and region of a metrics.json, with `name` in front."""
    return [
        {**name, "method": method, "output": output, "region": region, **measures}
        for method, outputs in metrics["scores"].items()
        for output, regions in outputs.items()
        for region, measures in regions.items()
    ]


def diagnosed(metrics: Mapping[str, Any]) -> dict[str, float | bool | None]:
    """What a model's metrics.json says of it besides its scores: FIGURES but the last."""
    return {
        f"{part}_{name}": None if metrics[part] is None else metrics[part][name]
        for part, names in DIAGNOSED.items()
        for name in names
    }


def read_metrics(path: str, of_model: bool = False) -> dict[str, Any]:
    """A metrics.json of baselines or of a model. Raises DamagedFile if it is none."""
    metrics = artifacts.read_json(path, "scores", *(("test", "cost", *DIAGNOSED) if of_model else ()))
    with artifacts.reading(path):
        values = []
        for row in rows(metrics):
            values += [row[measure] for measure in (*MEASURES, *(name for name in WHOLE if name in row))]
            values += [metrics["cost"][row["method"]]["multiply_adds"]] if of_model else []
        if of_model:
            values += [metrics["test"][key] for key in OBJECTIVE]
            values += [value for value in diagnosed(metrics).values() if value is not None]
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


def read_parameters(path: str) -> dict[str, dict[str, Any]]:
    """The parameters of each method in the baselines' metrics.json. Raises DamagedFile if it does not have them."""
    parameters = artifacts.read_json(path, "parameters")["parameters"]
    with artifacts.reading(path):
        return {method: dict(values) for method, values in parameters.items()}


def read_ceiling(path: str) -> float:
    """How many of the complete test images the classifier reads, of its metrics.json. Raises DamagedFile."""
    content = artifacts.read_json(path, "accuracy")
    with artifacts.reading(path):
        return float(content["accuracy"]["test"])


def collect(models: Sequence[tuple[Sequence[Any], str, str]], baselines: Sequence[tuple[str, str]]) -> pd.DataFrame:
    """One row for each model (or baseline), method, output and region. What is not measured of it is NaN, and of
    WHOLE and FIGURES a truth 1 or 0.

    models: (task, variant, loss, seed), metrics.json, training.json; baselines: task, metrics.json.
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
    return frame.astype(dict.fromkeys([name for name in [*WHOLE, *FIGURES] if name in frame], float))


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """Mean, standard deviation and number over seeds: columns (measure, mean/std/count), one row for each KEYS."""
    known = [*MEASURES, *WHOLE, *(f"test_{key}" for key in OBJECTIVE), *FIGURES, "parameters"]
    measured = [name for name in known if name in table]
    return table.groupby(KEYS, sort=False)[measured].agg(["mean", "std", "count"])
