"""The work of the graph's trainings and evaluations in one process, with the package's own functions: a bound for it.

    plain.py CONFIGURATION

CONFIGURATION: a resolved one, as JSON. Nothing is stored, drawn or recorded, and no baseline is computed. Prints JSON:
seconds of the wall clock, and CPU seconds of training, evaluating, and the classifier, with the imports before them.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).parents[1]))
import numpy as np
import torch

from benchmarks.subjects import corrupted, subjects
from restoration.core import registry
from restoration.data.dataset_files import Images
from restoration.evaluation import computation_cost, diagnostics, scoring
from restoration.models import classifier, objective
from restoration.models.training import Trainer

LATENTS = 10_000  # as evaluate.py


class Process:
    """The CPU seconds of this process so far, by kind."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.seconds["imports"] = time.process_time()

    @contextmanager
    def at(self, kind: str) -> Iterator[None]:
        start = time.process_time()
        yield
        self.seconds[kind] += time.process_time() - start


def evaluate(
    loop: Trainer, methods: dict[str, Any], arrays: dict[str, np.ndarray], test: Images, read: scoring.Reader
) -> dict[str, Any]:
    """Compute what evaluate.py computes of a model."""
    model, seed = loop.model, loop.seed
    model.network.eval().requires_grad_(False)  # as a loaded one
    restorers = {}
    for method, parameters in methods.items():
        counted, restore = (scoring.restorer(model, method, parameters, seed) for _ in range(2))
        if counted and restore:
            computation_cost.multiply_adds(counted, test)
            restorers[method] = restore
    scores, *_ = scoring.measure(restorers, test, scoring.shown(test.labels, model.classes), read)
    images, labels = (arrays[f"train_{part}"][:LATENTS] for part in ("images", "labels"))
    scoring.latent_means(model, images, np.zeros_like(images[:, :1], bool), labels)
    scoring.latent_means(model, test.corrupted, test.mask, test.labels)
    objective.held_out(model, *test, seed)
    return {"scores": scoring.summarise(scores), **diagnostics.measure(model, test, seed)}


def main(config: dict[str, Any]) -> dict[str, Any]:
    start, process = time.perf_counter(), Process()
    torch.set_num_threads(1)
    settings = config["dataset"]
    dataset = registry.load("datasets", settings["name"]).load(settings["source"])
    arrays = import_module("download").split(dataset, settings["validation"], settings["seed"])
    with process.at("classifier"):
        read = classifier.train(arrays["train_images"], arrays["train_labels"], dataset.classes, settings["seed"]).read
    train, trained = (arrays["train_images"], arrays["train_labels"]), 0
    for subject in subjects(config):
        splits = (arrays[f"{name}_{part}"] for name in ("validation", "test") for part in ("images", "labels"))
        images, labels, test_images, test_labels = splits
        validation, test = (corrupted(subject, *pair) for pair in ((images, labels), (test_images, test_labels)))
        for seed in subject.definition["seeds"]:
            with process.at("training"):
                loop = subject.trained(train, validation, seed)
            with process.at("evaluation"):
                evaluate(loop, config["tasks"][subject.task]["inference"], arrays, test, read)
            trained += 1
    return {"models": trained, "wall": time.perf_counter() - start, "cpu": time.process_time(), **process.seconds}


if __name__ == "__main__":
    json.dump(main(json.loads(sys.argv[1])), sys.stdout)
