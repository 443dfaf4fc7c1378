"""The same small changes in this workflow and in an equivalent DVC pipeline: what runs again, and how long that takes.

dvc.md beside this file tells how to run it and how to read what it prints.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.dvc_sides import DVC, DvcSide, Execution, Side
from checkout import TINY, differing

SCRIPTS = "workflow/scripts"
SWAPPED = ["vae_incomplete", "cvae_label", "cvae_incomplete"]  # a variant for each repeat
IDLE = "Nothing to do: `snakemake` / `dvc repro`", "Asked what would run: `snakemake -n` / `dvc status`"
FIRST = "Everything, for the first time"


class Change(NamedTuple):
    name: str
    file: str
    old: str
    new: str


def variant(name: str, parameters: str) -> tuple[str, str, str]:
    return TINY, "training:", f"variants: {{{name}: {{{parameters}}}}}\n\ntraining:"


def changes(repeat: int) -> list[Change]:
    """Return the changes of a repeat. Each repeat writes something new, as both tools remember earlier states."""
    metrics = f"{SCRIPTS}/restoration/evaluation/metrics.py"
    return [
        Change("Another `latent` in one variant", *variant("vae_incomplete", f"latent: {10 + repeat}")),
        Change("`hidden` and `latent` swapped in one variant", *variant(SWAPPED[repeat], "hidden: 20, latent: 400")),
        Change("A comment in `metrics.py`", metrics, "import math\n", f"import math  # comment {repeat}\n"),
        Change("A constant in `metrics.py`", metrics, "PEAK_SIGNAL_CAP = 100.0", f"PEAK_SIGNAL_CAP = {99 - repeat}.0"),
        Change(
            "A line's width in `figure_loss.py`",
            *(f"{SCRIPTS}/figure_loss.py", "linewidth=1.8", f"linewidth={1.9 + repeat / 10}"),
        ),
        Change(
            "`corrupt.py` rewritten, to the same bytes",
            *(f"{SCRIPTS}/corrupt.py", ".mul(255)", f".mul({256 + repeat} - {1 + repeat})"),
        ),
    ]


class Comparison:
    def __init__(self, folder: Path) -> None:
        self.dvc = DvcSide(folder / "dvc")
        self.sides: list[Side] = [Side(folder / "snakemake"), self.dvc]
        self.executions: dict[str, list[list[Execution]]] = defaultdict(list)
        self.stages: dict = {}
        self.files: set[str] = set()
        self.differing: set[str] = set()

    def begin(self, count: int) -> list[list[list[float]]]:
        """Make everything; return each side's seconds where nothing is to do, and of asking what would run."""
        self.step(FIRST)
        for side in self.sides:  # what the first look after a run costs is not measured with the others
            side.run()
        return [self.nothing(count, lambda side: side.run()), self.nothing(count, lambda side: side.ask())]

    def change(self, change: Change) -> None:
        """Make a change on both sides, run them, and take the change back."""
        with ExitStack() as stack:
            for side in self.sides:
                stack.enter_context(side.checkout.edited(*change[1:]))
            self.step(change.name)

    def step(self, name: str) -> None:
        """Run both sides, in turn the other one first, and compare their results."""
        self.stages = self.dvc.describe()
        row = self.executions[name]
        order = self.sides if len(row) % 2 == 0 else self.sides[::-1]
        done = {side: side.measured(self.stages) for side in order}
        row.append([done[side] for side in self.sides])
        one, other = (side.outputs() for side in self.sides)
        self.files |= one.keys() | other.keys()
        self.differing |= set(differing(one, other))
        print(name, *row[-1], sep="\n  ", file=sys.stderr, flush=True)

    def repeat(self, number: int) -> None:
        for change in changes(number):
            self.change(change)
            self.step(f"{change.name}: undone")
        for side in self.sides:
            side.touch()
        self.step("New times of all files")

    def nothing(self, count: int, act: Callable[[Side], object]) -> list[list[float]]:
        """Time `act` on both sides by turns, where there is nothing to do; return seconds."""
        seconds: list[list[float]] = [[] for _ in self.sides]
        for _ in range(count):
            for side, taken in zip(self.sides, seconds, strict=True):
                start = time.perf_counter()
                act(side)
                taken.append(time.perf_counter() - start)
        return seconds


def spread(seconds: Iterable[float]) -> str:
    """Return the median, the least and the most."""
    seconds = list(seconds)
    middle = f"{statistics.median(seconds):.1f}"
    return middle if len(seconds) == 1 else f"{middle} ({min(seconds):.1f} to {max(seconds):.1f})"


def listed(counts: Counter) -> str:
    return ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def told(executions: Iterable[Execution]) -> str:
    """Return what ran: several texts if the executions differ."""
    texts = []
    for one in executions:
        restored = f"; restored {one.restored.total()}: {listed(one.restored)}" if one.restored else ""
        texts.append((f"**{one.ran.total()}**: {listed(one.ran)}" if one.ran else "**0**") + restored)
    return " / ".join(dict.fromkeys(texts))


def report(comparison: Comparison, idle: dict[str, list[list[float]]]) -> str:
    """Return the tables in Markdown."""
    dvc = comparison.dvc.call(DVC, "--version").strip()
    same = len(comparison.files - comparison.differing)
    lines = [
        f"Snakemake {version('snakemake')}, DVC {dvc}, Python {platform.python_version()}, {os.cpu_count()} cores; "
        f"{len(comparison.stages)} stages. Seconds are medians (least to most).",
        "",
        "| | Snakemake, s | DVC, s |",
        "| --- | --- | --- |",
        *(f"| {name} | {' | '.join(map(spread, seconds))} |" for name, seconds in idle.items()),
        "",
        "| Change | Snakemake runs | s | DVC runs | s |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, rows in comparison.executions.items():
        cells = [(told(side), spread(one.seconds for one in side)) for side in zip(*rows, strict=True)]
        lines.append(f"| {name} | {' | '.join(cell for pair in cells for cell in pair)} |")
    lines += ["", f"{same} of {len(comparison.files)} files had the same bytes on both sides after every step."]
    if comparison.differing:
        lines.append(f"Those that did not: {', '.join(sorted(comparison.differing))}.")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, choices=range(1, len(SWAPPED) + 1), help="of every change")
    parser.add_argument("--nothing", type=int, default=10, metavar="N", help="repeats where nothing is to be done")
    options = parser.parse_args()
    if not DVC.exists():
        parser.error("DVC is not there yet: make benchmark-dvc sets it up")
    with tempfile.TemporaryDirectory(prefix="dvc-comparison-") as folder:
        comparison = Comparison(Path(folder))
        idle = dict(zip(IDLE, comparison.begin(options.nothing), strict=True))
        for number in range(options.repeats):
            comparison.repeat(number)
        print(report(comparison, idle))


if __name__ == "__main__":
    main()
