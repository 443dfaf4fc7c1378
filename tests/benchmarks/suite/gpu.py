"""Training and restoring on a GPU, where one is at hand: a step against its floor there, and trainings at once."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from benchmarks.floor import Floor
from benchmarks.measuring import Line, Measurement, Options, found, interleaved, ratio, repeated, say, spread
from benchmarks.subjects import FEW_IMAGES, TRAINING_IMAGES, Subject, images, resolved, subjects
from benchmarks.suite import inference
from benchmarks.suite.step import FLOOR, STEP, stepping
from restoration.data import device

TITLE = "Training and restoring on a GPU"
NONE_AT_HAND = "No GPU was at hand when this was measured."
EAGER = "step, kernel by kernel"
CONVOLUTIONS = ("quadrants_1 unet bce", "quadrants_1 cvae_prior bce")  # of config/extended.yaml
SAME = "largest difference of a weight between both"
AT_ONCE = "eight inpainting models trained"
PROCESSES = ("cuda", 1), ("cuda", 2), ("cuda", 4), ("cuda", 8), ("cpu", 4)  # so many of one thread each
COMPARED = 50  # steps after which the weights are compared
TRAINED = Path(__file__).parents[1] / "trained.py"


def replayed(act: Callable[[], object]) -> Callable[[], None]:
    """Capture `act` as a CUDA graph; return its replay."""
    act()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        act()
    return lambda: graph.replay()


def measure(subject: Subject, data: tuple[np.ndarray, np.ndarray], folder: str, repeats: int) -> list[Measurement]:
    """Measure a step, the same kernel by kernel, and its floor, whose products and bytes are captured as well."""
    turn = 50
    loop, other = (subject.trainer(data, folder, epochs=1000) for _ in range(2))
    other.descend = other._descend
    acts: dict[str, Callable[[], None]] = {STEP: stepping(loop), EAGER: stepping(other)}
    for _ in range(COMPARED):
        for act in acts.values():
            act()
    pairs = zip(loop.model.network.parameters(), other.model.network.parameters(), strict=True)
    difference = max(float((one - another).detach().abs().max()) for one, another in pairs)
    if subject.name not in CONVOLUTIONS:
        acts[FLOOR] = replayed(Floor(loop.model, loop.batch_size, "cuda").step)
    turns = {name: repeated(act, turn) for name, act in acts.items()}
    seconds = interleaved(turns, repeats, time.perf_counter, torch.cuda.synchronize)
    measured = [
        Measurement(subject.name, name, "ms", [1000 * value / turn for value in seconds[name]]) for name in acts
    ]
    return [*measured, Measurement(subject.name, SAME, "", [difference])]


def trained(
    names: list[str], place: str, processes: int, options: Options
) -> tuple[float, list[dict[str, list[float]]]]:
    """Train all models by so many processes at once; return the seconds, and what each process tells."""
    start = time.perf_counter()
    asked = {"place": place, "quick": options.quick, "mnist": options.mnist and str(options.mnist)}
    commands = [
        [sys.executable, str(TRAINED), json.dumps({**asked, "names": names[at::processes]})] for at in range(processes)
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    told = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise RuntimeError(f"a training failed: {place}, {processes} processes")
    return time.perf_counter() - start, [json.loads(text) for text in told]


def run(options: Options) -> list[Measurement]:
    if not torch.cuda.is_available():
        return []
    torch.set_num_threads(1)
    device.use("cuda")
    data = images(options.mnist, FEW_IMAGES if options.quick else TRAINING_IMAGES)
    extended = [one for one in subjects(resolved("config/extended.yaml")) if one.name in CONVOLUTIONS]
    measurements = []
    with tempfile.TemporaryDirectory() as folder:
        for subject in [*subjects(), *extended]:
            measurements += measure(subject, data, folder, options.times(20, 3))
            say(line(measurements, subject.name))
    names = [subject.name for subject in subjects() if subject.task == "inpainting"]
    for place, processes in PROCESSES:
        seconds, told = trained(names, place, processes, options)
        case = f"{place}, {processes} at once"
        measurements.append(Measurement(case, AT_ONCE, "s", [seconds]))
        for part in told[0]:
            values = [value for one in told for value in one[part]]
            measurements.append(Measurement(case, part, "" if part == "images" else "s", values))
        say(f"{case}: {seconds:.1f} s")
    measurements += inference.run(options, time.perf_counter, torch.cuda.synchronize)
    return measurements


def line(measurements: list[Measurement], case: str) -> str:
    step, eager = (found(measurements, case, name).median for name in (STEP, EAGER))
    floor = found(measurements, case, FLOOR).median if case in having(measurements, FLOOR) else None
    cells = [case, f"{step:.3f}", f"{eager:.3f}", f"**{eager / step:.1f}**"]
    cells += [f"{floor:.3f}", f"**{step / floor:.2f}**"] if floor else ["", ""]
    return f"| {' | '.join([*cells, f'{found(measurements, case, SAME).median:.0e}'])} |"


def table(measurements: list[Measurement]) -> list[str]:
    if not measurements:
        return [NONE_AT_HAND]
    restored = [one for one in measurements if one.unit == "images/s"]
    return [
        f"| model | step, ms | kernel by kernel, ms | as much quicker | floor, ms | step / floor | {SAME} |",
        "|" + " --- |" * 7,
        *(line(measurements, case) for case in having(measurements, STEP)),
        "",
        "A step is captured as a CUDA graph, and so is its floor.",
        "",
        f"| {AT_ONCE} | in all, s | a process's start, s | a training, s | its images a second, all together |",
        "|" + " --- |" * 5,
        *(together_line(measurements, case) for case in having(measurements, AT_ONCE)),
        "",
        *inference.table(restored),
    ]


def having(measurements: list[Measurement], contender: str) -> list[str]:
    """Return the cases in which the contender was measured."""
    return [one.case for one in measurements if one.contender == contender]


def together_line(measurements: list[Measurement], case: str) -> str:
    seconds = found(measurements, case, AT_ONCE).median
    start, training = (found(measurements, case, name).median for name in ("start", "training"))
    seen = sum(found(measurements, case, "images").values)
    return f"| {case} | {seconds:.1f} | {start:.1f} | {training:.1f} | {seen / seconds:,.0f} |"


def summary(measurements: list[Measurement]) -> list[Line]:
    if not measurements:
        return [Line("A training step on a GPU", "", "none was at hand")]
    floors, steps = having(measurements, FLOOR), having(measurements, STEP)
    together = {case: found(measurements, case, AT_ONCE).median for case in having(measurements, AT_ONCE)}
    return [
        Line(
            "A training step on a GPU",
            "its floor there",
            f"{spread(ratio(measurements, case, STEP, FLOOR) for case in floors)} times",
        ),
        Line(
            "",
            "the same, kernel by kernel",
            f"{spread(ratio(measurements, case, STEP, EAGER) for case in steps)} times its time",
        ),
        Line(
            "Eight inpainting models trained",
            "",
            ", ".join(f"{case} {seconds:.0f} s" for case, seconds in together.items()),
        ),
    ]
