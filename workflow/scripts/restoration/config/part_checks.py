"""The parts that a configuration names, held against what their files say, which are read and not imported.

Every check raises UserError, in one line that names the key of the configuration, or the part's file.
"""

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from restoration.config import yaml_file
from restoration.core import registry
from restoration.core.errors import UserError, quoted

REQUIRED = object()  # the default of a parameter that has none


def parameters(kind: str, name: str) -> dict[str, tuple[str, Any]]:
    """Read a part's parameters from its file: name to (name of the type that annotates it, default or REQUIRED)."""
    _, entry = registry.parsed(kind, name)
    place, entry_point = registry.place(kind, name), registry.ENTRY_POINTS[kind]
    if isinstance(entry, ast.ClassDef):
        entry = next((node for node in entry.body if getattr(node, "name", None) == "__init__"), entry)
    if not isinstance(entry, ast.FunctionDef):
        raise UserError(f"{place}: '{entry_point}' has no arguments of its own to be the parameters")
    try:
        return {
            argument.arg: (
                ast.unparse(argument.annotation) if argument.annotation else "",
                REQUIRED if default is None else ast.literal_eval(default),
            )
            for argument, default in zip(entry.args.kwonlyargs, entry.args.kw_defaults, strict=True)
        }
    except (ValueError, TypeError):
        raise UserError(f"{place}: the defaults of its parameters must be written out as values") from None


def check(kind: str, name: str, given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Check a part and its parameters; return the parameters `given`, completed with their defaults.

    where: the key of the configuration that has them.
    """
    registry.check_name(kind, name, where)
    check_constants(kind, name)
    known, types = parameters(kind, name), yaml_file.read_schema("parts")["parameters"]
    for key, value in given.items():
        if key not in known:
            raise UserError(
                f"{where}.{str(key)[:60]}: '{name}' has no such parameter; it takes: {', '.join(known) or 'none'}"
            )
        annotation, default = known[key]
        if annotation not in types:
            raise UserError(f"{registry.place(kind, name)}: annotate '{key}' with one of: {', '.join(types)}")
        is_default = isinstance(default, tuple) and value == list(default)  # as of `without`: none
        if not is_default and not yaml_file.fits(value, types[annotation]):
            raise UserError(f"{where}.{key}: {quoted(value)} is not {types[annotation]['description']}")
    complete = {key: given.get(key, default) for key, (_, default) in known.items()}
    missing = [key for key, value in complete.items() if value is REQUIRED]
    if missing:
        raise UserError(f"{where}: '{name}' needs {', '.join(missing)}")
    return complete


def check_constants(kind: str, name: str) -> None:
    """Refuse a wrong constant in a part's file."""
    for constant, schema in yaml_file.read_schema("parts")["constants"].get(kind, {}).items():
        if not yaml_file.fits(registry.constant(kind, name, constant), schema):
            raise UserError(f"{registry.place(kind, name)}: {constant} must be {schema['description']}")


def check_baselines() -> None:
    """Refuse wrong constants by which any task's baselines are chosen and tuned."""
    for name in registry.names("baselines"):
        check_constants("baselines", name)
        for key, values in (registry.constant("baselines", name, "GRID") or {}).items():
            for value in values:
                check("baselines", name, {key: value}, f"{registry.place('baselines', name)}: GRID")


def check_losses(losses: Iterable[str], where: str) -> None:
    """Refuse a loss that does not exist."""
    for loss in losses:
        check("losses", loss, {}, where)


def check_condition(network: str, condition: str, where: str) -> None:
    """Refuse a condition that the network does not take."""
    known = registry.constant("networks", network, "conditions")
    if known is not None and condition not in known:
        raise UserError(
            f"{where}.condition: network '{network}' does not take {quoted(condition)}; "
            f"set condition: {' or '.join(known)}, or another network"
        )
