"""What the parts of a configuration ask of each other, as far as their files tell it without being imported."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from restoration import baselines, inference, registry
from restoration.errors import UserError, quoted

RESERVED = {"mlflow", "checkpoints"}  # folders of results/ that are no data set's


def check_dataset(name: str, validation: int, **_: Any) -> None:
    """Raises UserError unless the data set is there, its folder free, and it has more than its validation images."""
    registry.check("datasets", name, {}, "dataset.name")
    if name.lower() in RESERVED:
        raise UserError(f"dataset.name: results/{name} has another use; give datasets/{name}.py another name")
    count = registry.constant("datasets", name, "TRAIN_IMAGES")
    if count is not None and type(count) is not int:
        raise UserError(f"datasets/{name}.py: TRAIN_IMAGES must be a whole number")
    if count is not None and validation >= count:
        raise UserError(
            f"dataset.validation: {validation} of the {count:,} training images of {name} leave none to train on"
        )


def check_task(name: str, tasks: Iterable[str], where: str) -> None:
    """Raises UserError for a task that is not there."""
    if name not in tasks:
        raise UserError(f"{where}: there is no task {quoted(name)}; known: {', '.join(tasks)}")


def check_names(names: Iterable[str], where: str) -> None:
    """Raises UserError for two that are one on a disk that does not tell capital from small letters."""
    for name, count in Counter(map(str.lower, names)).items():
        if count > 1:
            raise UserError(f"{where}: '{name}' is there twice, in capital and small letters; rename one of them")


def check_pixels(corruption: str, parameters: Mapping[str, Any], dataset: str, where: str) -> None:
    """Raises UserError for a length in pixels that the images do not have."""
    shape = registry.constant("datasets", dataset, "IMAGE_SHAPE")
    if shape is not None and not (isinstance(shape, tuple) and [type(size) for size in shape] == [int] * 3):
        raise UserError(f"datasets/{dataset}.py: IMAGE_SHAPE must be (channels, height, width)")
    for key, (kind, _) in registry.parameters("corruptions", corruption).items():
        if kind == "Pixels" and shape and parameters[key] > min(shape[1:]):
            size = " x ".join(map(str, shape[1:]))
            raise UserError(
                f"{where}.{key}: {parameters[key]} does not fit; the images of {dataset} have {size} pixels"
            )


def check_baselines(corruption: str) -> None:
    """Raises UserError for constants by which a task's baselines are chosen and tuned, and that cannot be."""
    hides = registry.constant("corruptions", corruption, "HIDES")
    if hides is not None and hides not in baselines.KINDS:
        raise UserError(f"corruptions/{corruption}.py: HIDES must be one of {', '.join(baselines.KINDS)}")
    for name in registry.names("baselines"):
        hidden, grid = (registry.constant("baselines", name, constant) for constant in ("HIDDEN", "GRID"))
        if hidden is not None and not (isinstance(hidden, list) and all(kind in baselines.KINDS for kind in hidden)):
            raise UserError(f"baselines/{name}.py: HIDDEN must be a list of {', '.join(baselines.KINDS)}")
        if grid is not None and not (isinstance(grid, dict) and all(isinstance(v, list) and v for v in grid.values())):
            raise UserError(f"baselines/{name}.py: GRID must be a mapping of parameters to lists of values")
        for key, values in (grid or {}).items():
            for value in values:
                registry.check("baselines", name, {key: value}, f"baselines/{name}.py: GRID")


def check_condition(network: str, condition: str, where: str) -> None:
    """Raises UserError for a condition that the network does not take."""
    known = registry.constant("networks", network, "conditions")
    if known is not None and condition not in known:
        raise UserError(
            f"{where}.condition: network '{network}' does not take {quoted(condition)}; "
            f"set condition: {' or '.join(known)}, or another network"
        )


def check_inference(methods: Iterable[str], variants: Mapping[str, Any], where: str) -> None:
    """Raises UserError for a method that is for none of the variants, and for a variant that no method is for."""
    needs = {method: registry.constant("inference", method, "NEEDS") or {} for method in methods}
    if wrong := [method for method in methods if not isinstance(needs[method], dict)]:
        raise UserError(f"inference/{wrong[0]}.py: NEEDS must be a mapping")
    fits: dict[str, list[str]] = {variant: [] for variant in variants}
    for variant, settings in variants.items():
        variational = registry.constant("networks", settings["network"], "variational")
        has = settings if variational is None else {**settings, "variational": variational}
        fits[variant] = [method for method in methods if inference.applies(needs[method], has)]
    for method in methods:
        if not any(method in fitting for fitting in fits.values()):
            wanted = ", ".join(f"{key}: {value}" for key, value in needs[method].items())
            raise UserError(f"{where}.inference.{method}: for none of the task's variants ({wanted}); set it to false")
    for variant, fitting in fits.items():
        if not fitting:
            raise UserError(
                f"{where}.variants.{variant}: no inference of the task is for it ({', '.join(methods)}); "
                "add encode, or set it to false"
            )
