"""Measure one trained model on the stored corrupted test set, by every inference of its task."""

import time
from typing import Any

import numpy as np

from restoration import artifacts, evaluation, images, jobs, models, objective, stored, tracking
from restoration.errors import DamagedFile, UserError

LATENTS = 10_000  # of the training images; enough for a picture of the clusters


def write_picture(path: str, rows: list[np.ndarray]) -> None:
    """The model's own picture in MLflow: rows of images, uint8 (N, C, H, W), side by side as a PNG."""
    from PIL import Image

    picture = np.concatenate([np.concatenate(list(row), axis=2) for row in rows], axis=1)
    with artifacts.replacing(path) as part:
        Image.fromarray(picture.transpose(1, 2, 0).squeeze()).save(part)


def main(job: dict, inputs: Any, outputs: Any, seed: int) -> dict:
    """Write the scores of each image, their means, the restorations that figures show, and the latent means.

    Returns the metrics, as they are in metrics.json.
    """
    model = models.load(inputs.model)
    splits, classes = stored.read_dataset(inputs.dataset, "train", "test")
    complete, labels = splits["test"]
    corrupted, mask = stored.read_corrupted(inputs.test, complete)
    if (model.image_shape, model.classes) != (complete.shape[1:], classes):
        fits = f"images {model.image_shape} of {model.classes} classes"
        raise DamagedFile(inputs.model, f"a model for {fits}; the data set has {complete.shape[1:]} of {classes}")
    shown = evaluation.shown(labels, model.classes)
    restorers = {
        method: restore
        for method, parameters in job["inference"]
        if (restore := evaluation.restorer(model, method, parameters, seed))
    }
    if not restorers:
        methods = ", ".join(method for method, _ in job["inference"])
        raise UserError(
            f"{inputs.model}: no inference of its task applies to it ({methods}); add encode, or take the variant out"
        )
    scores, examples = evaluation.measure(restorers, complete, corrupted, mask, labels, shown)
    artifacts.write_parquet(outputs.scores, scores)
    artifacts.write_npz(outputs.examples, shown=shown, **examples)
    write_picture(outputs.picture, [complete[shown], corrupted[shown], *map(images.as_uint8, examples.values())])

    train_images, train_labels = (array[:LATENTS] for array in splits["train"])
    artifacts.write_npz(
        outputs.latents,
        train=evaluation.latent_means(model, train_images, np.zeros_like(train_images[:, :1], bool), train_labels),
        train_labels=train_labels,
        test=evaluation.latent_means(model, corrupted, mask, labels),
        test_labels=labels,
    )
    metrics = {
        "test": objective.held_out(model, complete, corrupted, mask, labels, seed),
        "scores": evaluation.summarise(scores),
        "images": len(labels),
    }
    artifacts.write_json(outputs.metrics, metrics)
    return metrics


if __name__ == "__main__":
    with jobs.running(snakemake) as logger:
        start = time.monotonic()
        inputs, outputs = snakemake.input, snakemake.output
        metrics = main(jobs.settings(snakemake), inputs, outputs, int(snakemake.wildcards.seed))
        summary = artifacts.read_json(inputs.summary, "identity", "settings")
        run = tracking.model_run(snakemake.config, snakemake.wildcards, summary["identity"])
        reopened = run.reopen()
        with run if reopened else run.start(summary["settings"]):
            if not reopened:
                history = artifacts.read_parquet(inputs.history, *objective.MEASURED)
                validation = artifacts.read_parquet(inputs.validation, "iteration", *objective.MEASURED)
                tracking.log_training(run, history, validation, inputs.model)
            run.log_evaluation(metrics, [outputs.metrics, outputs.scores, outputs.picture])
        logger.info("%s: %d images in %.1f s", run.name, metrics["images"], time.monotonic() - start)
