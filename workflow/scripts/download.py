"""Fetch the data set, check it, set validation images aside, and store all as one file."""

import inspect
from pathlib import Path

import numpy as np

from restoration.core import artifacts, registry, script
from restoration.core.determinism import derived_seed
from restoration.core.errors import UserError
from restoration.data import dataset_files, image_folder, split_sizes
from restoration.data.datasets import Dataset


def split(dataset: Dataset, validation: float | None, seed: int) -> dict[str, np.ndarray]:
    """Return the arrays of the three splits, by name; validation images are drawn from the training images.

    validation: as for `split_sizes.validation`. Raises UserError if no image is left to train on or to validate with.
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
    """Refuse, with a UserError, what the data set's file loaded if it is no data set or not of the stated size."""
    splits = {
        "train": dataset_files.Split(dataset.train_images, dataset.train_labels),
        "test": dataset_files.Split(dataset.test_images, dataset.test_labels),
    }
    try:
        dataset_files.check(splits, dataset.classes)
        found_of = {"IMAGE_SHAPE": dataset.train_images.shape[1:], "TRAIN_IMAGES": len(dataset.train_images)}
        for constant, found in found_of.items():
            if registry.constant("datasets", name, constant) not in (None, found):
                raise ValueError(f"{constant} is not what was loaded, {found}")
    except ValueError as error:
        raise UserError(f"{registry.place('datasets', name)}: {error}") from None


def main(job: dict, source: str | None, output: str | Path, sources: str | Path) -> dict[str, np.ndarray]:
    """Write the arrays of the splits, and the checksums of the files that they came from; return the arrays.

    job: name, validation, seed, and the keys that the data set's `load` takes; for a folder of images also the digest
    of its files when Snakemake looked. Raises UserError if the folder has changed since.
    """
    load = registry.load("datasets", job["name"]).load
    keys = inspect.getfullargspec(load).kwonlyargs
    dataset = load(source, **{key: job[key] for key in keys if key in job})
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
