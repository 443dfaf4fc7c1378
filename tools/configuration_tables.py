"""Make the tables of keys in config/README.md from the schema and config/config.yaml: `make docs`.

A table stands between the lines `<!-- table of keys: NAME -->` and `<!-- end of table -->`; NAME is one of TABLES.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import marked
import yaml

ROOT = Path(__file__).parents[1]
README = ROOT / "config" / "README.md"
# The name of a table to the place of its keys in the schema; * stands for a name that a user gives.
TABLES = {
    "configuration": (),
    "variant": ("variants", "*"),
    "task": ("tasks", "*"),
    "likelihood": ("tasks", "*", "likelihood"),
    "restore": ("restore",),
}
COLUMNS = ("key", "meaning", "value", "default")
WORDS = {
    "array": "list",
    "boolean": "`true` or `false`",
    "integer": "whole number",
    "null": "`null`",
    "number": "number",
    "object": "mapping",
    "string": "text",
}

MISSING = object()

Row = tuple[str, str, str, str]


def read(name: str) -> Any:
    """Read a YAML file of the repository."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


class Schema:
    """The schema and the values of config.yaml, as rows of tables."""

    def __init__(self, schema: Mapping[str, Any], configuration: Mapping[str, Any]) -> None:
        self.schema, self.configuration = schema, configuration

    def table(self, place: tuple[str, ...]) -> list[Row]:
        """Return the rows of the object at `place`; keys that differ only in their names share a row."""
        schema = self.schema
        for key in place:
            schema = self.full(schema["additionalProperties"] if key == "*" else schema["properties"][key])
        rows = self.rows(schema, {} if place else self.configuration, place)
        return [
            (", ".join(key for key, *_ in alike), *cells) for cells, alike in groupby(rows, key=lambda row: row[1:])
        ]

    def full(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the schema merged over the schema that its $ref names."""
        return self.schema["$defs"][schema["$ref"].rpartition("/")[2]] | schema if "$ref" in schema else schema

    def rows(self, schema: Mapping[str, Any], given: Any, place: tuple[str, ...], prefix: str = "") -> Iterator[Row]:
        """Yield a row for each key, or for the keys of an object that describes them. given: values of config.yaml."""
        for key, part in schema["properties"].items():
            known, inner, name = self.full(part), (*place, key), f"{prefix}{key}"
            value = given[key] if key in given else known.get("default", MISSING)
            if self.is_opened(known) and inner not in TABLES.values():
                yield from self.rows(known, {} if value is MISSING else value, inner, f"{name}.")
                continue
            names = "properties" not in known and "additionalProperties" in known
            default = "needed" if key in schema.get("required", []) else ""
            if value is not MISSING:
                default = "those of `config.yaml`" if names and key in given else written(value)
            yield f"`{name}{'.<name>' if names else ''}`", known["description"], self.values(known), default
        if isinstance(others := schema.get("additionalProperties"), Mapping):
            yield f"`{prefix}<other>`", others["description"], "", ""

    def is_opened(self, schema: Mapping[str, Any]) -> bool:
        """Return whether an object describes each of its keys."""
        return all("description" in self.full(part) for part in schema.get("properties", {"none": {}}).values())

    def values(self, schema: Mapping[str, Any]) -> str:
        """Describe the values that a key may have."""
        if "enum" in schema:
            return ", ".join(map(written, schema["enum"]))
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        low, high, above = (schema.get(bound) for bound in ("minimum", "maximum", "exclusiveMinimum"))
        bounds = "" if low is None else f" from {low:,}" + ("" if high is None else f" to {high:,}")
        bounds += "" if above is None else f" above {above:,}"
        items = f" of: {self.values(self.full(schema['items']))}" if "items" in schema else ""
        more = {"integer": bounds, "number": bounds, "array": items}
        return " or ".join(WORDS[kind] + more.get(kind, "") for kind in kinds)


def written(value: Any) -> str:
    """Write a value in YAML, on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000)
    return f"`{text.strip().removesuffix('...').strip()}`"  # YAML ends a value that stands alone with three dots


def documented(text: str) -> str:
    """Return `text` with new tables. Raises ValueError unless it has each of TABLES once."""
    schema = Schema(read("workflow/schemas/config.schema.yaml"), read("config/config.yaml"))
    pattern = re.compile(r"(<!-- table of keys: (\w+) -->)\n.*?(<!-- end of table -->)", re.DOTALL)
    if sorted(found := [match[2] for match in pattern.finditer(text)]) != sorted(TABLES):
        raise ValueError(f"{README.name} has the tables {found}, not {list(TABLES)}")

    def written_anew(match: re.Match[str]) -> str:
        return "\n".join([match[1], *marked.table(COLUMNS, schema.table(TABLES[match[2]])), match[3]])

    return pattern.sub(written_anew, text)


if __name__ == "__main__":
    README.write_text(documented(README.read_text(encoding="utf-8")), encoding="utf-8")
