"""Fingerprints of the code that decides a job's result, as lines `module = digest` that Snakemake compares.

Snakemake tracks a script's timestamp, and nothing that the script imports. Here a job's code is the script and every
module of the package that the script imports. Rules pass the lines as parameters, so that a changed computation reruns
what uses it. A digest is of the syntax tree, without what cannot change a result: comments, docstrings, the texts of
errors, assertions and log lines. The versions of a few packages are parameters as well.
"""

import ast
import builtins
import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from restoration.core import registry

SCRIPTS = Path(__file__).parents[2]
PACKAGE = "restoration"

# Modules that decide what is shown, logged or guarded while a job runs, and no byte of what the job writes.
WITHOUT_EFFECT = {
    "restoration.core.errors",
    "restoration.core.job_log",
    "restoration.core.process_locks",
    "restoration.models.training_progress",
    "restoration.tracking.mirror",
    "restoration.tracking.mlflow_store",
    "restoration.tracking.outbox",
    "restoration.tracking.run_log",
}
# Exceptions whose arguments end in a message. Others may carry results, as NotTested of the claims does.
MESSAGES = {"UserError", "DamagedFile"} | {
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, Exception)
} - {"StopIteration", "StopAsyncIteration"}


class Module(NamedTuple):
    """imports: dotted names, at any depth of the code; files: those of the package among them."""

    imports: set[str]
    files: list[Path]
    digest: str


class _Stripped(ast.NodeTransformer):
    """A syntax tree without docstrings, imports for type checkers, and what is only said."""

    def _without_docstring(self, node: Any) -> Any:
        if ast.get_docstring(node, clean=False) is not None:
            del node.body[0]
        return self.generic_visit(node)

    visit_Module = visit_ClassDef = visit_FunctionDef = visit_AsyncFunctionDef = _without_docstring

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING" else self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        node.msg = None
        return self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if node.module in WITHOUT_EFFECT else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        match node.func:
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in MESSAGES:
                node.args, node.keywords = [], []
            case ast.Attribute(value=ast.Name(id="logger")):
                node.args = [one for one in node.args if not isinstance(getattr(one, "value", None), str)]
        return self.generic_visit(node)


@cache
def _read(path: Path) -> Module:
    tree = _Stripped().visit(ast.parse(path.read_text(encoding="utf-8")))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = path.relative_to(SCRIPTS).parent.parts
            above = base[: len(base) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            # Of `from a import b`, b may be a module.
            names.update((module, *(f"{module}.{alias.name}" for alias in node.names)))
    digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]
    return Module(names, [file for name in names for file in _files(name)], digest)


def _files(imported: str) -> list[Path]:
    """Return the package's files that run when `imported` is imported: of a.b.c those of a and a.b as well."""
    parts = imported.split(".")
    bases = [SCRIPTS.joinpath(*parts[:depth]) for depth in range(1, len(parts) + 1)] if parts[0] == PACKAGE else []
    files = [file for base in bases for file in (base.with_suffix(".py"), base / "__init__.py")]
    return [file for file in files if file.is_file()]


def _name(path: Path) -> str:
    """Return `restoration.models.training` for a module of the package, `train.py` for a script."""
    place = path.relative_to(SCRIPTS)
    if place.parts[0] != PACKAGE:
        return place.as_posix()
    return ".".join(place.with_suffix("").parts).removesuffix(".__init__")


@cache
def _closure(script: str, parts: tuple[tuple[str, str], ...]) -> dict[str, Module]:
    """Return the script and all that the script imports of the package, by name; arguments as of `code`."""
    found: dict[str, Module] = {}
    pending = [SCRIPTS / script, *(file for part in parts for file in _files(registry.module_name(*part)))]
    while pending:
        path = pending.pop()
        name = _name(path)
        if name not in found and name not in WITHOUT_EFFECT:
            found[name] = _read(path)
            pending += found[name].files
    return found


def code(script: str, parts: Iterable[tuple[str, str]] = ()) -> list[str]:
    """Return the lines `module = digest` of a script, sorted.

    script: a path below workflow/scripts. parts: the registry entries, (kind, name), that the script loads by name.
    """
    return sorted(f"{name} = {module.digest}" for name, module in _closure(script, tuple(parts)).items())


def packages(script: str, parts: Iterable[tuple[str, str]], taken: Mapping[str, str | None]) -> list[str]:
    """Return the lines `package = version` of those packages that the script's code imports.

    taken: the packages that matter, each with the version to write; None stands for the installed version.
    """
    modules = _closure(script, tuple(parts)).values()
    imported = {name.split(".")[0] for module in modules for name in module.imports}
    return [f"{name} = {given or _installed(name)}" for name, given in sorted(taken.items()) if name in imported]


@cache
def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # Snakemake may run beside the jobs' environment, and compares that file itself
        return "that of envs/"
