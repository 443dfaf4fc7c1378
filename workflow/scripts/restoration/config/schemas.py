"""Values held against the JSON Schemas of workflow/schemas/."""

import copy
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from restoration.config.yaml_file import dotted
from restoration.core.errors import UserError, quoted

FOLDER = Path(__file__).parents[3] / "schemas"
TYPE_WORDS = {
    "object": "a mapping (key: value)",
    "array": "a list",
    "integer": "a whole number",
    "boolean": "true or false",
    "number": "a number",
    "string": "a text",
    "null": "null",
}


@cache
def read(name: str) -> Any:
    """Return the content of `<name>.schema.yaml`."""
    return yaml.safe_load((FOLDER / f"{name}.schema.yaml").read_text(encoding="utf-8"))


def check(value: Any, name: str, whole: str) -> None:
    """Check a value against the schema `name`, and fill in the schema's defaults.

    Raises UserError, in one line that names the key, or the value as a whole by the words `whole`.
    """
    import jsonschema

    if error := jsonschema.exceptions.best_match(_validator()(read(name)).iter_errors(value)):
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
