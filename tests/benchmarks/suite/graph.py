"""The whole graph: how long it takes, what its CPU seconds go into, and the same work done by a plain script.

Each job's script is started by launcher.py, which tells the CPU seconds of imports from the rest. What all of the
command took without its jobs is Snakemake's own, and that of the process beside it which writes to MLflow.
"""

import json
import math
import os
import sys
import tempfile
from collections import defaultdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.floor import Floor
from benchmarks.measuring import Line, Measurement, Options, cases, found, interleaved, repeated, say
from benchmarks.processes import Usage, measured
from benchmarks.subjects import TRAINING_IMAGES, resolved, subjects
from checkout import Checkout

TITLE = "The whole graph"
HERE = Path(__file__).parents[1]
KINDS = {
    "training": ["train"],
    "classifier": ["classifier"],
    "evaluation": ["evaluate", "baselines", "likelihood", "compare", "champion", "claims"],
    "drawing": ["figure", "report"],
    "MLflow": ["register", "send_runs"],
}
OTHER = "data and records"  # of all other rules
PARTS = ["imports", *KINDS, OTHER, "Snakemake"]
MEGABYTE = 2**20
LARGEST = "largest "  # before a rule: the peak of its jobs' memory
DIGITS = 1_257  # embedded images to train on, where 180 are set aside
LAUNCHED = """

sys.path.insert(0, {tests!r})
from benchmarks import launcher

launcher.install({folder!r})
"""  # is added to the Snakefile


def kind(rule: str) -> str:
    """Return the kind of a rule's jobs."""
    return next((name for name, beginnings in KINDS.items() if rule.startswith(tuple(beginnings))), OTHER)


def split(jobs: list[dict[str, Any]], cpu: float) -> dict[str, float]:
    """Split the CPU seconds `cpu` of a command by what they went into, from what launcher.py left of its jobs."""
    parts = dict.fromkeys(PARTS, 0.0)
    parts["imports"] += of_fork_server(jobs)
    for job in jobs:
        parts["imports"] += job["imports"]
        parts[kind(job["rule"])] += job["cpu"] - job["imports"]
    parts["Snakemake"] = cpu - of_fork_server(jobs) - sum(job["cpu"] for job in jobs)
    return parts


def of_fork_server(jobs: list[dict[str, Any]]) -> float:
    """Return the CPU seconds that the fork server took for itself."""
    return max((job["fork_server"] for job in jobs), default=0.0)


def run_graph(arguments: list[str], folder: Path) -> tuple[Usage, list[dict[str, Any]]]:
    """Run Snakemake in a copy of the working tree, with the launcher before each script."""
    checkout, jobs = Checkout(folder), folder / "jobs"
    jobs.mkdir()
    with (folder / "Snakefile").open("a") as file:
        file.write(LAUNCHED.format(tests=str(HERE.parent), folder=str(jobs)))
    command = [sys.executable, "-m", "snakemake", "--cores", str(os.cpu_count()), *arguments]
    usage = measured(command, checkout.folder)
    done = [json.loads(path.read_text()) for path in sorted(jobs.glob("*.json"))]
    # The command does not wait for the fork server and its jobs as for its own.
    apart = of_fork_server(done) + sum(job["cpu"] for job in done if job["fork_server"])
    return usage._replace(cpu=usage.cpu + apart), done


