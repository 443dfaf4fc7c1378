"""Measure one trained model on the stored corrupted test set, by every inference of its task."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from restoration.core import artifacts, script
from restoration.core.errors import DamagedFile, UserError
from restoration.data import dataset_files, device
from restoration.evaluation import computation_cost, diagnostics, scoring
from restoration.models import classifier, model_file, objective
from restoration.tracking import mirror, run_log

LATENTS = 10_000  # of the training images; enough for a picture of the clusters


def write_picture(path: str, rows: list[np.ndarray]) -> None:
    """Write the model's own picture in MLflow: rows of images, uint8 (N, C, H, W), side by side as a PNG."""
    from PIL import Image

    picture = np.concatenate([np.concatenate(list(row), axis=2) for row in rows], axis=1)
    with artifacts.replacing(path) as part:
        Image.fromarray(picture.transpose(1, 2, 0).squeeze()).save(part)


def timed(restore: scoring.Restorer, seconds: dict[str, float], method: str) -> scoring.Restorer:
    """Return the same restorer, which adds to `seconds` the time that it takes."""

    def restore_in_time(*batch: torch.Tensor) -> torch.Tensor:
        start = time.perf_counter()
        restored = restore(*batch)
        if torch.get_default_device().type == "cuda":
            torch.cuda.synchronize()  # the GPU may still be computing
        seconds[method] = seconds.get(method, 0) + time.perf_counter() - start
        return restored

    return restore_in_time


def main(job: dict, inputs: Any, outputs: Any, seed: int) -> tuple[dict, dict[str, float]]:
    """Write the scores of each image, their means, the restorations that figures show, and the latent means.

    Returns the metrics, as they are in metrics.json, and the milliseconds that each method took for an image.
    """
    model = model_file.load(inputs.model)
    splits, classes = dataset_files.read_dataset(inputs.dataset, "train", "test")
    complete, labels = splits["test"]
    corrupted, mask = dataset_files.read_corrupted(inputs.test, complete)
    if (model.image_shape, model.classes) != (complete.shape[1:], classes):
        fits = f"images {model.image_shape} of {model.classes} classes"
        raise DamagedFile(inputs.model, f"a model for {fits}; the data set has {complete.shape[1:]} of {classes}")
    shown = scoring.shown(labels, model.classes)
    read = classifier.load(inputs.classifier, complete.shape[1:], classes).read if inputs.classifier else None
    test = dataset_files.Images(complete, corrupted, mask, labels)
    restorers, cost, seconds = {}, {}, {}
    for method, parameters in job["inference"]:
        # One to count with and one to measure with: each goes on with its own draws.
        counted, restore = (scoring.restorer(model, method, parameters, seed) for _ in range(2))
        if counted and restore:
            cost[method] = {"multiply_adds": computation_cost.multiply_adds(counted, test)}
            restorers[method] = timed(restore, seconds, method)
    if not restorers:
        methods = ", ".join(method for method, _ in job["inference"])
        raise UserError(
            f"{inputs.model}: no inference of its task applies to it ({methods}); add encode, or take the variant out"
        )
    scores, examples, kept = scoring.measure(restorers, test, shown, read)
    artifacts.write_parquet(outputs.scores, scores)
    artifacts.write_npz(outputs.examples, shown=shown, **examples)
    artifacts.write_npz(outputs.cases, **kept)
    write_picture(outputs.picture, [complete[shown], corrupted[shown], *map(device.as_uint8, examples.values())])

    train_images, train_labels = (array[:LATENTS] for array in splits["train"])
    artifacts.write_npz(
        outputs.latents,
        train=scoring.latent_means(model, train_images, np.zeros_like(train_images[:, :1], bool), train_labels),
        train_labels=train_labels,
        test=scoring.latent_means(model, corrupted, mask, labels),
        test_labels=labels,
    )
    metrics = {
        "test": objective.held_out(model, complete, corrupted, mask, labels, seed),
        "scores": scoring.summarise(scores),
        "images": len(labels),
        "cost": cost,
        **diagnostics.measure(model, test, seed),
    }
    artifacts.write_json(outputs.metrics, metrics)
    return metrics, {method: 1000 * seconds[method] / len(labels) for method in seconds}


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        start = time.monotonic()
        job, inputs, outputs = script.settings(snakemake), snakemake.input, snakemake.output
        device.use(job["device"])
        # Read before anything is computed, which would be lost to a damaged file.
        summary = artifacts.read_json(inputs.summary, "identity", "settings")
        metrics, milliseconds = main(job, inputs, outputs, int(snakemake.wildcards.seed))
        trained = {key: inputs[key] for key in ("summary", "history", "validation", "model")}
        page = Path(inputs.dataset).parents[1] / "report/report.html"
        run = run_log.model_log(snakemake.config, snakemake.wildcards, summary["identity"])
        mirror.start_beside_job(run.uri)
        with run.evaluation(trained, inputs.dataset, inputs.test):
            run.log_evaluation(metrics, milliseconds, [outputs.metrics, outputs.scores, outputs.picture], page)
        for method, taken in milliseconds.items():
            logger.info("%s: %s: %.2f ms an image", run.name, method, taken)
        logger.info("%s: %d images in %.1f s", run.name, metrics["images"], time.monotonic() - start)
