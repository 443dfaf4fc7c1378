"""The registries: folders of the package in which a file is an entry, found by its name.

Nothing lists the entries, so that adding one changes no other file, and what is already trained stays trained.
Names and parameters are read from the source without importing it: configurations are checked before torch is loaded.
"""

import ast
import importlib
import math
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from restoration.errors import UserError

PACKAGE = Path(__file__).parent

# Where an entry of each kind takes its parameters: a function, or a class's constructor.
ENTRY_POINTS = {
    "corruptions": "corrupt",
    "networks": "Network",
    "inference": "restore",
    "datasets": "load",
    "losses": "reconstruction",
    "baselines": "restore",
}
REQUIRED = object()  # the default of a parameter that has none

# The types that a parameter's annotation may name: what a value must be, in words, and the test.
PositiveInt = int
NonNegativeFloat = float
TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "PositiveInt": ("a whole number, 1 or more", lambda value: type(value) is int and value >= 1),
    "NonNegativeFloat": ("a number, 0 or more", lambda value: type(value) in (int, float) and 0 <= value < math.inf),
    "bool": ("true or false", lambda value: type(value) is bool),
    "str": ("a text", lambda value: type(value) is str),
}


def names(kind: str) -> list[str]:
    """The entries of a registry, sorted."""
    return sorted(path.stem for path in (PACKAGE / kind).glob("*.py") if path.stem != "__init__")


def load(kind: str, name: str) -> ModuleType:
    """Import the module of an entry."""
    return importlib.import_module(f"restoration.{kind}.{name}")


@cache
def parameters(kind: str, name: str) -> dict[str, tuple[str, Any]]:
    """The keyword-only parameters of an entry: name to (type's name, of TYPES, and default or REQUIRED)."""
    body = ast.parse((PACKAGE / kind / f"{name}.py").read_text(encoding="utf-8")).body
    entry = next(node for node in body if getattr(node, "name", None) == ENTRY_POINTS[kind])
    if isinstance(entry, ast.ClassDef):
        entry = next(node for node in entry.body if getattr(node, "name", None) == "__init__")
    assert isinstance(entry, ast.FunctionDef)
    return {
        argument.arg: (
            ast.unparse(argument.annotation) if argument.annotation else "",
            REQUIRED if default is None else ast.literal_eval(default),
        )
        for argument, default in zip(entry.args.kwonlyargs, entry.args.kw_defaults, strict=True)
    }


def check(kind: str, name: str, given: dict[str, Any], where: str) -> dict[str, Any]:
    """`given` completed with the entry's defaults.

    Raises UserError, naming the key `where`, for an unknown entry, an unknown or missing parameter, or a wrong value.
    """
    if name not in names(kind):
        raise UserError(f"{where}: there is no '{name}' among the {kind}; known: {', '.join(names(kind))}")
    known = parameters(kind, name)
    for key, value in given.items():
        if key not in known:
            raise UserError(f"{where}.{key}: '{name}' has no such parameter; it takes: {', '.join(known) or 'none'}")
        if known[key][0] not in TYPES:
            raise UserError(f"{kind}/{name}.py: annotate '{key}' with one of: {', '.join(TYPES)}")
        words, test = TYPES[known[key][0]]
        if not test(value):
            raise UserError(f"{where}.{key}: {value!r} is not {words}")
    complete = {key: given.get(key, default) for key, (_, default) in known.items()}
    missing = [key for key, value in complete.items() if value is REQUIRED]
    if missing:
        raise UserError(f"{where}: '{name}' needs {', '.join(missing)}")
    return complete