def run_plain(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    usage = measured([sys.executable, HERE / "plain.py", json.dumps(config)], folder)
    return json.loads(usage.output.splitlines()[-1]) | {"wall": usage.seconds, "cpu": usage.cpu}


def training_floor(config: dict[str, Any], images: int) -> float:
    """Return the seconds of all trainings' matrix products and Adam's bytes."""
    total = 0.0
    for subject in subjects(config):
        training = subject.definition["training"]
        floor, turn = Floor(subject.model(), training["batch_size"]), 3
        step = median(interleaved({"floor": repeated(floor.step, turn)}, 40)["floor"]) / turn
        epochs = len(subject.definition["seeds"]) * training["epochs"]
        total += epochs * math.ceil(images / training["batch_size"]) * step
    return total


def figures(config: dict[str, Any], arguments: list[str], images: int) -> dict[str, tuple[str, float]]:
    """Run the graph, the plain script and the floor once; return unit and value by name."""
    with tempfile.TemporaryDirectory(prefix="graph-") as folder:
        usage, jobs = run_graph(arguments, Path(folder))
    say(f"  the graph: {usage.seconds:.0f} s, {usage.cpu:.0f} CPU s")
    with tempfile.TemporaryDirectory(prefix="plain-") as folder:
        plain = run_plain(config, Path(folder))
    say(f"  the plain script: {plain['wall']:.0f} s, {plain['cpu']:.0f} CPU s")
    largest: dict[str, float] = defaultdict(float)
    for job in jobs:
        largest[job["rule"]] = max(largest[job["rule"]], job["memory"] / MEGABYTE)
    return {
        "jobs": ("", len(jobs)),
        "models": ("", plain.pop("models")),
        "wall": ("s", usage.seconds),
        "cpu": ("s", usage.cpu),
        "together": ("MB", usage.together / MEGABYTE),
        **{f"cpu of {name}": ("s", value) for name, value in split(jobs, usage.cpu).items()},
        **{f"plain script: {name}": ("s", value) for name, value in plain.items()},
        "floor of the trainings": ("s", training_floor(config, images)),
        **{f"{LARGEST}{rule}": ("MB", value) for rule, value in sorted(largest.items())},
    }


def measure(case: str, repeats: int, arguments: list[str], config: dict[str, Any], images: int) -> list[Measurement]:
    """Measure the graph and what it is compared with, by turns."""
    several = [figures(config, arguments, images) for _ in range(repeats)]
    return [Measurement(case, name, unit, [one[name][1] for one in several]) for name, (unit, _) in several[0].items()]


def run(options: Options) -> list[Measurement]:
    torch.set_num_threads(1)
    if options.quick:
        file = "tests/workflow/two_models.yaml"
        return measure("two models of embedded digits", 1, ["--configfile", file], resolved(file), DIGITS)
    file = "config/digits.yaml"
    measurements = measure("embedded digits", options.times(3, 1), ["--configfile", file], resolved(file), DIGITS)
    if options.mnist:
        dataset = {"source": str(options.mnist.resolve())}
        given = ["--config", f"dataset={json.dumps(dataset)}", "seeds=[0]"]
        config = resolved(dataset=dataset, seeds=[0])
        measurements += measure("MNIST, one seed", 1, given, config, TRAINING_IMAGES)
    return measurements


def median_of(measurements: list[Measurement], case: str, name: str) -> float:
    return found(measurements, case, name).median


def table(measurements: list[Measurement]) -> list[str]:
    lines = []
    for case in cases(measurements):
        of = partial(median_of, measurements, case)
        cpu, models = of("cpu"), of("models")
        bound, floor = of("plain script: cpu"), of("floor of the trainings")
        rules = [one for one in measurements if one.case == case and one.contender.startswith(LARGEST)]
        largest = max(rules, key=lambda one: one.median)
        lines += [
            f"**{case}**: {of('jobs'):.0f} jobs, {models:.0f} models",
            "",
            "| | |",
            "| --- | --- |",
            f"| wall clock | {of('wall'):.0f} s |",
            f"| CPU | {cpu:.0f} s |",
            *(f"| ... {name} | {of(f'cpu of {name}'):.1f} s, {of(f'cpu of {name}') / cpu:.0%} |" for name in PARTS),
            f"| a plain script, one process: CPU | {bound:.0f} s; the graph takes **{cpu / bound:.2f}** times that |",
            *(
                f"| ... {name} | {of(f'plain script: {name}'):.1f} s |"
                for name in ("imports", "training", "evaluation", "classifier")
            ),
            f"| the floor of the trainings | {floor:.1f} s; the graph's training takes "
            f"**{of('cpu of training') / floor:.2f}** times that |",
            f"| memory of the largest job, {largest.contender.removeprefix(LARGEST)} | {largest.median:.0f} MB |",
            f"| ... of the largest training | {of(f'{LARGEST}train'):.0f} MB |",
            f"| ... of all processes together | {of('together'):.0f} MB |",
            "",
        ]
    return [
        *lines,
        "Each script is started by a launcher that puts the CPU seconds of imports to their account; the rest of a job "
        "counts as what its rule is for, and what is left of the whole command is Snakemake's own, and that of the "
        "process which writes to MLflow. The plain script trains and evaluates the same models, and trains the "
        "classifier, in one process; it stores, draws and records nothing, and computes no baseline.",
    ]


def summary(measurements: list[Measurement]) -> list[Line]:
    lines = []
    for case in cases(measurements):
        of = partial(median_of, measurements, case)
        cpu, floor = of("cpu"), of("floor of the trainings")
        whole = f"{of('wall'):.0f} s, {cpu:.0f} CPU s"
        memory = f"a training {of(f'{LARGEST}train'):.0f} MB, all together {of('together'):.0f} MB"
        lines += [
            Line(f"The graph, {case} ({of('models'):.0f} models, {of('jobs'):.0f} jobs)", "", whole),
            Line("its CPU seconds", "a plain script, all in one process", f"{cpu / of('plain script: cpu'):.2f} times"),
            Line(
                "its CPU seconds",
                "the floor of its trainings",
                f"{cpu / floor:.2f} times, {cpu - 1.6 * floor:+.0f} s beyond 1.6 times",
            ),
            Line("its memory", "", memory),
        ]
    return lines
