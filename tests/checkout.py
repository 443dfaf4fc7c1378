"""A copy of the working tree in which Snakemake can be run: for the tests of the workflow and for the benchmarks."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from dry_runs import dry_run

ROOT = Path(__file__).parents[1]
TINY = "tests/workflow/tiny.yaml"
EMPTY: Mapping[str, str] = MappingProxyType({})


class Checkout:
    """A copy of the working tree, without its results."""

    def __init__(self, folder: Path, copied: bool = False) -> None:
        self.folder = folder
        if copied:
            return
        listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
            if name and (ROOT / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, folder / name, follow_symlinks=False)

    def snakemake(
        self, *arguments: str, configuration: str = TINY, environment: Mapping[str, str] = EMPTY
    ) -> subprocess.CompletedProcess:
        """Run Snakemake here as a user would; its output is in `stdout`."""
        command = [sys.executable, "-m", "snakemake", *command_line(configuration, arguments)]
        variables = {**os.environ, "PYTHONPATH": "", **environment}
        return subprocess.run(
            command, cwd=self.folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def clone(self, folder: Path) -> "Checkout":
        """A copy with results, Snakemake's records and the files' times."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Checkout(folder, copied=True)

    def pending(self, *arguments: str, configuration: str = TINY) -> dict[str, int]:
        """The jobs that Snakemake would run: rule to number."""
        dry = dry_run(self.folder, *command_line(configuration, arguments))
        assert dry.returncode == 0, dry.stdout
        return jobs(dry.stdout)

    @contextmanager
    def edited(self, name: str, old: str, new: str) -> Iterator[None]:
        """The file with `old` replaced by `new`, for a while."""
        path = self.folder / name
        before = path.read_text(encoding="utf-8")
        assert old in before
        path.write_text(before.replace(old, new, 1), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")


def command_line(configuration: str, arguments: Iterable[str]) -> list[str]:
    """What follows `snakemake`: every call of the tests takes two cores."""
    return ["--cores", "2", "--configfile", configuration, *arguments]


def manifest(results: Path) -> dict[str, str]:
    """SHA-256 of every file under results/ that is the same in every run: of all but those that hold times.

    These are the logs, MLflow's store, the provenance record, and the page of all data sets.
    """
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file()
        and not ((name := path.relative_to(results).as_posix()).startswith("mlflow/") or "/logs/" in name)
        and path.name not in ("ro-crate-metadata.json", "index.html")
    }


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """The names whose bytes differ between two manifests, or that only one of them has."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def jobs(output: str) -> dict[str, int]:
    """The numbers in Snakemake's table of jobs; none where there is nothing to do."""
    table = re.search(r"^job +count\n[- ]+\n((?:\w+ +\d+\n)+)", output, re.MULTILINE)
    if table is None:
        assert "Nothing to be done" in output, output
        return {}
    counts = {rule: int(count) for rule, count in (line.split() for line in table[1].splitlines())}
    return {rule: count for rule, count in counts.items() if rule not in ("all", "total")}
