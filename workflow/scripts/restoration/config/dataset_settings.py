"""The part `dataset` of the configuration: checked and completed."""

from collections.abc import Mapping
from typing import Any

from restoration.config import part_checks
from restoration.core import checksums, registry
from restoration.core.errors import UserError, quoted
from restoration.data import image_folder, split_sizes

RESERVED = {"mlflow", "checkpoints"}  # folders of results/ with another use
COMMON = ("name", "source", "validation", "seed")


def complete(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given`, which fits the schema, with the data set's own keys and what is known of the images.

    `validation` becomes a number where the number of training images is known, and `labels`, the names of the classes,
    is added where they are known (an empty list: images without labels). Raises UserError if the data set is not there,
    does not take a key, needs a reserved folder, or leaves no images to train on.
    """
    name = given["name"]
    defaults = part_checks.check("datasets", name, {}, "dataset.name")
    if name.lower() in RESERVED:
        file = registry.place("datasets", name)
        raise UserError(f"dataset.name: results/{name} has another use; give {file} another name")
    for key in given:
        if key not in COMMON and key not in defaults:
            taken = ", ".join([*COMMON, *(key for key in defaults if key not in COMMON)])
            raise UserError(f"dataset.{key}: '{name}' takes no such key; it takes: {taken}")
    count, labels = registry.constant("datasets", name, "TRAIN_IMAGES"), registry.constant("datasets", name, "LABELS")
    settings = {**given, **{key: given.get(key, default) for key, default in defaults.items() if key != "seed"}}
    for key in ("validation", "test"):
        wanted = settings.get(key)
        if wanted is not None and not isinstance(wanted, int) and not 0 < wanted < 1:
            raise UserError(
                f"dataset.{key}: {quoted(wanted)} is neither a whole number of images nor a share between 0 and 1"
            )
    if is_folder(name):
        folder = image_folder.scan(given["source"])
        labels = folder.labels
        count = len(folder.files) - _testing(settings["test"], folder)
    if count is not None:
        aside = split_sizes.validation(given["validation"], count)
        if not 0 < aside < count:
            left = "leave none to train on" if aside else "leave none to validate with"
            raise UserError(
                f"dataset.validation: {quoted(given['validation'])} of the {count:,} training images of {name} {left}"
            )
        settings["validation"] = aside
    return settings if labels is None else {**settings, "labels": labels}


def is_folder(name: str) -> bool:
    """Tell whether a data set's source is a folder of images, which can change without a change of settings."""
    return bool(registry.constant("datasets", name, "IMAGE_FOLDER"))


def contents(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return `images`, a digest of the files, for a data set that can change without a change of settings.

    settings: as from `complete`. Raises UserError for a file that cannot be read.
    """
    if not is_folder(settings["name"]):
        return {}
    root, files, _ = image_folder.scan(settings["source"])
    return {"images": image_folder.digest(checksums.of(root, files))}


def size(settings: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return height and width of the images, where the settings or the data set's file tell them.

    settings: as from `complete`.
    """
    if settings.get("size") is not None:
        return image_folder.sides(settings["size"])
    shape = registry.constant("datasets", settings["name"], "IMAGE_SHAPE")
    return shape and shape[1:]


def _testing(test: float, folder: image_folder.Folder) -> int:
    """Return how many of the folder's images are for testing."""
    count, classes = len(folder.files), max(1, len(folder.labels))
    number = split_sizes.amount(test, count)
    if not classes <= number < count - classes:
        each = "one at least" if classes == 1 else f"one at least of each of {classes} classes"
        raise UserError(
            f"dataset.test: {quoted(test)} of {count} images is {number}; {each} must be there, and be left"
        )
    return number
