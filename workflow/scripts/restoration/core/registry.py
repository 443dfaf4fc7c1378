"""The registries: folders of the package in which each file is an entry, found by its name.

Nothing lists the entries: a new entry changes no other file, and so reruns nothing. Names and parameters are read from
the source without importing it, because configurations are checked before torch is loaded.
"""

import ast
import importlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from restoration.core.errors import UserError, quoted

PACKAGE = Path(__file__).parents[1]

# The folder of each kind's entries, below the package.
FOLDERS = {
    "datasets": "data/datasets",
    "corruptions": "data/corruptions",
    "networks": "models/networks",
    "losses": "models/losses",
    "inference": "restorers/inference",
    "baselines": "restorers/baselines",
    "claims": "comparison/claims",
}
# The function, or the class whose constructor, takes an entry's parameters.
ENTRY_POINTS = {
    "corruptions": "corrupt",
    "networks": "Network",
    "inference": "restore",
    "datasets": "load",
    "losses": "reconstruction",
    "baselines": "restore",
    "claims": "examine",
}
REQUIRED = object()  # the default of a parameter that has none

LARGEST = 1_000_000  # a larger number is a typing error, and would exhaust the memory

# The types that annotate a parameter. TYPES has for each what a value must be, in words, and the test.
PositiveInt = int
OddInt = int
Pixels = int  # a corruption's length, which must fit into images whose size the data set's file tells
NonNegativeFloat = float
Fraction = float
Quadrants = int
# Of a claim's test, which claims_file.py checks against the configuration:
Task = str
Measure = str
Rows = Sequence[str]  # models and baselines, as selectors.py reads them
TYPES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "PositiveInt": (
        f"a whole number from 1 to {LARGEST:,}",
        lambda value: type(value) is int and 1 <= value <= LARGEST,
    ),
    "OddInt": (
        f"an odd number from 1 to {LARGEST:,}",
        lambda value: type(value) is int and 1 <= value <= LARGEST and value % 2 == 1,
    ),
    "Pixels": ("a whole number of pixels, 1 or more", lambda value: type(value) is int and value >= 1),
    "NonNegativeFloat": (
        f"a number from 0 to {LARGEST:,}",
        lambda value: type(value) in (int, float) and 0 <= value <= LARGEST,
    ),
    "Fraction": ("a number from 0 to 1", lambda value: type(value) in (int, float) and 0 <= value <= 1),
    "Quadrants": ("1, 2 or 3 quadrants", lambda value: type(value) is int and 1 <= value <= 3),
    "Task": ("a text", lambda value: type(value) is str),
    "Measure": ("a text", lambda value: type(value) is str),
    "Rows": (
        "a list of texts",
        lambda value: type(value) is list and bool(value) and all(type(row) is str for row in value),
    ),
    "bool": ("true or false", lambda value: type(value) is bool),
    "str": ("a text", lambda value: type(value) is str),
}


def names(kind: str) -> list[str]:
    """Return the names of a kind's entries, sorted."""
    return sorted(path.stem for path in (PACKAGE / FOLDERS[kind]).glob("*.py") if path.stem != "__init__")


def place(kind: str, name: str) -> str:
    """Return an entry's file, as a user finds it below workflow/scripts/restoration/."""
    return f"{FOLDERS[kind]}/{name}.py"


def module_name(kind: str, name: str) -> str:
    """Return the dotted name of an entry's module."""
    return f"restoration.{FOLDERS[kind].replace('/', '.')}.{name}"


def load(kind: str, name: str) -> ModuleType:
    """Import an entry's module."""
    return importlib.import_module(module_name(kind, name))


def _parsed(kind: str, name: str) -> tuple[list[ast.stmt], ast.stmt]:
    """Return an entry's statements, and the one among them that defines the entry point."""
    try:
        body = ast.parse((PACKAGE / place(kind, name)).read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{place(kind, name)}: is not Python ({error})") from None
    found = [node for node in body if getattr(node, "name", None) == ENTRY_POINTS[kind]]
    if not found:
        raise UserError(
            f"{place(kind, name)}: defines no '{ENTRY_POINTS[kind]}'; {FOLDERS[kind]}/__init__.py says what it must "
            "define"
        )
    return body, found[-1]


@cache
def parameters(kind: str, name: str) -> dict[str, tuple[str, Any]]:
    """Read an entry's parameters from its source: name to (name of the type in TYPES, default or REQUIRED).

    Raises UserError, naming the entry's file, where the source does not tell.
    """
    _, entry = _parsed(kind, name)
    if isinstance(entry, ast.ClassDef):
        entry = next((node for node in entry.body if getattr(node, "name", None) == "__init__"), entry)
    if not isinstance(entry, ast.FunctionDef):
        raise UserError(f"{place(kind, name)}: '{ENTRY_POINTS[kind]}' has no arguments of its own to be the parameters")
    try:
        return {
            argument.arg: (
                ast.unparse(argument.annotation) if argument.annotation else "",
                REQUIRED if default is None else ast.literal_eval(default),
            )
            for argument, default in zip(entry.args.kwonlyargs, entry.args.kw_defaults, strict=True)
        }
    except (ValueError, TypeError):
        raise UserError(f"{place(kind, name)}: the defaults of its parameters must be written out as values") from None


@cache
def constant(kind: str, name: str, constant: str) -> Any:
    """Return the plain value that an entry's file, or its class, gives to `constant`; None where there is none."""
    body, entry = _parsed(kind, name)
    for node in [*body, *(entry.body if isinstance(entry, ast.ClassDef) else [])]:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if isinstance(value, ast.expr) and any(isinstance(to, ast.Name) and to.id == constant for to in targets):
            try:
                return ast.literal_eval(value)
            except (ValueError, TypeError):
                return None
    return None


def check(kind: str, name: str, given: dict[str, Any], where: str) -> dict[str, Any]:
    """Complete the parameters `given` with the entry's defaults.

    where: the key of the configuration, which a UserError names: for an unknown entry, an unknown or missing
    parameter, or a wrong value.
    """
    if name not in names(kind):
        raise UserError(f"{where}: there is no {quoted(name)} among the {kind}; known: {', '.join(names(kind))}")
    known = parameters(kind, name)
    for key, value in given.items():
        if key not in known:
            raise UserError(
                f"{where}.{str(key)[:60]}: '{name}' has no such parameter; it takes: {', '.join(known) or 'none'}"
            )
        if known[key][0] not in TYPES:
            raise UserError(f"{place(kind, name)}: annotate '{key}' with one of: {', '.join(TYPES)}")
        (words, test), default = TYPES[known[key][0]], known[key][1]
        if not test(value) and not (isinstance(default, tuple) and value == list(default)):  # as of `without`: none
            raise UserError(f"{where}.{key}: {quoted(value)} is not {words}")
    complete = {key: given.get(key, default) for key, (_, default) in known.items()}
    missing = [key for key, value in complete.items() if value is REQUIRED]
    if missing:
        raise UserError(f"{where}: '{name}' needs {', '.join(missing)}")
    return complete
