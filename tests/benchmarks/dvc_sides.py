"""The two sides of dvc_comparison.py: a copy of the working tree each, with Snakemake or DVC at work in it."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from checkout import TINY, Checkout, manifest

DVC = Path(__file__).parent / ".venv" / "bin" / "dvc"
SETTINGS = {
    "core.analytics": "false",
    "core.check_update": "false",
    "core.autostage": "false",
    "cache.type": "reflink,hardlink,copy",
}
CACHED = "is cached - skipping run"  # what DVC says of a stage whose outputs its run cache has


class Execution(NamedTuple):
    seconds: float
    ran: Counter  # rule to number of stages
    restored: Counter


class Side:
    """A copy of the working tree with the tool that works in it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.checkout = Checkout(folder)

    def run(self) -> str:
        """Bring everything up to date; return what the tool printed."""
        return checked(self.checkout.snakemake())

    def ask(self) -> None:
        """Ask what would run."""
        checked(self.checkout.snakemake("--dry-run"))

    def restored(self, printed: str, stages: dict) -> Counter:
        return Counter()

    def measured(self, stages: dict) -> Execution:
        """Run, and count what ran by traces that do not depend on the tool.

        Every script begins its log file anew, and a training that begins from nothing writes a checkpoint.
        """
        logs = {name: self.checkout.folder / stage["log"][0] for name, stage in stages.items()}
        before, checkpoints = {name: modified(log) for name, log in logs.items()}, self._checkpoints()
        start = time.perf_counter()
        printed = self.run()
        seconds = time.perf_counter() - start
        ran = Counter(stages[name]["rule"] for name, log in logs.items() if modified(log) != before[name])
        restored = self.restored(printed, stages)
        trained = {path.parent for path, written in self._checkpoints().items() if checkpoints.get(path) != written}
        restored["train"] += ran["train"] - len(trained)
        ran["train"] = len(trained)
        return Execution(seconds, +ran, +restored)

    def _checkpoints(self) -> dict[Path, int]:
        return {path: modified(path) for path in self.checkout.folder.glob("results/checkpoints/*/*")}

    def outputs(self) -> dict[str, str]:
        """Return the SHA-256 of each file of the stages, without Snakemake's own mark in folders."""
        files = manifest(self.checkout.folder / "results")
        own = ("checkpoints/", "/.snakemake_timestamp")
        return {name: digest for name, digest in files.items() if not (name.startswith(own) or name.endswith(own))}

    def touch(self) -> None:
        """Give all files, sources and results, new timestamps, as a copy or a fresh clone does."""
        for path in self.checkout.folder.rglob("*"):
            if path.is_file() and not {".git", ".dvc", ".snakemake"} & set(path.parts):
                os.utime(path)


class DvcSide(Side):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # What DVC would keep outside the folder, it keeps here: nothing is left, and nothing found from before.
        places = {f"DVC_{name}_DIR": str(folder / ".dvc" / name) for name in ("SITE_CACHE", "GLOBAL_CONFIG")}
        self.environment = os.environ | {"PYTHONPATH": ""} | places
        self.call("git", "init", "--quiet")
        self.call(DVC, "init", "--quiet")
        for key, value in SETTINGS.items():
            self.call(DVC, "config", key, value)

    def call(self, *command: str | Path) -> str:
        return checked(
            subprocess.run(
                command,
                cwd=self.checkout.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )

    def describe(self) -> dict:
        """Write the pipeline of the present sources and configuration; return its stages."""
        self.call(sys.executable, "tests/benchmarks/dvc_pipeline.py", TINY)
        return json.loads((self.checkout.folder / "stages.json").read_text(encoding="utf-8"))

    def run(self) -> str:
        return self.call(DVC, "repro")

    def ask(self) -> None:
        self.call(DVC, "status")

    def restored(self, printed: str, stages: dict) -> Counter:
        lines = [line for line in printed.splitlines() if CACHED in line]
        return Counter(stages[line.split("'")[1]]["rule"] for line in lines)


def checked(process: subprocess.CompletedProcess) -> str:
    if process.returncode:
        sys.exit(f"{process.args} failed:\n{process.stdout}")
    return process.stdout


def modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0
