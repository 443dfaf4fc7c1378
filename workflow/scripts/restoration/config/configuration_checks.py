"""What is refused when the configuration is read: what its schema, or the parts that it names, do not allow.

Parts are judged by their files, without importing them. Every check raises UserError, in one line that names the key.
"""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from restoration.config import dataset_settings
from restoration.config.yaml_file import dotted
from restoration.core import registry
from restoration.core.errors import UserError, quoted
from restoration.data.holes import KINDS
from restoration.restorers.inference import applies

SCHEMA = Path(__file__).parents[3] / "schemas" / "config.schema.yaml"
TYPE_WORDS = {
    "object": "a mapping (key: value)",
    "array": "a list",
    "integer": "a whole number",
    "boolean": "true or false",
    "number": "a number",
    "string": "a text",
    "null": "null",
}


def check_schema(config: dict[str, Any]) -> None:
    """Check a configuration against the schema, and fill in the schema's defaults."""
    if error := jsonschema.exceptions.best_match(_validator().iter_errors(config)):
        raise UserError(_message(error))


@cache
def _validator() -> Any:
    base = jsonschema.Draft202012Validator

    def properties(validator: Any, known: dict, instance: Any, schema: dict) -> Iterator[Any]:
        if isinstance(instance, dict):
            for key, subschema in known.items():
                if "default" in subschema:
                    instance.setdefault(key, copy.deepcopy(subschema["default"]))
        yield from base.VALIDATORS["properties"](validator, known, instance, schema)

    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    # JSON Schema takes 2.0 for an integer; torch, and a path with a seed in it, do not.
    types = base.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return jsonschema.validators.extend(base, {"properties": properties}, type_checker=types)(schema)


def _message(error: jsonschema.ValidationError) -> str:
    where, value = dotted(error.absolute_path), quoted(error.instance)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        extra = next(key for key in error.instance if key not in known)
        return f"{where}: unknown key {quoted(extra)}; known: {', '.join(known)}"
    if error.validator == "type":
        wanted = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        return f"{where}: {value} is not {' or '.join(TYPE_WORDS[kind] for kind in wanted)}"
    if error.validator == "required":
        return f"{where}: {error.message.removesuffix(' is a required property')} is missing"
    if error.validator in ("pattern", "maxLength"):
        return f"{where}: {value} does not fit: {error.schema['description']}"
    return f"{where}: {error.message.replace(repr(error.instance), value)}"


def check_task(name: str, tasks: Iterable[str], where: str) -> None:
    """Refuse a task that does not exist."""
    if name not in tasks:
        raise UserError(f"{where}: there is no task {quoted(name)}; known: {', '.join(tasks)}")


def check_names(names: Iterable[str], where: str) -> None:
    """Refuse two names that differ in capital letters only: some disks take them for the same."""
    for name, count in Counter(map(str.lower, names)).items():
        if count > 1:
            raise UserError(f"{where}: '{name}' is there twice, in capital and small letters; rename one of them")


def check_losses(losses: Iterable[str], where: str) -> None:
    """Refuse a loss that does not exist."""
    for loss in losses:
        registry.check("losses", loss, {}, where)


def check_pixels(corruption: str, parameters: Mapping[str, Any], dataset: Mapping[str, Any], where: str) -> None:
    """Refuse a length in pixels that is larger than the images, where their size is known."""
    sides = dataset_settings.size(dataset)
    for key, (kind, _) in registry.parameters("corruptions", corruption).items():
        if kind == "Pixels" and sides and parameters[key] > min(sides):
            size = " x ".join(map(str, sides))
            raise UserError(
                f"{where}.{key}: {parameters[key]} does not fit; the images of {dataset['name']} have {size} pixels"
            )


def check_baselines(corruption: str) -> None:
    """Refuse wrong constants by which a task's baselines are chosen and tuned."""
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
    """Refuse a condition that the network does not take."""
    known = registry.constant("networks", network, "conditions")
    if known is not None and condition not in known:
        raise UserError(
            f"{where}.condition: network '{network}' does not take {quoted(condition)}; "
            f"set condition: {' or '.join(known)}, or another network"
        )


def check_inference(methods: Iterable[str], variants: Mapping[str, Any], where: str) -> None:
    """Refuse a method that no variant can use, and a variant that can use none of the methods."""
    needs = {method: registry.constant("inference", method, "NEEDS") or {} for method in methods}
    if wrong := [method for method in methods if not isinstance(needs[method], dict)]:
        raise UserError(f"inference/{wrong[0]}.py: NEEDS must be a mapping")
    fits: dict[str, list[str]] = {}
    for variant, settings in variants.items():
        variational = registry.constant("networks", settings["network"], "variational")
        has = settings if variational is None else {**settings, "variational": variational}
        fits[variant] = [method for method in methods if applies(needs[method], has)]
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
