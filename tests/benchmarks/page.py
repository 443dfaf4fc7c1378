"""The tables and the picture that are made of recorded results."""

from importlib import import_module
from pathlib import Path
from typing import Any

from marked import placed

from benchmarks import recorded
from benchmarks.picture import draw

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


def write(results: dict[str, dict[str, Any]], readme: Path = README, folder: Path = recorded.RESULTS) -> None:
    """Write the tables, the CSV file, the picture, and the README's part."""
    folder.mkdir(exist_ok=True)
    recorded.write_csv(results, folder)
    head = ["# Results", "", "Made by `make bench`; [../README.md](../README.md) tells what is measured, and how.", ""]
    sections = [line for name, result in results.items() for line in section(name, result)]
    (folder / "README.md").write_text("\n".join([*head, *sections]), encoding="utf-8")
    draw({name: recorded.measurements(result) for name, result in results.items()}, folder / PICTURE)
    readme.write_text(placed(readme.read_text(encoding="utf-8"), BEGIN, END, block(results)), encoding="utf-8")
