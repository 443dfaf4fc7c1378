"""What the parts of a configuration ask of each other, as far as their files tell it without being imported."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from restoration.config import dataset_settings
from restoration.core import registry
from restoration.core.errors import UserError, quoted
from restoration.data.holes import KINDS
from restoration.restorers import inference


def check_task(name: str, tasks: Iterable[str], where: str) -> None:
    """Raises UserError for a task that is not there."""
    if name not in tasks:
        raise UserError(f"{where}: there is no task {quoted(name)}; known: {', '.join(tasks)}")


def check_names(names: Iterable[str], where: str) -> None:
    """Raises UserError for two that are one on a disk that does not tell capital from small letters."""
    for name, count in Counter(map(str.lower, names)).items():
        if count > 1:
            raise UserError(f"{where}: '{name}' is there twice, in capital and small letters; rename one of them")


def check_pixels(corruption: str, parameters: Mapping[str, Any], dataset: Mapping[str, Any], where: str) -> None:
    """Raises UserError for a length in pixels that the images do not have, where their size is known."""
    sides = dataset_settings.size(dataset)
    for key, (kind, _) in registry.parameters("corruptions", corruption).items():
        if kind == "Pixels" and sides and parameters[key] > min(sides):
            size = " x ".join(map(str, sides))
            raise UserError(
                f"{where}.{key}: {parameters[key]} does not fit; the images of {dataset['name']} have {size} pixels"
            )


def check_baselines(corruption: str) -> None:
    """Raises UserError for constants by which a task's baselines are chosen and tuned, and that cannot be."""
    hides = registry.constant("corruptions", corruption, "HIDES")
    if hides is not None and hides not in KINDS:
        raise UserError(f"corruptions/{corruption}.py: HIDES must be one of {', '.join(KINDS)}")
    for name in registry.names("baselines"):
        for constant in ("HIDDEN", "CALIBRATED"):
            kinds = registry.constant("baselines", name, constant)
            if kinds is not None and not (isinstance(kinds, list) and all(kind in KINDS for kind in kinds)):
                raise UserError(f"baselines/{name}.py: {constant} must be a list of {', '.join(KINDS)}")
        grid = registry.constant("baselines", name, "GRID")
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
