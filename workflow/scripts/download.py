"""Fetch the data set, check it, set validation images aside, and store all as one file."""

from pathlib import Path

import numpy as np

from restoration.core import artifacts, registry, script
from restoration.core.determinism import derived_seed
from restoration.core.errors import UserError
from restoration.data import dataset_files, image_folder, split_sizes
from restoration.data.datasets import Dataset


def split(dataset: Dataset, validation: float | None, seed: int) -> dict[str, np.ndarray]:
    """The arrays of the three splits, by name: `validation` images (see `split_sizes.validation`) are drawn from the
    training images.

    Raises UserError if that would leave no image to train on, or none to validate with.
    """
    count = len(dataset.train_images)
    drawn = split_sizes.validation(validation, count)
    if not 0 < drawn < count:
        raise UserError(f"dataset.validation: {drawn} of {count} training images leave none to validate or to train on")
    aside = np.zeros(count, bool)
    aside[np.random.default_rng(derived_seed(seed, "validation")).permutation(count)[:drawn]] = True
    return {
        "train_images": dataset.train_images[~aside],
        "train_labels": dataset.train_labels[~aside],
        "validation_images": dataset.train_images[aside],
        "validation_labels": dataset.train_labels[aside],
        "test_images": dataset.test_images,
        "test_labels": dataset.test_labels,
        "classes": np.array(dataset.classes),
    }


def check(dataset: Dataset, name: str) -> None:
    """Raises UserError unless what datasets/<name>.py loaded is a data set, and of the size that it says it is."""
    splits = {
        "train": dataset_files.Split(dataset.train_images, dataset.train_labels),
        "test": dataset_files.Split(dataset.test_images, dataset.test_labels),
    }
    try:
        dataset_files.check(splits, dataset.classes)
        for constant, found in (
            ("IMAGE_SHAPE", dataset.train_images.shape[1:]),
            ("TRAIN_IMAGES", len(dataset.train_images)),
        ):
            if registry.constant("datasets", name, constant) not in (None, found):
                raise ValueError(f"{constant} is not what was loaded, {found}")
    except ValueError as error:
        raise UserError(f"datasets/{name}.py: {error}") from None


def main(job: dict, source: str | None, output: str | Path, sources: str | Path) -> dict[str, np.ndarray]:
    """Write the arrays of the splits, and the sums of the files that they came from; returns the arrays.

    job: name, validation, seed, those of the others that the data set's `load` takes, and of a folder of images the
    digest that its files had when Snakemake looked. Raises UserError if they have another now.
    """
    keys = registry.parameters("datasets", job["name"])
    dataset = registry.load("datasets", job["name"]).load(source, **{key: job[key] for key in keys if key in job})
    check(dataset, job["name"])
    if "images" in job and image_folder.digest(dataset.sources) != job["images"]:
        raise UserError(f"dataset.source: images in {source} changed while this ran; type the same command again")
    arrays = split(dataset, job["validation"], job["seed"])
    artifacts.write_npz(output, **arrays)
    artifacts.write_json(sources, dataset.sources)
    return arrays


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        arrays = main(script.settings(snakemake), snakemake.config["dataset"].get("source"), *snakemake.output)
        logger.info("%s", {name: array.shape for name, array in arrays.items()})
