"""Fetch the data set, check it, set validation images aside, and store all as one file."""

from pathlib import Path

import numpy as np

from restoration import artifacts, jobs, registry
from restoration.datasets import Dataset
from restoration.errors import UserError
from restoration.identity import derived_seed


def split(dataset: Dataset, validation: int, seed: int) -> dict[str, np.ndarray]:
    """The arrays of the three splits, by name: `validation` images are drawn from the training images.

    Raises UserError if that would leave no image to train on.
    """
    count = len(dataset.train_images)
    if validation >= count:
        raise UserError(f"dataset.validation: {validation} of {count} training images leave none to train on")
    aside = np.zeros(count, bool)
    aside[np.random.default_rng(derived_seed(seed, "validation")).permutation(count)[:validation]] = True
    return {
        "train_images": dataset.train_images[~aside],
        "train_labels": dataset.train_labels[~aside],
        "validation_images": dataset.train_images[aside],
        "validation_labels": dataset.train_labels[aside],
        "test_images": dataset.test_images,
        "test_labels": dataset.test_labels,
        "classes": np.array(dataset.classes),
    }


def main(job: dict, source: str | None, output: str | Path) -> dict[str, np.ndarray]:
    arrays = split(registry.load("datasets", job["name"]).load(source), job["validation"], job["seed"])
    artifacts.write_npz(output, **arrays)
    return arrays


if __name__ == "__main__":
    with jobs.running(snakemake) as logger:
        arrays = main(jobs.settings(snakemake), snakemake.config["dataset"].get("source"), snakemake.output[0])
        logger.info("%s", {name: array.shape for name, array in arrays.items()})
