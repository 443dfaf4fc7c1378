"""A training step and an epoch of each model of the source, against their floor. One thread."""

import tempfile
from collections.abc import Callable
from functools import partial
from itertools import cycle

import numpy as np
import torch

from benchmarks.floor import BYTES, Floor
from benchmarks.measuring import Line, Measurement, Options, cases, found, interleaved, ratio, repeated, say, spread
from benchmarks.subjects import FEW_IMAGES, TRAINING_IMAGES, Subject, images, subjects
from restoration.models.training import Trainer

TITLE = "A training step and an epoch, against their floor"
STEP, FLOOR, DEFAULT = "step", "floor", "floor with torch's own products"
PRODUCTS, TRAFFIC, MEMORY, ADAM = "products", "Adam's bytes", "Adam's bytes from memory", "fused Adam"
EPOCH, EPOCH_FLOOR = "epoch", "epoch's floor"


def stepping(loop: Trainer) -> Callable[[], None]:
    """Return a function that trains on the next batch, over and over."""
    generator = torch.Generator(torch.get_default_device()).manual_seed(0)
    order = torch.randperm(len(loop.images), generator=generator)
    batches = cycle(batch for batch in order.split(loop.batch_size) if len(batch) == loop.batch_size)
    return lambda: loop.step(next(batches))


def measure(subject: Subject, data: tuple[np.ndarray, np.ndarray], options: Options) -> list[Measurement]:
    """Measure in many short turns: the median leaves out those before which something else had the cache."""
    repeats, turn = options.times(60, 10), 3
    with tempfile.TemporaryDirectory() as folder:
        loop = subject.trainer(data, folder, epochs=1000)
        floor = Floor(loop.model, loop.batch_size)
        whole = {STEP: stepping(loop), FLOOR: floor.step, DEFAULT: floor.default_step}
        parts = {PRODUCTS: floor.products, TRAFFIC: floor.traffic, MEMORY: floor.memory, ADAM: floor.adam}
        seconds: dict[str, list[float]] = {}
        for acts in (whole, parts):
            seconds |= interleaved({name: repeated(act, turn) for name, act in acts.items()}, repeats)
        measured = [
            Measurement(subject.name, name, "ms", [1000 * value / turn for value in values])
            for name, values in seconds.items()
        ]
        # An epoch is a whole training of one, as train.py runs it, but for the validation.
        epochs: dict[str, Callable[[], object]] = {
            EPOCH: partial(subject.trained, data, epochs=1),
            EPOCH_FLOOR: repeated(floor.step, loop.epoch_iterations),
        }
        seconds = interleaved(epochs, min(3, options.times(3, 1)))
        measured += [Measurement(subject.name, name, "s", values) for name, values in seconds.items()]
    return measured


def run(options: Options) -> list[Measurement]:
    torch.set_num_threads(1)
    data = images(options.mnist, FEW_IMAGES if options.quick else TRAINING_IMAGES)
    measurements = []
    for subject in subjects():
        measurements += measure(subject, data, options)
        say(line(measurements, subject.name))
    return measurements


def line(measurements: list[Measurement], case: str) -> str:
    def median(contender: str) -> str:
        return f"{found(measurements, case, contender).median:.2f}"

    def times(contender: str, of: str) -> str:
        return f"{ratio(measurements, case, contender, of):.2f}"

    cells = [case, median(STEP), median(FLOOR), f"**{times(STEP, FLOOR)}**", median(DEFAULT), times(STEP, DEFAULT)]
    cells += [median(name) for name in (PRODUCTS, TRAFFIC, MEMORY, ADAM, EPOCH)]
    return f"| {' | '.join(cells)} | **{times(EPOCH, EPOCH_FLOOR)}** |"


def table(measurements: list[Measurement]) -> list[str]:
    head = ["model", "step, CPU ms", "floor, ms", "step / floor", "floor with torch's own products, ms", "step / that"]
    head += ["products, ms", "Adam's bytes, ms", "the same from memory, ms", "fused Adam, ms", "epoch, CPU s"]
    head += ["epoch / floor"]
    return [
        f"| {' | '.join(head)} |",
        "|" + " --- |" * len(head),
        *(line(measurements, case) for case in cases(measurements)),
        "",
        f"The floor is the step's matrix products at their shapes, and a pass over the {BYTES} bytes a parameter that "
        "Adam must move, in the cache as far as a step leaves them there. Each product is by the library that is the "
        "faster for it here, torch's default or oneDNN; beside it the same with torch's default alone. For comparison: "
        "the same bytes from memory, and torch's fused Adam over as many numbers.",
    ]


def summary(measurements: list[Measurement]) -> list[Line]:
    models = cases(measurements)

    def times(one: str, other: str) -> str:
        return f"{spread(ratio(measurements, case, one, other) for case in models)} times"

    return [
        Line(
            f"A training step ({len(models)} models)", "its floor: matrix products and Adam's bytes", times(STEP, FLOOR)
        ),
        Line("", "the floor with torch's own matrix products", times(STEP, DEFAULT)),
        Line("An epoch", "its floor", times(EPOCH, EPOCH_FLOOR)),
    ]
