"""The same training step on a GPU, where one is at hand, against its floor there."""

import tempfile
import time
from collections.abc import Callable

import numpy as np
import torch

from benchmarks.floor import Floor
from benchmarks.measuring import Line, Measurement, Options, cases, found, interleaved, nothing, ratio, repeated, spread
from benchmarks.subjects import FEW_IMAGES, TRAINING_IMAGES, Subject, images, subjects
from benchmarks.suite.step import FLOOR, STEP, stepping, trainer
from restoration.training import Trainer

TITLE = "A training step on a GPU, against its floor"
NONE_AT_HAND = "No GPU was at hand when this was measured."


def moved(loop: Trainer, device: str) -> Trainer:
    """The training, whose data and weights lie on the device; what it draws is drawn there too."""
    loop.model.network.to(device)
    loop.images, loop.labels, loop.record = (part.to(device) for part in (loop.images, loop.labels, loop.record))
    loop.generator = torch.Generator(device).manual_seed(0)
    return loop


def measure(
    subject: Subject,
    data: tuple[np.ndarray, np.ndarray],
    folder: str,
    repeats: int,
    device: str,
    wait: Callable[[], None] = nothing,
) -> list[Measurement]:
    turn = 20
    with torch.device(device):
        loop = moved(trainer(subject, data, folder, 1000), device)
        acts = {STEP: stepping(loop), FLOOR: Floor(loop.model, loop.batch_size, device).step}
        turns = {name: repeated(act, turn) for name, act in acts.items()}
        seconds = interleaved(turns, repeats, time.perf_counter, wait)
    return [Measurement(subject.name, name, "ms", [1000 * value / turn for value in seconds[name]]) for name in acts]


def run(options: Options) -> list[Measurement]:
    if not torch.cuda.is_available():
        return []
    torch.set_num_threads(1)
    data = images(options.mnist, FEW_IMAGES if options.quick else TRAINING_IMAGES)
    measurements = []
    with tempfile.TemporaryDirectory() as folder:
        for subject in subjects():
            repeats = options.times(40, 5)
            measurements += measure(subject, data, folder, repeats, "cuda", torch.cuda.synchronize)
    return measurements


def table(measurements: list[Measurement]) -> list[str]:
    if not measurements:
        return [NONE_AT_HAND]
    lines = ["| model | step, ms | floor, ms | step / floor |", "| --- | --- | --- | --- |"]
    for case in cases(measurements):
        step, floor = (f"{found(measurements, case, name).median:.3f}" for name in (STEP, FLOOR))
        lines.append(f"| {case} | {step} | {floor} | **{ratio(measurements, case, STEP, FLOOR):.2f}** |")
    return lines


def summary(measurements: list[Measurement]) -> list[Line]:
    if not measurements:
        return [Line("A training step on a GPU", "", "none was at hand")]
    times = spread(ratio(measurements, case, STEP, FLOOR) for case in cases(measurements))
    return [Line("A training step on a GPU", "its floor there", f"{times} times")]
