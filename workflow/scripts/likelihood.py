"""Estimate the log-likelihood of the test images, or of their hidden pixels, by one trained model."""

import logging
import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from restoration.config.likelihood_quantity import IMAGE_CONDITIONS
from restoration.core import artifacts, registry, script
from restoration.core.errors import DamagedFile, UserError
from restoration.data import dataset_files, device
from restoration.evaluation import likelihood
from restoration.models import model_file

logger = logging.getLogger("restoration.likelihood")


def mean_of(samples: int | None, values: torch.Tensor) -> dict[str, Any]:
    """Return the negative mean of log-likelihoods (N,) and its standard error over the images."""
    error = values.std().item() / len(values) ** 0.5 if len(values) > 1 else 0.0
    return {"samples": samples, "nats": -values.mean().item(), "standard_error": error}


def summarise(batches: Iterable[Mapping[str, torch.Tensor]], target: str, samples: int) -> dict[str, Any]:
    """Return the figures of likelihood.measure over all images."""
    parts: dict[str, list[torch.Tensor]] = {}
    for number, batch in enumerate(batches, start=1):
        for name, values in batch.items():
            parts.setdefault(name, []).append(values)
        logger.info("%s: batch %d done", target, number)
    figures = {name: torch.cat(values) for name, values in parts.items()}
    floor = figures["entropy"].mean().item()
    if "exact" in figures:
        elbo, effective, rows = None, None, [mean_of(None, figures["exact"])]
    else:
        elbo = mean_of(min(samples, likelihood.ELBO_DRAWS), figures["elbo"])
        effective = figures["effective"].mean().item()
        rows = [mean_of(count, figures[str(count)]) for count in likelihood.counts(samples)]
    return {
        "target": target,
        "estimates": rows,
        "elbo": elbo,
        "effective_samples": effective,
        "entropy_floor": floor,
        "above_floor": rows[-1]["nats"] - floor,
    }


def main(job: Mapping[str, Any], inputs: Any, output: str) -> None:
    """Write likelihood.json. job: quantity, images, samples, targets, seed, data_seed; inputs: model, dataset, test."""
    model = model_file.load(inputs.model)
    splits, classes = dataset_files.read_dataset(inputs.dataset, "test")
    complete, labels = splits["test"]
    corrupted, mask = dataset_files.read_corrupted(inputs.test, complete)
    if (model.image_shape, model.classes) != (complete.shape[1:], classes):
        fits = f"images {model.image_shape} of {model.classes} classes"
        raise DamagedFile(inputs.model, f"a model for {fits}; the data set has {complete.shape[1:]} of {classes}")
    hidden = job["quantity"] == "hidden"
    if model.network.variational and hidden != (model.variant.condition in IMAGE_CONDITIONS):
        file = registry.place("networks", model.variant.network)
        raise UserError(f"{inputs.model}: {file} must say `variational` in its class")
    used = likelihood.chosen(len(complete), job["images"], job["data_seed"])
    images = dataset_files.Images(complete, corrupted, mask, labels).subset(used)
    pixels = math.prod(model.image_shape)
    figures = []
    for target in job["targets"]:
        batches = likelihood.measure(
            model, images, target, job["quantity"], job["samples"], job["seed"], job["data_seed"]
        )
        figures.append(summarise(batches, target, job["samples"]))
    content = {
        "quantity": job["quantity"],
        "condition": model.variant.condition,
        "estimator": "importance" if model.network.variational else "exact",
        "images": len(used),
        "pixels": float(images.mask.mean() * pixels) if hidden else float(pixels),
        "targets": figures,
    }
    artifacts.write_json(output, content)


if __name__ == "__main__":
    with script.running(snakemake):
        job = script.settings(snakemake) | {"seed": int(snakemake.wildcards.seed)}
        device.use(job["device"])
        main(job, snakemake.input, snakemake.output[0])
