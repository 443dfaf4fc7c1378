"""Trains models of the source one after the other in one process, as train.py does, but for what it writes.

    trained.py '{"place": PLACE, "quick": QUICK, "mnist": MNIST, "names": [MODEL, ...]}'

PLACE: cpu or cuda; QUICK: one epoch of few images; MNIST: a folder or null; MODEL: a subject's name. Prints JSON:
seconds from the process's start until it can train, and of each training; and how many images each training saw.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).parents[1]))
import psutil
import torch

from benchmarks.subjects import FEW_IMAGES, TRAINING_IMAGES, corrupted, images, subjects
from restoration.data import device


def main(place: str, quick: bool, mnist: str | None, names: list[str]) -> dict[str, list[float]]:
    torch.set_num_threads(1)
    device.use(place)
    folder = Path(mnist) if mnist else None
    data, held_out = images(folder, FEW_IMAGES if quick else TRAINING_IMAGES), images(folder, 5_000)
    torch.zeros(1).sum().item()  # a GPU is there when it was used once
    told = {"start": [time.time() - psutil.Process().create_time()], "training": [], "images": []}
    for subject in [one for one in subjects() if one.name in names]:
        validation = corrupted(subject, *held_out)
        start = time.perf_counter()
        changed: dict[str, Any] = {"epochs": 1} if quick else {}
        loop = subject.trained(data, validation, **changed)
        told["training"].append(time.perf_counter() - start)
        told["images"].append(loop.epochs * len(data[0]))
    return told


if __name__ == "__main__":
    json.dump(main(**json.loads(sys.argv[1])), sys.stdout)
