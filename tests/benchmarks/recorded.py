"""Results as files: what was measured, on which machine, with which versions, of which commit."""

import csv
import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.measuring import Measurement, Options
from checkout import ROOT, processor

RESULTS = Path(__file__).parent / "results"
PACKAGES = ["snakemake", "torch", "torchvision", "mlflow", "scikit-image", "torchmetrics"]
PACKAGES += ["lightning", "pythae", "keras", "jax"]


def machine() -> dict[str, Any]:
    import torch  # the tables are written without it

    gigabytes = round(psutil.virtual_memory().total / 2**30)
    return {
        "processor": processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),  # AVX2 or AVX512, say
        "cores": os.cpu_count(),
        "memory": f"{gigabytes} GB",
        "system": f"{platform.system()} {platform.machine()}",
        **({"gpu": torch.cuda.get_device_name()} if torch.cuda.is_available() else {}),
    }


def versions() -> dict[str, str]:
    """Return the versions of the installed packages."""
    installed = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


def commit() -> str:
    """Return the commit of the code, with a + if files differ from it; 'unknown' outside a repository."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "--short=10", "HEAD") + ("+" if git("status", "--porcelain", "--", "workflow") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def content(name: str, measurements: list[Measurement], options: Options, load: float) -> dict[str, Any]:
    """Return the content of results/<name>.json. load: the machine's, before the benchmark began."""
    return {
        "benchmark": name,
        "machine": machine(),
        "load_before": round(load, 2),
        "versions": versions(),
        "commit": commit(),
        "data": "MNIST" if options.mnist else "embedded digits",
        "repeats": options.repeats,
        "measurements": [one._asdict() for one in measurements],
    }


def write(result: dict[str, Any], folder: Path = RESULTS) -> None:
    folder.mkdir(exist_ok=True)
    text = json.dumps(result, indent=1, sort_keys=True, allow_nan=False) + "\n"
    (folder / f"{result['benchmark']}.json").write_text(text, encoding="utf-8")


def read(names: list[str], folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """Read the results of those benchmarks that have some, by name."""
    paths = {name: folder / f"{name}.json" for name in names}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in paths.items() if path.exists()}


def measurements(result: dict[str, Any]) -> list[Measurement]:
    return [Measurement(**row) for row in result["measurements"]]


def write_csv(results: dict[str, dict[str, Any]], folder: Path = RESULTS) -> None:
    """Write all results to one table: a row for each contender in each case."""
    with (folder / "results.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["benchmark", "case", "contender", "unit", "median", "least", "most", "repeats", "commit"])
        for name, result in results.items():
            for one in measurements(result):
                figures = [f"{value:.6g}" for value in (one.median, min(one.values), max(one.values))]
                writer.writerow([name, one.case, one.contender, one.unit, *figures, len(one.values), result["commit"]])
