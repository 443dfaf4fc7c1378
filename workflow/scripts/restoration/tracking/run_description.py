"""The description that MLflow shows on a run's page: its figures, in Markdown."""

from collections.abc import Mapping
from typing import Any

TAG = "mlflow.note.content"
MEASURES = {"mse": "MSE", "psnr": "PSNR", "ssim": "SSIM", "accuracy": "accuracy"}


def of_model(name: str, metrics: Mapping[str, Any], report: str | None = None) -> str:
    """Return the description of a model's run.

    metrics: the contents of metrics.json; report: where the page is that has this model beside the others.
    """
    test = metrics["test"]
    lines = [
        f"**{name}**, measured on {metrics['images']:,} test images.",
        f"Objective {test['objective']:.4g}: reconstruction {test['reconstruction']:.4g}, KL {test['kl']:.4g}.",
    ]
    regions = {region for outputs in metrics["scores"].values() for scores in outputs.values() for region in scores}
    columns = [
        (region, key)
        for region in sorted(regions, reverse=True)
        for key in MEASURES
        if any(key in scores.get(region, {}) for of in metrics["scores"].values() for scores in of.values())
    ]
    head = ["inference", "output", *(f"{MEASURES[key]}, {region}" for region, key in columns)]
    rows = [
        [method, output, *(_figure(scores.get(region, {}).get(key)) for region, key in columns)]
        for method, outputs in metrics["scores"].items()
        for output, scores in outputs.items()
    ]
    last = [f"Beside the others: `{report}`"] if report else []
    return "\n\n".join([*lines, table(head, rows), *last])


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown; the first two columns are names, the others figures."""
    marks = ["---" if number < 2 else "---:" for number in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, marks, *rows])
