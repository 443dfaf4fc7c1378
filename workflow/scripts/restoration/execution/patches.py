"""The changes that this workflow makes in Snakemake, each only where it is known to work.

A change is a module with NAMES: the names that it takes in Snakemake or in another library, as "module:Class.name",
none of which is promised to stay. Changes are made where the installed Snakemake is in TESTED and has these names;
elsewhere one line on stderr says so. RESTORATION_PLAIN_SNAKEMAKE=1 in the environment turns all changes off, silently.
Jobs write the same results with and without them; but without the tamper check, edited results stay.
"""

import os
import pkgutil
import sys
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import Any

import snakemake

from restoration.execution import early_cutoff, fork_server, interrupt, scheduler_rate, tamper_check, terminal_lines

TESTED = ("9.27",)  # major.minor; `make newest` runs the tiny graph with the newest Snakemake
SWITCH = "RESTORATION_PLAIN_SNAKEMAKE"
ALL = (early_cutoff, fork_server, interrupt, scheduler_rate, tamper_check, terminal_lines)
SAME = "Jobs write the same results."
installed: set[ModuleType] = set()


def install(*modules: ModuleType) -> None:
    """Call install() of each module, where its names are there: once in a process, however often this is called."""
    for module in modules:
        if module not in installed:
            installed.add(module)
            attempt(module.install)


def attempt(act: Callable[..., Any], *arguments: Any) -> Any:
    """Return act(*arguments); None where it is of a change that is off, or fails, which one line on stderr says."""
    if act.__module__ in off():
        return None
    try:
        return act(*arguments)
    except Exception as error:  # whatever another Snakemake leads to: no result depends on a change
        print(f"{act.__module__} failed ({type(error).__name__}: {error}). {SAME}", file=sys.stderr)
        return None


@cache
def off() -> set[str]:
    """Return the names of the changes that are not to be made, and say why on stderr, the first time."""
    if os.environ.get(SWITCH, "0") not in ("", "0"):
        return {module.__name__ for module in ALL}
    version = str(getattr(snakemake, "__version__", "of no version"))
    found = {module: [name for name in module.NAMES if not exists(name)] for module in ALL}
    if version.startswith(tuple(f"{tested}." for tested in TESTED)):
        found = {module: names for module, names in found.items() if names}
        why = f"lacks {', '.join(sorted({name for names in found.values() for name in names}))}"
    else:
        why = f"is not one that this workflow was tested with ({', '.join(TESTED)})"
    if found:
        without = ", ".join(module.__name__.rpartition(".")[2].replace("_", " ") for module in found)
        print(f"Snakemake {version} {why}: without {without}. {SAME}", file=sys.stderr)
    return {module.__name__ for module in found}


def exists(name: str) -> bool:
    """Return whether there is such a "module:Class.name": a class's attribute, or one that its __init__ sets."""
    module, _, path = name.partition(":")
    owner, _, last = path.rpartition(".")
    try:
        found = pkgutil.resolve_name(f"{module}:{owner}")
    except (ImportError, AttributeError):
        return False
    return hasattr(found, last) or last in getattr(getattr(found.__init__, "__code__", None), "co_names", ())
