"""An epoch against what people would use instead: same network, weights at the start, batch, optimiser, one core."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.measuring import Line, Measurement, Options, cases, found, ratio, say
from benchmarks.subjects import FEW_IMAGES, TRAINING_IMAGES, images

TITLE = "An epoch against what people would use instead"
HERE = Path(__file__).parents[1]
PEERS = True
OURS = "workflow"
NAMES = {
    OURS: "this workflow",
    "pytorch": "PyTorch's examples' way: DataLoader, torchvision's transforms",
    "lightning": "Lightning, the same data",
    "pythae": "pythae",
    "keras_torch": "Keras on PyTorch",
    "keras_jax": "Keras on JAX",
}
SHORT = NAMES | {"pytorch": "PyTorch's examples", "lightning": "Lightning"}
CASES = {
    "complete images": ({"name": "none"}, list(NAMES)),
    "a hole on the stroke": ({"name": "stroke_hole", "size": 6}, [OURS, "pytorch", "lightning"]),
}
TEST_IMAGES = 2_000


class Worker:
    """A contender's process (worker.py)."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, str(HERE / "worker.py"), *arguments]
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the worker)
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self.errors, text=True)
        self.name = arguments[0]

    def epoch(self) -> dict[str, float]:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self) -> dict[str, float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            sys.exit(f"{self.name} failed:\n{self.errors.read()}")
        return json.loads(line)

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for file in (self.errors, self.process.stdin, self.process.stdout):
            if file:
                file.close()


def measure(case: str, contenders: Sequence[str], data: Path, corruption: str, epochs: int) -> list[Measurement]:
    """Time epochs by turns. The first of each, in which a library may compile, is trained and not counted."""
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(Worker(name, str(data), corruption, str(epochs + 1))) for name in contenders
        }
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        for number in range(epochs + 1):
            first = number % len(contenders)
            for name in [*contenders[first:], *contenders[:first]]:
                rows[name].append(workers[name].epoch())
                say(f"  {case}: {name}: epoch {number}: {rows[name][-1]['cpu']:.2f} CPU s")
        measured = []
        for name, worker in workers.items():
            measured.append(Measurement(case, name, "s", [row["cpu"] for row in rows[name][1:]]))
            measured.append(Measurement(case, f"{name} wall", "s", [row["seconds"] for row in rows[name][1:]]))
            measured.append(Measurement(case, f"{name} objective", "nats", [worker.answer()["objective"]]))
        measured.append(Measurement(case, "epochs", "", [epochs + 1]))
    return measured


def run(options: Options) -> list[Measurement]:
    measurements = []
    train, labels = images(options.mnist, FEW_IMAGES if options.quick else TRAINING_IMAGES)
    test, test_labels = images(options.mnist, TEST_IMAGES, "test")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data.npz"
        np.savez(data, train_images=train, train_labels=labels, test_images=test, test_labels=test_labels)
        for case, (corruption, contenders) in CASES.items():
            measurements += measure(case, contenders, data, json.dumps(corruption), options.times(5, 2))
    return measurements


def table(measurements: list[Measurement]) -> list[str]:
    lines = [
        "| trained on | by | epoch, CPU s | times this workflow's | objective after the epochs, nats an image |",
        "| --- | --- | --- | --- | --- |",
    ]
    for case in cases(measurements):
        for name in CASES[case][1]:
            seconds, objective = (found(measurements, case, key).median for key in (name, f"{name} objective"))
            times = f"{ratio(measurements, case, name, OURS):.2f}"
            lines.append(f"| {case} | {NAMES[name]} | {seconds:.2f} | **{times}** | {objective:.1f} |")
    epochs = found(measurements, cases(measurements)[0], "epochs").values[0]
    return [
        *lines,
        "",
        "All have the 784-400-20 VAE, the same weights at the start, batches of 128, Adam, BCE, one core, and "
        f"{epochs:.0f} epochs, of which the first is not timed. The objective is measured by the same code on held-out "
        "images.",
    ]


def summary(measurements: list[Measurement]) -> list[Line]:
    lines = []
    for case in cases(measurements):
        for name in CASES[case][1][1:]:
            times = ratio(measurements, case, OURS, name)
            lines.append(Line(f"An epoch, {case}", SHORT[name], f"{times:.2f} times its time"))
    return lines
