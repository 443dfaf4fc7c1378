"""What the benchmarks measure on: the source's models as the configuration has them, and images."""

import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import yaml

from checkout import ROOT
from restoration.config import configuration, yaml_file
from restoration.core import registry
from restoration.data import corruptions
from restoration.data.dataset_files import Images
from restoration.data.device import as_float, as_uint8
from restoration.models import model_file, objective
from restoration.models.training import Trainer
from restoration.models.variants import Variant

TRAINING_IMAGES = 55_000  # of MNIST, where 5,000 of its 60,000 are set aside for validation
FEW_IMAGES = 2_560  # 20 batches
UNMEASURED = {"objective": 0.0, "reconstruction": 0.0, "kl": 0.0}  # of a training that is not validated


class Subject(NamedTuple):
    """A model to train: a task's variant under a loss."""

    task: str
    variant: str
    loss: str
    corruption: dict[str, Any]
    definition: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.task} {self.variant} {self.loss}"

    def model(self, image_shape: tuple[int, int, int] = (1, 28, 28), classes: int = 10) -> model_file.Model:
        """Make a new model, always with the same weights."""
        torch.manual_seed(0)
        keys = (*configuration.VARIANT_KEYS, "parameters")
        variant = Variant(**{key: self.definition[key] for key in keys})
        return model_file.create(variant, self.loss, image_shape, classes)

    def corrupt(self) -> corruptions.Corrupt:
        return corruptions.build(self.corruption)

    def trainer(self, data: tuple[np.ndarray, np.ndarray], folder: str, seed: int = 0, **changed: Any) -> Trainer:
        """Return a training on images and labels, with its checkpoint in a folder and with settings changed."""
        settings, checkpoint = self.definition["training"] | changed, Path(folder) / "bench" / "state.pt"
        return Trainer(self.model(), *data, self.corrupt(), settings, seed, checkpoint)

    def trained(
        self, data: tuple[np.ndarray, np.ndarray], validation: Images | None = None, seed: int = 0, **changed: Any
    ) -> Trainer:
        """Run a training as train.py does, but for what that writes, and for the validation where there is none."""

        def validate(model: model_file.Model) -> dict[str, float]:
            return objective.held_out(model, *validation, seed) if validation else UNMEASURED

        with tempfile.TemporaryDirectory() as folder:
            loop = self.trainer(data, folder, seed, **changed)
            loop.run(validate, lambda *_: None, lambda _: None)
        return loop


def resolved(*files: str, **changes: Any) -> dict[str, Any]:
    """Resolve config/config.yaml with other files of the repository and `changes` laid over it."""
    config: dict[str, Any] = {}
    for name in ("config/config.yaml", *files):
        config = yaml_file.laid_over(yaml.safe_load((ROOT / name).read_text(encoding="utf-8")), config)
    return configuration.resolve(yaml_file.laid_over(changes, config))


def subjects(config: dict[str, Any] | None = None) -> list[Subject]:
    """Return each variant of the tasks, by default the source's, with each of its losses."""
    return [
        Subject(task, variant, loss, settings["corruption"], definition)
        for task, settings in (config or resolved())["tasks"].items()
        for variant, definition in settings["variants"].items()
        for loss in definition["losses"]
    ]


def images(mnist: Path | None, count: int, split: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """Return `count` images of a split, uint8 (count, 1, 28, 28), and their labels, int64 (count,).

    They are MNIST's where its folder is given, else the embedded digits, repeated as often as is needed.
    """
    name, source = ("mnist", str(mnist)) if mnist else ("digits", None)
    dataset = registry.load("datasets", name).load(source)
    own, labels = (getattr(dataset, f"{split}_{part}") for part in ("images", "labels"))
    rows = np.arange(count) % len(own)
    return own[rows], labels[rows]


def corrupted(subject: Subject, complete: np.ndarray, labels: np.ndarray) -> Images:
    """Corrupt images as the subject's task does."""
    generator = torch.Generator(torch.get_default_device()).manual_seed(0)
    damaged, mask = subject.corrupt()(as_float(complete), generator)
    return Images(complete, as_uint8(damaged.cpu().numpy()), mask.cpu().numpy(), labels)
