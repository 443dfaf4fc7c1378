"""This workflow's own training, as train.py runs it, but for the validation."""

import tempfile
from pathlib import Path

import torch

from benchmarks.contenders import BATCH, HIDDEN, LATENT, LEARNING_RATE, Gate, Task, Weights
from benchmarks.subjects import UNMEASURED
from restoration.data import corruptions
from restoration.models import model_file
from restoration.models.training import Trainer
from restoration.models.variants import Variant

SETTINGS = {"batch_size": BATCH, "learning_rate": LEARNING_RATE, "schedule": "constant", "weight_decay": 0}


def create(holes: bool) -> model_file.Model:
    variant = Variant("vae", "corrupted" if holes else "complete", "none", {"hidden": HIDDEN, "latent": LATENT})
    return model_file.create(variant, "bce", (1, 28, 28), 10)


def train(task: Task, gate: Gate) -> Weights:
    model = create(task.corruption["name"] != "none")
    model.network.load_state_dict({name: torch.from_numpy(weights) for name, weights in task.start.items()})

    def log(loop: Trainer) -> None:
        gate.close()
        if not loop.finished:
            gate.open()

    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "bench" / "state.pt"
        settings = SETTINGS | {"epochs": task.epochs}
        loop = Trainer(model, task.images, task.labels, corruptions.build(task.corruption), settings, 0, checkpoint)
        gate.open()
        loop.run(lambda model: UNMEASURED, lambda *_: None, log)
    return {name: weights.numpy() for name, weights in model.network.state_dict().items()}
