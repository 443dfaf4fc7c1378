"""The training of one model: the loop, its record, and the checkpoint from which a stopped training resumes."""

import logging
import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from restoration.core.determinism import derived_seed
from restoration.core.errors import UserError, quoted, reason
from restoration.data import device
from restoration.data.corruptions import Corrupt
from restoration.models import model_file, objective
from restoration.models.model_file import Model
from restoration.models.optimizer import Adam, factor

CHUNK = 50  # iterations between two checks for divergence, progress and a due checkpoint
CHECKPOINT_COST = 0.01  # the share of the time that goes into checkpoints: after one of 20 ms, the next is 2 s later
CHECKPOINT_SECONDS = 1  # between two checkpoints, at least
DIVERGED = 10  # times the first objective is out of bounds

logger = logging.getLogger("restoration.training")


class Trainer:
    """One training, from its start or from the checkpoint at `checkpoint`.

    images: uint8 (N, C, H, W), complete; labels: int64 (N,); corrupt: images to (corrupted, mask). settings: epochs,
    batch_size, learning_rate, schedule, weight_decay; else Adam has torch's defaults. Each epoch visits all images in
    an order of its own; the last batch may be smaller.

    `record` is float (iterations, 3): objective, reconstruction and KL, the mean over each batch.
    """

    def __init__(
        self,
        model: Model,
        images: np.ndarray,
        labels: np.ndarray,
        corrupt: Corrupt,
        settings: Mapping[str, Any],
        seed: int,
        checkpoint: Path,
    ) -> None:
        self.model, self.corrupt, self.seed, self.checkpoint = model, corrupt, seed, checkpoint
        self.images, self.labels = device.on_device(images), device.on_device(labels)
        self.epochs, self.batch_size = settings["epochs"], settings["batch_size"]
        self.learning_rate, self.schedule = settings["learning_rate"], settings["schedule"]
        self.epoch_iterations = math.ceil(len(images) / self.batch_size)
        self.record = torch.zeros(self.epochs * self.epoch_iterations, 3)
        self.generator = device.generator(seed, "training")
        self.layer_generator, self.layer_seed = device.layer_generator(), derived_seed(seed, "layers")
        self.optimiser = Adam(model.network.parameters(), self.learning_rate, decay=settings["weight_decay"])
        self.descend: Callable[[torch.Tensor], torch.Tensor] = device.Captured(self._descend, [self.generator])
        self.iteration = 0
        self.validation: list[dict[str, float]] = []  # a row an epoch: iteration, objective, reconstruction, kl
        self.saved_at, self.spacing = time.monotonic(), float(CHECKPOINT_SECONDS)
        self.unsaved = False  # True once a checkpoint could not be written

    def step(self, indices: torch.Tensor) -> None:
        """Train one iteration on the images at `indices` (B,)."""
        self.layer_generator.manual_seed(self.layer_seed + self.iteration)  # so that no checkpoint holds its state
        self.optimiser.learning_rate = self.learning_rate * factor(self.schedule, self.iteration / len(self.record))
        self.record[self.iteration] = self.descend(indices)
        self.iteration += 1

    def _descend(self, indices: torch.Tensor) -> torch.Tensor:
        """Compute an iteration on the device; return its row of the record."""
        variant = self.model.variant
        complete = self.images.index_select(0, indices) / 255  # faster than images[indices]
        if variant.sees_corruption:
            corrupted, mask = self.corrupt(complete, self.generator)
        else:
            corrupted, mask = complete, torch.zeros_like(complete[:, :1], dtype=torch.bool)
        image = variant.seen_in_training(complete, corrupted)
        condition = variant.granted(corrupted, mask, self.labels.index_select(0, indices), self.model.classes)
        reconstruction, kl = (
            part.mean()
            for part in objective.parts(self.model.network, self.model.loss, image, condition, complete, self.generator)
        )
        loss = reconstruction + kl
        self.optimiser.step(torch.autograd.grad(loss, self.optimiser.parameters))
        return torch.stack([loss, reconstruction, kl]).detach()

    def run(
        self,
        validate: Callable[[Model], dict[str, float]],
        show: Callable[[int, float], None],
        log: Callable[["Trainer"], None],
    ) -> None:
        """Train to the end. After each epoch, validate the model and call log(self).

        show(iterations made, objective) is called from time to time. Raises UserError when the objective is no longer a
        number or grows out of bounds.
        """
        while not self.finished:
            self.model.network.train()
            self._epoch(show)
            self.model.network.eval()
            self.validation.append({"iteration": self.iteration, **validate(self.model)})
            log(self)
            self._save_if_due()

    @property
    def finished(self) -> bool:
        return self.iteration == len(self.record)

    def _epoch(self, show: Callable[[int, float], None]) -> None:
        """Train to the end of the current epoch, from wherever in it the training stands."""
        epoch, first = divmod(self.iteration, self.epoch_iterations)
        generator = device.generator(self.seed, "order", str(epoch))
        batches = torch.randperm(len(self.images), generator=generator).split(self.batch_size)
        for number, indices in enumerate(batches[first:], start=first + 1):
            self.step(indices)
            if number == self.epoch_iterations or self.iteration % CHUNK == 0:
                self.check()
                show(self.iteration, float(self.record[self.iteration - 1, 0]))
                if number < self.epoch_iterations:  # a whole epoch is validated first
                    self._save_if_due()

    def check(self) -> None:
        """Raise UserError if the record shows that the training diverged."""
        start = max(0, self.iteration - CHUNK)
        recent = self.record[start : self.iteration, 0]
        bad = ~recent.isfinite() | (recent > DIVERGED * self.record[0, 0].abs())
        if bad.any():
            at = start + int(bad.nonzero()[0])
            good = "none before it"
            if at:
                objective, reconstruction, kl = self.record[at - 1].tolist()
                good = f"iteration {at}: objective {objective:.4g}, reconstruction {reconstruction:.4g}, KL {kl:.4g}"
            raise UserError(
                f"the training diverged: iteration {at + 1} has the objective {float(self.record[at, 0]):.4g}; "
                f"last good figures: {good}. Try a smaller training.learning_rate"
            )

    def _save_if_due(self) -> None:
        if self.finished or time.monotonic() - self.saved_at > self.spacing:
            try:
                self.save()
            except OSError as error:  # a full disk, which may have room again when the model is written
                level = logging.DEBUG if self.unsaved else logging.WARNING  # once is enough
                logger.log(level, "%s: no checkpoint (%s); the training goes on", self.checkpoint, error)
                self.saved_at, self.unsaved = time.monotonic(), True

    def _content(self, iteration: int) -> dict[str, Any]:
        """Return all that the next iteration depends on; of a finished training, what it leaves."""
        content = {
            "training": self.checkpoint.parent.name,  # which tells this training from others
            "iteration": iteration,
            "record": self.record[:iteration].clone(),
            "validation": self.validation,
            "network": self.model.network.state_dict(),
        }
        if iteration < len(self.record):
            content |= {"optimiser": self.optimiser.state, "generator": self.generator.get_state()}
        return content

    def save(self) -> None:
        start = time.monotonic()
        model_file.write_tensors(self._content(self.iteration), self.checkpoint)
        self.saved_at = time.monotonic()
        self.spacing = max(CHECKPOINT_SECONDS, (self.saved_at - start) / CHECKPOINT_COST)

    def _check_checkpoint(self, content: Any) -> None:
        """Raise an exception of any kind unless this training would have written `content`. Nothing is trusted."""
        iteration = content["iteration"]
        if type(iteration) is not int or not 0 <= iteration <= len(self.record):
            raise ValueError(f"iteration {quoted(iteration)} of {len(self.record)}")
        ends = range(self.epoch_iterations, iteration + 1, self.epoch_iterations)
        rows = [{"iteration": end, **dict.fromkeys(objective.MEASURED, 0.0)} for end in ends]
        model_file.check_form(content, self._content(iteration) | {"validation": rows}, "checkpoint")
        if iteration < len(self.record):
            torch.Generator(self.generator.device).set_state(content["generator"])
            state = content["optimiser"]
            if state["steps"] != iteration or any(square.min() < 0 for square in state["squares"]):
                raise ValueError("its optimiser holds impossible values")

    def resume(self) -> bool:
        """Resume from the checkpoint if it is a whole one of this training; remove any other."""
        if not self.checkpoint.is_file():
            return False
        try:
            content = model_file.read_tensors(self.checkpoint)
            self._check_checkpoint(content)
        except Exception as error:  # whatever a damaged or foreign file can lead to
            logger.warning("%s: removed, the training starts over: %s", self.checkpoint, reason(error))
            self.checkpoint.unlink()
            return False
        self.iteration = content["iteration"]
        # The very name objects of a new training, because torch.save tells equal ones apart.
        names = ("iteration", *objective.MEASURED)
        self.validation = [{name: row[name] for name in names} for row in content["validation"]]
        self.record[: self.iteration] = content["record"]
        self.model.network.load_state_dict(content["network"])
        if not self.finished:
            self.optimiser.load(content["optimiser"])
            self.generator.set_state(content["generator"])
        return True
