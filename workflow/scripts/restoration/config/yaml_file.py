"""The configuration as YAML reads it: held against a schema, and mended where YAML and Snakemake silently change it."""

import copy
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from restoration.core.errors import UserError, quoted

SCHEMAS = Path(__file__).parents[3] / "schemas"
TYPE_WORDS = {
    "object": "a mapping (key: value)",
    "array": "a list",
    "integer": "a whole number",
    "boolean": "true or false",
    "number": "a number",
    "string": "a text",
    "null": "null",
}
WORDS = {"true": True, "false": False}
TEXTS = ("dataset.source", "tracking.uri", "packages.", "restore.")  # beginnings of keys that stay texts
DEEPEST = 6  # keys within keys; a mapping within itself is deeper


class _Loader(yaml.SafeLoader):
    """A loader that refuses a key that is twice in a mapping, of which YAML would silently keep the last."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        keys: dict[tuple[str, str], yaml.Node] = {}
        for key, _ in node.value:
            first = keys.setdefault((key.tag, str(key.value)), key)
            if first is not key:
                lines = " and ".join(str(mark.line + 1) for mark in (first.start_mark, key.start_mark))
                raise UserError(f"{self.name}: {quoted(key.value)} is there twice, line {lines}; keep one of them")
        return node


def read(path: str | Path) -> Any:
    """Read a YAML file. Raises UserError for a key that is twice in a mapping, YAMLError or OSError otherwise."""
    with open(path, encoding="utf-8") as file:
        return yaml.load(file, Loader=_Loader)


def plain(value: Any, where: tuple[str, ...] = ()) -> Any:
    """Return a copy of Snakemake's configuration as plain dicts and lists, with texts made numbers where meant.

    `--config` passes nested values as texts, and YAML takes 1e-3 for a text. A text that is a number or a truth value
    becomes one, except under the keys TEXTS. `null` becomes None everywhere; a folder of this name can be written
    ./null. Raises UserError for what no key takes: a key that is no text, an infinite number, a mapping within itself.
    """
    if isinstance(value, Mapping | list | tuple) and len(where) == DEEPEST:
        raise UserError(f"{dotted(where)}: nested too deeply; no key takes this")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                written = "a number" if isinstance(key, float) or type(key) is int else quoted(key)
                raise UserError(f"{dotted(where)}: the key {written} is not a text; write it in quotes")
        return {key: plain(entry, (*where, key)) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry, (*where, str(number))) for number, entry in enumerate(value)]
    if value == "null":
        return None
    if isinstance(value, str) and not ".".join(where).startswith(TEXTS):
        if value in WORDS:
            return WORDS[value]
        if re.fullmatch(r"[-+]?[0-9]{1,18}", value):
            return int(value)
        if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", value):
            return plain(float(value), where)
    if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) > 10**18):
        # Python does not even write an integer of thousands of digits.
        written = str(value) if isinstance(value, float) else "a number of more than 18 digits"
        raise UserError(f"{dotted(where)}: {written} is no number to compute with")
    return value


def laid_over(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `given` over `defaults`, as Snakemake lays a --configfile over a configfile: its keys come first."""
    from snakemake.utils import update_config

    laid: dict[str, Any] = {}
    for part in (given, defaults, given):
        update_config(laid, part)
    return laid


def in_order(config: Any, first: Any) -> Any:
    """Return `config` with the keys of `first` in its order, then the others: Snakemake puts new keys in front.

    `inference` keeps its order, because its first entry is the one that pictures show.
    """
    if not isinstance(config, Mapping) or not isinstance(first, Mapping):
        return config
    keys = [*(key for key in first if key in config), *(key for key in config if key not in first)]
    return {key: config[key] if key == "inference" else in_order(config[key], first.get(key)) for key in keys}


def dotted(keys: Iterable[Any]) -> str:
    """Return the name of a key in messages: 'tasks.inpainting.seeds'."""
    return ".".join(str(key)[:60] for key in keys) or "the configuration"


@cache
def read_schema(name: str) -> Any:
    """Return the content of `<name>.schema.yaml`."""
    return yaml.safe_load((SCHEMAS / f"{name}.schema.yaml").read_text(encoding="utf-8"))


def check_schema(value: Any, name: str, whole: str) -> None:
    """Check a value against the schema `name`, and fill in the schema's defaults.

    Raises UserError, in one line that names the key, or the value as a whole by the words `whole`.
    """
    import jsonschema

    if error := jsonschema.exceptions.best_match(_validator()(read_schema(name)).iter_errors(value)):
        raise UserError(_message(error, dotted(error.absolute_path) if error.absolute_path else whole))


def fits(value: Any, schema: Any) -> bool:
    """Tell whether a value follows a schema, or a part of a schema, without references."""
    return bool(_validator()(schema).is_valid(value))


@cache
def _validator() -> Any:
    import jsonschema

    base = jsonschema.Draft202012Validator

    def properties(validator: Any, known: dict, instance: Any, schema: dict) -> Iterator[Any]:
        if isinstance(instance, dict):
            for key, subschema in known.items():
                if "default" in subschema:
                    instance.setdefault(key, copy.deepcopy(subschema["default"]))
        yield from base.VALIDATORS["properties"](validator, known, instance, schema)

    types = base.TYPE_CHECKER.redefine_many(
        {
            # JSON Schema takes 2.0 for an integer; torch, and a path with a seed in it, do not.
            "integer": lambda _, value: type(value) is int,
            # NaN is neither below a minimum nor above a maximum.
            "number": lambda _, value: type(value) in (int, float) and abs(value) < float("inf"),
            "array": lambda _, value: isinstance(value, list | tuple),
            "tuple": lambda _, value: isinstance(value, tuple),
        }
    )
    return jsonschema.validators.extend(base, {"properties": properties}, type_checker=types)


def _message(error: Any, where: str) -> str:
    value = quoted(error.instance)
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
