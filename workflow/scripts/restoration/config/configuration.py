"""The configuration: checked against its schema, completed, and turned into the models to train.

Everything here is light (no torch), for Snakemake reads it at each start.
"""

import copy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import yaml

from restoration.config import consistency, dataset_settings, unlabelled
from restoration.config.yaml_file import dotted, plain
from restoration.core import registry
from restoration.core.errors import UserError, quoted
from restoration.evaluation import likelihood_targets

SCHEMA = Path(__file__).parents[3] / "schemas" / "config.schema.yaml"
VARIANT_KEYS = ("network", "encoder_input", "condition")
TRAINING_KEYS = ("seeds", "losses", "training")  # what a variant may have of its own, in the place of the task's
KINDS = {
    "object": "a mapping (key: value)",
    "array": "a list",
    "integer": "a whole number",
    "boolean": "true or false",
    "number": "a number",
    "string": "a text",
    "null": "null",
}


class ModelName(NamedTuple):
    """What tells one model from another."""

    task: str
    variant: str
    loss: str
    seed: int


@cache
def _validator() -> Any:
    """A validator that also fills in the schema's defaults."""
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


def resolve(config: Mapping[str, Any]) -> dict[str, Any]:
    """The complete configuration: defaults filled in, switched-off entries gone, and each task with its own
    `inference` (name to parameters) and `variants` (name to definition, with `seeds`, `losses` and `training`).

    Of images without labels what needs one is gone as well, and named in `left_out`, as `unlabelled.leave_out` does.

    Raises UserError, in one line that names the key, if the configuration is not sound.
    """
    resolved = plain(config)
    if not isinstance(resolved, dict):
        raise UserError(f"the configuration: {quoted(resolved)} is not {KINDS['object']}")
    tasks = _mappings(_switch_off(resolved, "tasks"))
    for task in [resolved, *tasks]:
        _switch_off(task, "variants")
        _switch_off(task, "inference")
    for task in tasks:
        match task.get("likelihood", {}):
            case False:
                del task["likelihood"]
            case None:
                task["likelihood"] = {}
    if error := jsonschema.exceptions.best_match(_validator().iter_errors(resolved)):
        raise UserError(_message(error))
    resolved["dataset"] = dataset_settings.complete(resolved["dataset"])
    for key in ("variants", "tasks"):
        consistency.check_names(resolved[key], key)
    for name in resolved["variants"]:
        _resolve_variant(
            name, {}, resolved["variants"], f"variants.{name}", {"seeds": [], "losses": [], "training": {}}
        )
    if resolved["dataset"].get("labels") == []:
        resolved["left_out"] = unlabelled.leave_out(resolved["tasks"], resolved["variants"])
    resolved["tasks"] = {name: _resolve_task(name, task, resolved) for name, task in resolved["tasks"].items()}
    if not resolved["tasks"]:
        raise UserError("tasks: none is left; at least one is needed")
    if resolved["restore"]:
        consistency.check_task(resolved["restore"]["task"], resolved["tasks"], "restore.task")
    return resolved


def models(resolved: Mapping[str, Any]) -> list[ModelName]:
    """Every model that a resolved configuration asks for, in the configuration's order."""
    return [
        ModelName(task, variant, loss, seed)
        for task, settings in resolved["tasks"].items()
        for variant in settings["variants"]
        for loss in settings["variants"][variant]["losses"]
        for seed in settings["variants"][variant]["seeds"]
    ]


def _switch_off(place: dict[str, Any], key: str) -> dict[str, Any]:
    """Take the entries of `place[key]` that are `false` away; one without a value is an empty one. Returns the rest."""
    entries = place.get(key)
    if not isinstance(entries, dict):
        return {}
    place[key] = {name: {} if entry is None else entry for name, entry in entries.items() if entry is not False}
    return place[key]


def _mappings(entries: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [entry for entry in entries.values() if isinstance(entry, dict)]


def _resolve_task(name: str, task: Mapping[str, Any], resolved: Mapping[str, Any]) -> dict[str, Any]:
    where = f"tasks.{name}"
    common = {
        "seeds": task.get("seeds", resolved["seeds"]),
        "losses": task.get("losses", resolved["losses"]),
        "training": {**resolved["training"], **task.get("training", {})},
    }
    _check_losses(common["losses"], f"{where}.losses" if "losses" in task else "losses")
    methods = {
        method: registry.check("inference", method, parameters, f"{where}.inference.{str(method)[:60]}")
        for method, parameters in task["inference"].items()
    }
    chosen = task["variants"]
    if not chosen or not methods:
        raise UserError(f"{where}.{'inference' if chosen else 'variants'}: none is left; at least one is needed")
    variants = {
        variant: _resolve_variant(
            variant, overrides, resolved["variants"], f"{where}.variants.{str(variant)[:60]}", common
        )
        for variant, overrides in chosen.items()
    }
    consistency.check_inference(methods, variants, where)
    corruption = _resolve_corruption(task["corruption"], resolved["dataset"], f"{where}.corruption")
    settings = {"corruption": corruption, "inference": methods, "variants": variants}
    if "likelihood" in task:
        likelihood_targets.check(variants, corruption["name"], where)
        settings["likelihood"] = task["likelihood"]
    return settings


def _resolve_corruption(given: Mapping[str, Any], dataset: Mapping[str, Any], where: str) -> dict[str, Any]:
    name = given["name"]
    parameters = {key: value for key, value in given.items() if key != "name"}
    parameters = registry.check("corruptions", name, parameters, where)
    consistency.check_pixels(name, parameters, dataset, where)
    consistency.check_baselines(name)
    return {"name": name, **parameters}


def _resolve_variant(
    name: str, overrides: Mapping[str, Any], known: Mapping[str, Any], where: str, common: Mapping[str, Any]
) -> dict[str, Any]:
    """`known[name]` with the overrides; `common`: seeds, losses and training where it has none of its own."""
    if name not in known:
        raise UserError(f"{where}: there is no variant {quoted(name)}; variants has: {', '.join(known)}")
    merged = {**common, **known[name], **overrides}
    parts = [place.get("training", {}) for place in (common, known[name], overrides)]
    training = {key: value for part in parts for key, value in part.items()}
    _check_losses(merged["losses"], f"{where}.losses")
    parameters = {key: value for key, value in merged.items() if key not in VARIANT_KEYS + TRAINING_KEYS}
    parameters = registry.check("networks", merged["network"], parameters, where)
    consistency.check_condition(merged["network"], merged["condition"], where)
    return {
        **{key: merged[key] for key in VARIANT_KEYS},
        "parameters": parameters,
        "seeds": merged["seeds"],
        "losses": merged["losses"],
        "training": training,
    }


def _check_losses(losses: list[str], where: str) -> None:
    for loss in losses:
        registry.check("losses", loss, {}, where)


def _message(error: jsonschema.ValidationError) -> str:
    where, value = dotted(error.absolute_path), quoted(error.instance)
    if error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        extra = next(key for key in error.instance if key not in known)
        return f"{where}: unknown key {quoted(extra)}; known: {', '.join(known)}"
    if error.validator == "type":
        wanted = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        return f"{where}: {value} is not {' or '.join(KINDS[kind] for kind in wanted)}"
    if error.validator == "required":
        return f"{where}: {error.message.removesuffix(' is a required property')} is missing"
    if error.validator in ("pattern", "maxLength"):
        return f"{where}: {value} does not fit: {error.schema['description']}"
    return f"{where}: {error.message.replace(repr(error.instance), value)}"
