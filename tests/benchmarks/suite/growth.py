"""How the time and the memory of Snakemake, and MLflow's answers, grow with the number of trainings.

The configuration is generated: variants, losses and seeds. Nothing is trained: the finished graph has a few bytes for
each output (stubs.py), and Snakemake's own records of it.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks import mlflow_pages
from benchmarks.measuring import Line, Measurement, Options, cases, found, say
from benchmarks.processes import measured
from checkout import Checkout

TITLE = "Growth with the number of trainings"
HERE = Path(__file__).parents[1]
SHAPES = {10: (5, 1), 100: (10, 5), 1000: (50, 10)}  # trainings to variants and seeds, with two losses
OTHERS = ["best_prior", "inferred_label", "map_latent", "posterior_mean"]
BUILD, NOTHING = "to build the graph (snakemake -n)", "to find nothing to do (snakemake)"
PAGE = "to answer for MLflow's first page of runs"


def configuration(trainings: int) -> dict[str, Any]:
    """Return one task on the embedded digits with as many trainings. Each variant has another latent size."""
    variants, seeds = SHAPES[trainings]
    own = {"network": "vae", "encoder_input": "corrupted", "condition": "none"}
    names = {f"vae{number}": {**own, "latent": number + 2} for number in range(variants)}
    return {
        "dataset": {"name": "digits", "validation": 180},
        "seeds": list(range(seeds)),
        "losses": ["bce", "mse"],
        "claims": False,
        "variants": names,
        "tasks": {
            "representation": False,
            "denoising": False,
            "inpainting": {
                "corruption": {"name": "stroke_hole"},
                "variants": {
                    **dict.fromkeys(["vae", "vae_incomplete", "cvae_label", "cvae_incomplete"], False),
                    **{name: {} for name in names},
                },
                "inference": {"encode": {}, **dict.fromkeys(OTHERS, False)},
            },
        },
    }


def snakemake(case: str, trainings: int, repeats: int) -> list[Measurement]:
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        checkout = Checkout(Path(folder))
        (checkout.folder / "growth.yaml").write_text(yaml.safe_dump(configuration(trainings)), encoding="utf-8")
        command = [sys.executable, "-m", "snakemake", "--cores", "1", "--configfile", "growth.yaml"]
        usages = {BUILD: [measured([*command, "--dry-run"], checkout.folder) for _ in range(repeats)]}
        plain = (checkout.folder / "Snakefile").read_text(encoding="utf-8")
        stubbed = f"\n\nsys.path.insert(0, {str(HERE.parent)!r})\nfrom benchmarks import stubs\n\nstubs.install()\n"
        (checkout.folder / "Snakefile").write_text(plain + stubbed, encoding="utf-8")
        say(f"  {case}: graph built, {usages[BUILD][0].seconds:.1f} s")
        measured([*command, "--touch"], checkout.folder)
        (checkout.folder / "Snakefile").write_text(plain, encoding="utf-8")
        say(f"  {case}: graph finished, with stubs")
        usages[NOTHING] = [measured(command, checkout.folder) for _ in range(repeats)]
        for usage in usages[NOTHING]:
            if "Nothing to be done" not in usage.output:
                raise AssertionError(f"{case}: the finished graph is not seen as finished:\n{usage.output[-3000:]}")
    return [
        measurement
        for name, several in usages.items()
        for measurement in (
            Measurement(case, name, "s", [usage.seconds for usage in several]),
            Measurement(case, f"CPU {name}", "s", [usage.cpu for usage in several]),
            Measurement(case, f"memory {name}", "MB", [usage.own / 2**20 for usage in several]),
        )
    ]


def pages(case: str, trainings: int, repeats: int) -> list[Measurement]:
    with tempfile.TemporaryDirectory(prefix="growth-") as folder:
        uri, experiment = mlflow_pages.fill(Path(folder), trainings)
        say(f"  {case}: MLflow filled")
        with mlflow_pages.server(uri, Path(folder)) as address:
            seconds = [mlflow_pages.first_page(address, experiment, trainings) for _ in range(1 + repeats)]
    return [Measurement(case, PAGE, "s", seconds[1:])]  # what a server does at its first answer is not the page's


def run(options: Options) -> list[Measurement]:
    measurements = []
    for trainings in [10] if options.quick else SHAPES:
        case, repeats = f"{trainings:,} trainings", options.times(3, 1)
        measurements += snakemake(case, trainings, repeats)
        measurements += pages(case, trainings, 5 * repeats)
    return measurements


def table(measurements: list[Measurement]) -> list[str]:
    columns = cases(measurements)
    lines = [f"| | {' | '.join(columns)} |", "| --- |" + " --- |" * len(columns)]
    for name in (BUILD, f"CPU {BUILD}", f"memory {BUILD}", NOTHING, f"CPU {NOTHING}", f"memory {NOTHING}", PAGE):
        cells = []
        for case in columns:
            one = found(measurements, case, name)
            cells.append(f"{one.median:.0f} {one.unit}" if one.unit == "MB" else f"{one.median:.2f} {one.unit}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return [
        *lines,
        "",
        "Memory is that of Snakemake's own process. The finished graph has a few bytes for each output, and "
        "Snakemake's records of them. A page of MLflow is its server's answer to the search that its table of runs "
        f"shows, {mlflow_pages.PAGE_SIZE} at a time, the newest first; a run here has the parameters and figures of a "
        "training, and short curves.",
    ]


def summary(measurements: list[Measurement]) -> list[Line]:
    most = cases(measurements)[-1]
    built, nothing = (f"{found(measurements, most, name).median:.1f} s" for name in (BUILD, NOTHING))
    memory = f"{found(measurements, most, f'memory {NOTHING}').median:.0f} MB"
    page = f"{found(measurements, most, PAGE).median:.2f} s"
    return [
        Line(f"Snakemake, {most}: the graph is built", "", built),
        Line(f"Snakemake, {most}: nothing is to do", "", f"{nothing}, {memory}"),
        Line(f"MLflow's first page, {most}", "", page),
    ]
