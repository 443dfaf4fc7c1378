"""Nothing to do, and one change, against DVC: what dvc_comparison.py, which has more changes, compares, in brief."""

import sys
import tempfile
from pathlib import Path

from benchmarks.dvc_comparison import FIRST, Comparison, changes
from benchmarks.dvc_sides import DVC
from benchmarks.measuring import Line, Measurement, Options, cases, found, ratio

TITLE = "Nothing to do, and one change, against DVC"
QUICK = False
NOTHING, ASKED = "nothing to do", "asked what would run"
CHANGE = "A line's width in `figure_loss.py`"
OURS, THEIRS = "Snakemake", "DVC"


def run(options: Options) -> list[Measurement]:
    if not DVC.exists():
        sys.exit("DVC is not there yet: `make bench` sets it up")
    with tempfile.TemporaryDirectory(prefix="dvc-") as folder:
        comparison = Comparison(Path(folder))
        idle = dict(zip((NOTHING, ASKED), comparison.begin(options.times(10, 3)), strict=True))
        for number in range(options.times(3, 1)):
            comparison.change(next(one for one in changes(number) if one.name == CHANGE))
        idle |= {
            name: [[execution.seconds for execution in side] for side in zip(*comparison.executions[name], strict=True)]
            for name in (FIRST, CHANGE)
        }
    return [
        Measurement(case, contender, "s", list(seconds))
        for case, sides in idle.items()
        for contender, seconds in zip((OURS, THEIRS), sides, strict=True)
    ]


def table(measurements: list[Measurement]) -> list[str]:
    lines = [f"| | {OURS}, s | {THEIRS}, s | {OURS} / {THEIRS} |", "| --- | --- | --- | --- |"]
    for case in cases(measurements):
        ours, theirs = (f"{found(measurements, case, side).median:.1f}" for side in (OURS, THEIRS))
        lines.append(f"| {case} | {ours} | {theirs} | **{ratio(measurements, case, OURS, THEIRS):.2f}** |")
    return [*lines, "", "More changes, and what ran after each: [../dvc.md](../dvc.md)."]


def summary(measurements: list[Measurement]) -> list[Line]:
    return [
        Line(case.capitalize(), "DVC", f"{ratio(measurements, case, OURS, THEIRS):.2f} times its time")
        for case in (NOTHING, CHANGE)
    ]
