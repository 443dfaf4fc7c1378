"""The registries: folders of the package in which each file is an entry, found by its name.

Nothing lists the entries: a new entry changes no other file, and so reruns nothing. Names and parameters are read from
the source without importing it, because configurations are checked before torch is loaded.
"""

import ast
import importlib
from collections.abc import Sequence
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
# The types that annotate a parameter. workflow/schemas/parts.schema.yaml says what a value of each must be.
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


def names(kind: str) -> list[str]:
    """Return the names of a kind's entries, sorted."""
    return sorted(path.stem for path in (PACKAGE / FOLDERS[kind]).glob("*.py") if path.stem != "__init__")


def check_name(kind: str, name: str, where: str) -> None:
    """Refuse a name that no entry has, with a UserError. where: the key that has the name."""
    if name not in names(kind):
        raise UserError(f"{where}: there is no {quoted(name)} among the {kind}; known: {', '.join(names(kind))}")


def place(kind: str, name: str) -> str:
    """Return an entry's file, as a user finds it below workflow/scripts/restoration/."""
    return f"{FOLDERS[kind]}/{name}.py"


def module_name(kind: str, name: str) -> str:
    """Return the dotted name of an entry's module."""
    return f"restoration.{FOLDERS[kind].replace('/', '.')}.{name}"


def load(kind: str, name: str) -> ModuleType:
    """Import an entry's module."""
    return importlib.import_module(module_name(kind, name))


@cache
def parsed(kind: str, name: str) -> tuple[list[ast.stmt], ast.stmt]:
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


def constant(kind: str, name: str, constant: str) -> Any:
    """Return the plain value that an entry's file, or its class, gives to `constant`; None where there is none."""
    body, entry = parsed(kind, name)
    for node in [*body, *(entry.body if isinstance(entry, ast.ClassDef) else [])]:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        if isinstance(value, ast.expr) and any(isinstance(to, ast.Name) and to.id == constant for to in targets):
            try:
                return ast.literal_eval(value)
            except (ValueError, TypeError):
                return None
    return None
