"""The registries: folders of the package in which a file is an entry, found by its name.

Nothing lists the entries, so that adding one changes no other file, and what is already trained stays trained.
Names and parameters are read from the source without importing it: configurations are checked before torch is loaded.
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

# The folder of each kind, below the package.
FOLDERS = {
    "datasets": "data/datasets",
    "corruptions": "data/corruptions",
    "networks": "models/networks",
    "losses": "models/losses",
    "inference": "restorers/inference",
    "baselines": "restorers/baselines",
    "claims": "comparison/claims",
}
# Where an entry of each kind takes its parameters: a function, or a class's constructor.
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

LARGEST = 1_000_000  # more of anything is a slip of the keyboard, and would end in a want of memory

# The types that a parameter's annotation may name: what a value must be, in words, and the test.
PositiveInt = int
OddInt = int
Pixels = int  # of a corruption: a length that must fit into the images, where the data set's file tells their size
NonNegativeFloat = float
Fraction = float
Quadrants = int
Task = str  # of a claim's test, checked against the configuration by claims_file.py: a task,
Measure = str  # a measure of restorations,
Rows = Sequence[str]  # and models and baselines, as selectors.py reads them
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
    """The entries of a registry, sorted."""
    return sorted(path.stem for path in (PACKAGE / FOLDERS[kind]).glob("*.py") if path.stem != "__init__")


def file_of(kind: str, name: str) -> Path:
    """Return the file of an entry."""
    return PACKAGE / FOLDERS[kind] / f"{name}.py"


def load(kind: str, name: str) -> ModuleType:
    """Import the module of an entry."""
    return importlib.import_module(f"restoration.{FOLDERS[kind].replace('/', '.')}.{name}")


def _bodies(kind: str, name: str) -> tuple[list[ast.stmt], ast.stmt]:
    """The source of an entry: its statements, and the one among them that defines the entry point."""
    file = f"{kind}/{name}.py"
    try:
        body = ast.parse(file_of(kind, name).read_text(encoding="utf-8")).body
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{file}: is not Python ({error})") from None
    found = [node for node in body if getattr(node, "name", None) == ENTRY_POINTS[kind]]
    if not found:
        raise UserError(f"{file}: defines no '{ENTRY_POINTS[kind]}'; {kind}/__init__.py says what it must define")
    return body, found[-1]


@cache
def parameters(kind: str, name: str) -> dict[str, tuple[str, Any]]:
    """The keyword-only parameters of an entry: name to (type's name, of TYPES, and default or REQUIRED).

    Raises UserError, naming the entry's file, if it cannot be read from there.
    """
    _, entry = _bodies(kind, name)
    if isinstance(entry, ast.ClassDef):
        entry = next((node for node in entry.body if getattr(node, "name", None) == "__init__"), entry)
    if not isinstance(entry, ast.FunctionDef):
        raise UserError(f"{kind}/{name}.py: '{ENTRY_POINTS[kind]}' has no arguments of its own to be the parameters")
    try:
        return {
            argument.arg: (
                ast.unparse(argument.annotation) if argument.annotation else "",
                REQUIRED if default is None else ast.literal_eval(default),
            )
            for argument, default in zip(entry.args.kwonlyargs, entry.args.kw_defaults, strict=True)
        }
    except (ValueError, TypeError):
        raise UserError(f"{kind}/{name}.py: the defaults of its parameters must be written out as values") from None


@cache
def constant(kind: str, name: str, constant: str) -> Any:
    """What an entry's file, or its class, sets `constant` to; None where it does not, or not to a plain value."""
    body, entry = _bodies(kind, name)
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
    """`given` completed with the entry's defaults.

    Raises UserError, naming the key `where`, for an unknown entry, an unknown or missing parameter, or a wrong value.
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
            raise UserError(f"{kind}/{name}.py: annotate '{key}' with one of: {', '.join(TYPES)}")
        (words, test), default = TYPES[known[key][0]], known[key][1]
        if not test(value) and not (isinstance(default, tuple) and value == list(default)):  # as of `without`: none
            raise UserError(f"{where}.{key}: {quoted(value)} is not {words}")
    complete = {key: given.get(key, default) for key, (_, default) in known.items()}
    missing = [key for key, value in complete.items() if value is REQUIRED]
    if missing:
        raise UserError(f"{where}: '{name}' needs {', '.join(missing)}")
    return complete
