"""The tables and the picture that are made of recorded results."""

from importlib import import_module
from pathlib import Path
from typing import Any

from marked import placed

from benchmarks import recorded
from benchmarks.measuring import Measurement, cases, ratio
from benchmarks.suite import peers, step

README = recorded.ROOT / "README.md"
BEGIN = "<!-- benchmarks: made by `make bench` -->"
END = "<!-- end of benchmarks -->"
PICTURE = "benchmarks.png"


def hardware(machine: dict[str, Any]) -> str:
    """Return what recorded.machine found, for the tables."""
    processor = " with ".join(machine[key] for key in ("processor", "instructions") if key in machine)
    return f"{processor}, {machine['cores']} cores, {machine['memory']}"


def made_with(result: dict[str, Any]) -> str:
    """Return the machine, the commit and the versions of a result in one line."""
    machine, versions = result["machine"], result["versions"]
    software = ", ".join(f"{name} {version}" for name, version in versions.items())
    return (
        f"{hardware(machine)}, {machine['system']}, load before "
        f"{result['load_before']}; commit {result['commit']}; {result['data']}; {software}."
    )


def section(name: str, result: dict[str, Any]) -> list[str]:
    """Return a benchmark's full table with its heading, machine and versions."""
    benchmark = import_module(f"benchmarks.suite.{name}")
    return [f"## {benchmark.TITLE}", "", *benchmark.table(recorded.measurements(result)), "", made_with(result), ""]


def block(results: dict[str, dict[str, Any]]) -> list[str]:
    """Return the summaries of all results for the README at the root."""
    lines = ["| | against | |", "| --- | --- | --- |"]
    for name, result in results.items():
        benchmark = import_module(f"benchmarks.suite.{name}")
        lines += [f"| {' | '.join(line)} |" for line in benchmark.summary(recorded.measurements(result))]
    machines = {hardware(result["machine"]) for result in results.values()}
    commits = sorted({result["commit"] for result in results.values()})
    where = (recorded.RESULTS / PICTURE).relative_to(recorded.ROOT).as_posix()
    return [
        f"Measured on {' and '.join(sorted(machines))}, commit {', '.join(commits)}. Ratios are of medians, measured "
        "by turns in one run. All figures: [tests/benchmarks/results](tests/benchmarks/results/README.md).",
        "",
        *lines,
        "",
        f"![Ratios to the floor, and to what others use]({where})",
    ]


def draw(results: dict[str, list[Measurement]], path: Path) -> None:
    """Draw how far steps are from their floor, and what others take for an epoch, if this was measured."""
    panels = []
    if steps := results.get("step"):
        bars = [(case, ratio(steps, case, step.STEP, step.FLOOR)) for case in cases(steps)]
        panels.append(("A training step, times its floor", bars))
    if epochs := results.get("peers"):
        case = cases(epochs)[0]
        bars = [(peers.SHORT[name], ratio(epochs, case, name, peers.OURS)) for name in peers.CASES[case][1]]
        panels.append(("An epoch, times this workflow's", bars))
    if not panels:
        return
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(panels), figsize=(4.8 * len(panels), 3.4), layout="constrained", squeeze=False)
    for ax, (title, bars) in zip(axes[0], panels, strict=True):
        names, values = zip(*reversed(bars), strict=True)
        drawn = ax.barh(names, values, color="#4c72b0", height=0.7)
        ax.bar_label(drawn, fmt="%.2f", padding=2, fontsize=7)
        ax.axvline(1, color="#444444", linewidth=0.8)
        ax.set_title(title, fontsize=9)
        ax.tick_params(labelsize=7)
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_xlim(0, max(values) * 1.12)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def write(results: dict[str, dict[str, Any]], readme: Path = README, folder: Path = recorded.RESULTS) -> None:
    """Write the tables, the CSV file, the picture, and the README's part."""
    folder.mkdir(exist_ok=True)
    recorded.write_csv(results, folder)
    head = ["# Results", "", "Made by `make bench`; [../README.md](../README.md) tells what is measured, and how.", ""]
    sections = [line for name, result in results.items() for line in section(name, result)]
    (folder / "README.md").write_text("\n".join([*head, *sections]), encoding="utf-8")
    draw({name: recorded.measurements(result) for name, result in results.items()}, folder / PICTURE)
    readme.write_text(placed(readme.read_text(encoding="utf-8"), BEGIN, END, block(results)), encoding="utf-8")
