"""What decides a job's result: its parameters, its input data, its code and the packages that compute for it.

Snakemake tracks a script's mtime and nothing that the script imports. Here a job's code is a list of files with the
digests of their syntax trees, without docstrings (comments are not in a tree): the script and every module of the
package that it imports. The rules pass it as parameters: a changed computation reruns what uses it; a comment, a
docstring, a new mtime or an unused module reruns nothing. The versions of a few packages are parameters as well.

Snakemake compares parameters as a set of values without names, so that two swapped values go unseen. So a job's
settings are written as lines, each with its name: `training.epochs = 10`.
"""

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from restoration.core import registry
from restoration.core.artifacts import sha256

SCRIPTS = Path(__file__).parents[2]
PACKAGE = "restoration"

# Modules that change what is shown, logged or guarded while a job runs, and no byte of what it writes.
WITHOUT_EFFECT = {
    f"{PACKAGE}/{name}.py"
    for name in (
        "core/errors",
        "core/process_locks",
        "core/script",
        "models/training_progress",
        "tracking/mirror",
        "tracking/mlflow_store",
        "tracking/outbox",
        "tracking/run_log",
    )
}


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _module_file(parts: list[str]) -> Path | None:
    base = SCRIPTS.joinpath(*parts)
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


@cache
def _imported(path: Path) -> frozenset[str]:
    """Dotted names that `path` imports, at any depth of its code; of `from a import b` both a and a.b."""
    names: set[str] = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = path.relative_to(SCRIPTS).parent.parts
            above = base[: len(base) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            names.update((module, *(f"{module}.{alias.name}" for alias in node.names)))
    return frozenset(names)


@cache
def _imports(path: Path) -> frozenset[Path]:
    """Files of the package that `path` imports."""
    files = set()
    for name in _imported(path):
        parts = name.split(".")
        if parts[0] == PACKAGE:
            # Importing a.b.c runs a and a.b as well.
            for depth in range(1, len(parts) + 1):
                if file := _module_file(parts[:depth]):
                    files.add(file)
    return frozenset(files)


@cache
def _digest(path: Path) -> str:
    tree = _tree(path)
    kept = []
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and body:
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and type(first.value.value) is str:
                kept.append((node, body))
                node.body = body[1:]
    digest = hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]
    for node, body in kept:
        node.body = body
    return digest


@cache
def _closure(script: str, parts: tuple[tuple[str, str], ...]) -> list[Path]:
    """`script` (a name in workflow/scripts) and all that it imports of the package; `parts` as in `code`."""
    pending = [SCRIPTS / script]
    for kind, name in parts:
        folder = Path(PACKAGE, registry.FOLDERS[kind])
        pending += [SCRIPTS / path for path in (folder / f"{name}.py", folder / "__init__.py")]
    seen: set[Path] = set()
    while pending:
        path = pending.pop()
        if path not in seen and path.relative_to(SCRIPTS).as_posix() not in WITHOUT_EFFECT:
            seen.add(path)
            pending.extend(_imports(path))
    return sorted(seen)


def code(script: str, parts: Iterable[tuple[str, str]] = ()) -> list[str]:
    """`file = digest` for `script` (a name in workflow/scripts) and all that it imports of the package.

    `parts` are the registry entries, as (kind, name), that the script loads by name.
    """
    return [f"{path.relative_to(SCRIPTS).as_posix()} = {_digest(path)}" for path in _closure(script, tuple(parts))]


def packages(script: str, parts: Iterable[tuple[str, str]], taken: Mapping[str, str | None]) -> list[str]:
    """`package = version` for those of the packages `taken` that the same files import.

    taken: name to the version that is to be written, None for the installed one.
    """
    imported = {name.split(".")[0] for path in _closure(script, tuple(parts)) for name in _imported(path)}
    return [f"{name} = {given or _installed(name)}" for name, given in sorted(taken.items()) if name in imported]


@cache
def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # Snakemake runs beside the environment of its jobs, whose file it compares itself
        return "that of envs/"


def write_settings(settings: Mapping[str, Any]) -> list[str]:
    """Nested settings as lines, `key.key = value` in JSON; keys must not contain a dot."""
    return [f"{key} = {json.dumps(value)}" for key, value in flatten(settings).items()]


def read_settings(lines: Iterable[str]) -> dict[str, Any]:
    """The settings that `write_settings` wrote, nested again."""
    settings: dict[str, Any] = {}
    for line in lines:
        path, value = line.split(" = ", 1)
        *parents, key = path.split(".")
        place = settings
        for parent in parents:
            place = place.setdefault(parent, {})
        place[key] = json.loads(value)
    return settings


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{'a': {'b': 1}, 'c': {}} to {'a.b': 1, 'c': {}}."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def identity(lines: Iterable[str], inputs: Iterable[str | Path]) -> str:
    """Sixteen hexadecimal digits that stand for a job: its parameters (code among them) and its inputs' contents."""
    text = "\n".join([*sorted(lines), *(sha256(path) for path in inputs)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def derived_seed(seed: int, *purpose: str) -> int:
    """A seed for one purpose, so that each use of randomness has its own stream."""
    return int.from_bytes(hashlib.sha256("/".join([str(seed), *purpose]).encode()).digest()[:7], "big")
