"""A copy of the working tree in which Snakemake can be run: for the tests of the workflow and for the benchmarks."""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from types import MappingProxyType

from dry_runs import dry_run

ROOT = Path(__file__).parents[1]
TINY = "tests/workflow/tiny.yaml"
EMPTY: Mapping[str, str] = MappingProxyType({})
CACHE = ROOT / "tests/.graphs"
PART = CACHE / "part"  # where the graph of the cache is made
LOCATIONS = (  # columns of MLflow's store that name its folder
    *(("runs", "artifact_uri"), ("experiments", "artifact_location")),
    *(("logged_models", "artifact_location"), ("model_versions", "storage_location")),
)
MADE = ("results", ".snakemake")  # what an execution leaves
DECISIVE = ("workflow/", "config/", "Snakefile", "envs/requirements.txt", TINY)  # what the tiny graph depends on
RECORDED = {"register": 1}  # jobs that record a new champion in MLflow; no stage depends on them


class Checkout:
    """A copy of the working tree, without its results."""

    def __init__(self, folder: Path, copied: bool = False) -> None:
        self.folder = folder
        if copied:
            return
        for name in tree():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name, follow_symlinks=False)

    def snakemake(
        self, *arguments: str, configuration: str = TINY, environment: Mapping[str, str] = EMPTY
    ) -> subprocess.CompletedProcess:
        """Run Snakemake here as a user would; `stdout` holds the output."""
        with self.started(*arguments, configuration=configuration, environment=environment) as process:
            output, _ = process.communicate()
        return subprocess.CompletedProcess(process.args, process.returncode, output)

    def started(
        self, *arguments: str, configuration: str = TINY, environment: Mapping[str, str] = EMPTY
    ) -> subprocess.Popen:
        """Start Snakemake here without waiting for its end."""
        command = [sys.executable, "-m", "snakemake", *command_line(configuration, arguments)]
        variables = {**os.environ, "PYTHONPATH": "", **environment}
        return subprocess.Popen(
            command, cwd=self.folder, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def finish(self, *arguments: str, configuration: str = TINY) -> str:
        """Run Snakemake to its successful end; return the output."""
        run = self.snakemake(*arguments, configuration=configuration)
        assert run.returncode == 0, run.stdout
        return run.stdout

    def clone(self, folder: Path) -> "Checkout":
        """Copy this checkout with results, Snakemake's records and the files' times."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Checkout(folder, copied=True)

    def pending(self, *arguments: str, configuration: str = TINY) -> dict[str, int]:
        """Return the number of jobs by rule that Snakemake would run."""
        dry = dry_run(self.folder, *command_line(configuration, arguments))
        assert dry.returncode == 0, dry.stdout
        return jobs(dry.stdout)

    @contextmanager
    def edited(self, name: str, old: str, new: str) -> Iterator[None]:
        """Replace `old` by `new` in a file, for a while."""
        path = self.folder / name
        before = path.read_text(encoding="utf-8")
        assert old in before
        path.write_text(before.replace(old, new, 1), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")


def tree() -> list[str]:
    """Return the files of the working tree that git has or would take, relative to ROOT."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(name for name in names if name and (ROOT / name).exists())


def tiny_graph(folder: Path) -> Checkout:
    """Copy the working tree with the results of the tiny graph, which is run only if the cache does not hold it.

    A lock lets one of several processes run the graph while the others wait. Older graphs are removed.
    """
    cached = CACHE / _key()
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        if not cached.exists():
            for older in [path for path in CACHE.iterdir() if path.is_dir()]:
                shutil.rmtree(older)
            part = Checkout(PART)
            part.finish()
            part.folder.rename(cached)
        checkout = Checkout(folder)
        for name in MADE:
            shutil.copytree(cached / name, folder / name, symlinks=True, dirs_exist_ok=True)
    with closing(sqlite3.connect(folder / "results/mlflow/mlflow.db")) as database, database:
        for table, column in LOCATIONS:
            database.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (str(PART), str(folder)))
    return checkout


def _key() -> str:
    """Return a digest of what decides the tiny graph's bytes: files, Python and the kind of CPU."""
    digest = hashlib.sha256(f"{sys.version} {platform.machine()} {processor()}".encode())
    for name in tree():
        if name.startswith(DECISIVE) and (ROOT / name).is_file() and not name.endswith(".md"):
            digest.update(f"\0{name}\0".encode() + (ROOT / name).read_bytes())
    return digest.hexdigest()[:16]


def processor() -> str:
    """Return the name of the CPU."""
    info = Path("/proc/cpuinfo")
    name = re.search("^model name[^:]*: *(.*)$", info.read_text(), re.MULTILINE) if info.exists() else None
    return name[1].strip() if name else platform.processor() or platform.machine()


def command_line(configuration: str, arguments: Iterable[str]) -> list[str]:
    """Return what follows `snakemake`: every call of the tests takes two cores."""
    return ["--cores", "2", "--configfile", configuration, *arguments]


def manifest(results: Path) -> dict[str, str]:
    """Return the SHA-256 of every file under results/ that is the same in every run.

    Logs, MLflow's store, the provenance record and the page of all data sets hold times and are left out.
    """
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file()
        and not ((name := path.relative_to(results).as_posix()).startswith("mlflow/") or "/logs/" in name)
        and path.name not in ("ro-crate-metadata.json", "index.html")
    }


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Return the names that only one of two manifests has, or whose bytes differ."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def jobs(output: str) -> dict[str, int]:
    """Return the numbers in Snakemake's table of jobs; none where there is nothing to do."""
    table = re.search(r"^job +count\n[- ]+\n((?:\w+ +\d+\n)+)", output, re.MULTILINE)
    if table is None:
        assert "Nothing to be done" in output, output
        return {}
    counts = {rule: int(count) for rule, count in (line.split() for line in table[1].splitlines())}
    return {rule: count for rule, count in counts.items() if rule not in ("all", "total")}


def executed(output: str) -> list[str]:
    """Return the rules of the jobs that Snakemake ran, in its order."""
    return re.findall(r"^(?:local)?rule (\w+):$", output, re.MULTILINE)
