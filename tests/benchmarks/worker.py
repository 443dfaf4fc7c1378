"""One contender in a process of its own: it trains an epoch for each line that it reads, and answers with a line.

    worker.py CONTENDER DATA CORRUPTION EPOCHS

DATA is an npz file: train_images, train_labels, test_images, test_labels; CORRUPTION is JSON. Each answer is JSON: the
seconds that the epoch took, and its CPU seconds. After the last epoch: the objective over the test images.
"""

import json
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TextIO

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).parents[1]))

ONE_THREAD = {
    **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}


class Turns:
    """A gate that waits for a line before each epoch, and writes what the epoch took."""

    def __init__(self, answers: TextIO) -> None:
        self.answers = answers

    def open(self) -> None:
        if not sys.stdin.readline():
            raise SystemExit
        self.start, self.cpu = time.perf_counter(), time.process_time()

    def close(self) -> None:
        seconds, cpu = time.perf_counter() - self.start, time.process_time() - self.cpu
        self.answer({"seconds": seconds, "cpu": cpu})

    def answer(self, content: dict[str, float]) -> None:
        print(json.dumps(content), file=self.answers, flush=True)


def own_core() -> None:
    """Keep to one core: not every library has a switch for all of its threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main(contender: str, data: str, corruption: str, epochs: str) -> None:
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    own_core()
    os.environ |= ONE_THREAD
    import numpy as np
    import torch

    from benchmarks.contenders import Task, workflow
    from restoration.data import corruptions
    from restoration.data.device import as_float, as_uint8
    from restoration.models import objective

    torch.set_num_threads(1)
    turns, settings = Turns(answers), json.loads(corruption)
    with np.load(data) as arrays:
        images, labels, test, test_labels = (
            arrays[f"{split}_{part}"] for split in ("train", "test") for part in ("images", "labels")
        )
    torch.manual_seed(0)
    model = workflow.create(settings["name"] != "none")
    start = {name: weights.numpy().copy() for name, weights in model.network.state_dict().items()}
    train = import_module(f"benchmarks.contenders.{contender}").train
    weights = train(Task(images, labels, settings, start, int(epochs)), turns)
    model.network.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    corrupted, mask = corruptions.build(settings)(as_float(test), torch.Generator().manual_seed(0))
    held_out = objective.held_out(model, test, as_uint8(corrupted.numpy()), mask.numpy(), test_labels, 0)
    turns.answer({"objective": held_out["objective"]})


if __name__ == "__main__":
    main(*sys.argv[1:])
