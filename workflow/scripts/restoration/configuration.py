"""The configuration: checked against its schema, completed, and turned into the models to train.

Everything here is light (no torch), for Snakemake reads it at each start.
"""

import copy
import math
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import yaml

from restoration import registry
from restoration.errors import UserError

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
WORDS = {"true": True, "false": False, "null": None}
TEXTS = ("dataset.source", "tracking.uri", "packages.")  # how keys begin whose texts may look like a number
VARIANT_KEYS = ("network", "encoder_input", "condition")


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
    `losses`, `training`, `inference` (name to parameters) and `variants` (name to definition).

    Raises UserError, in one line that names the key, if the configuration is not sound.
    """
    resolved = _plain(config)
    for task in [resolved, *_mappings(_switch_off(resolved, "tasks"))]:
        _switch_off(task, "variants")
        _switch_off(task, "inference")
    if error := jsonschema.exceptions.best_match(_validator().iter_errors(resolved)):
        raise UserError(_message(error))
    dataset = resolved["dataset"]
    registry.check("datasets", dataset["name"], {}, "dataset.name")
    for name in resolved["variants"]:
        _resolve_variant(name, {}, resolved["variants"], f"variants.{name}")
    resolved["tasks"] = {name: _resolve_task(name, task, resolved) for name, task in resolved["tasks"].items()}
    if not resolved["tasks"]:
        raise UserError("tasks: none is left; at least one is needed")
    return resolved


def models(resolved: Mapping[str, Any]) -> list[ModelName]:
    """Every model that a resolved configuration asks for, in the configuration's order."""
    return [
        ModelName(task, variant, loss, seed)
        for task, settings in resolved["tasks"].items()
        for variant in settings["variants"]
        for loss in settings["losses"]
        for seed in resolved["seeds"]
    ]


def _plain(value: Any, where: str = "") -> Any:
    """A copy of Snakemake's configuration, as plain dicts and lists.

    Snakemake passes what is nested in a `--config` on as text, and YAML takes 1e-3 for one; a text that is a number or
    a truth value becomes one, but for those keys that are texts.
    """
    if isinstance(value, Mapping):
        return {key: _plain(entry, f"{where}.{key}".lstrip(".")) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry, f"{where}.{number}") for number, entry in enumerate(value)]
    if isinstance(value, str) and not where.startswith(TEXTS):
        if value in WORDS:
            return WORDS[value]
        if re.fullmatch(r"[-+]?[0-9]{1,18}", value):
            return int(value)
        if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", value):
            value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{where}: {value} is no number to compute with")
    return value


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
    corruption = dict(task["corruption"])
    kind = corruption.pop("name")
    corruption = registry.check("corruptions", kind, corruption, f"{where}.corruption")
    losses = task.get("losses", resolved["losses"])
    for loss in losses:
        registry.check("losses", loss, {}, f"{where}.losses" if "losses" in task else "losses")
    inference = {
        method: registry.check("inference", method, parameters, f"{where}.inference.{method}")
        for method, parameters in task["inference"].items()
    }
    chosen = task["variants"]
    if not chosen or not inference:
        raise UserError(f"{where}.{'inference' if chosen else 'variants'}: none is left; at least one is needed")
    return {
        "corruption": {"name": kind, **corruption},
        "losses": losses,
        "training": {**resolved["training"], **task["training"]},
        "inference": inference,
        "variants": {
            variant: _resolve_variant(variant, overrides, resolved["variants"], f"{where}.variants.{variant}")
            for variant, overrides in chosen.items()
        },
    }


def _resolve_variant(name: str, overrides: Mapping[str, Any], known: Mapping[str, Any], where: str) -> dict[str, Any]:
    if name not in known:
        raise UserError(f"{where}: there is no variant '{name}'; variants has: {', '.join(known)}")
    merged = {**known[name], **overrides}
    parameters = {key: value for key, value in merged.items() if key not in VARIANT_KEYS}
    parameters = registry.check("networks", merged["network"], parameters, where)
    return {**{key: merged[key] for key in VARIANT_KEYS}, "parameters": parameters}


def _message(error: jsonschema.ValidationError) -> str:
    where = ".".join(str(part) for part in error.absolute_path) or "the configuration"
    if error.validator == "additionalProperties":
        known = ", ".join(error.schema.get("properties", {}))
        extra = ", ".join(repr(key) for key in error.instance if key not in error.schema.get("properties", {}))
        return f"{where}: unknown key {extra}; known: {known}"
    if error.validator == "pattern":
        return f"{where}: {error.instance!r} is no name; use letters, digits, '_' and '-', beginning with a letter"
    return f"{where}: {error.message}"
