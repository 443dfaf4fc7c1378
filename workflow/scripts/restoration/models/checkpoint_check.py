"""A check that a checkpoint is whole and belongs to the training that found it. Nothing in the file is trusted."""

from typing import TYPE_CHECKING, Any

import torch

from restoration.core.errors import quoted
from restoration.models import model_file
from restoration.models.objective import MEASURED
from restoration.models.optimizer import Adam

if TYPE_CHECKING:
    from restoration.models.training import Trainer


def check(content: Any, training: "Trainer") -> None:
    """Raise an exception of any kind unless `content` is what `training.save` would write at some iteration."""
    iteration, record, validation = content["iteration"], content["record"], content["validation"]
    if content["training"] != training.name:
        raise ValueError("it is of another training")
    if type(iteration) is not int or not 0 <= iteration <= len(training.record):
        raise ValueError(f"iteration {quoted(iteration)} of {len(training.record)}")
    if record.shape != (iteration, 3) or record.dtype != training.record.dtype or not record.isfinite().all():
        raise ValueError("its record is not of its iterations")
    epochs = range(1, iteration // training.epoch_iterations + 1)
    if [row["iteration"] for row in validation] != [training.epoch_iterations * epoch for epoch in epochs]:
        raise ValueError("its validation is not of its epochs")
    if any(
        row.keys() != {"iteration", *MEASURED} or type(row[name]) is not float
        for row in validation
        for name in MEASURED
    ):
        raise ValueError("its validation does not hold the measured numbers")
    model_file.check_weights(training.model.network, content["network"])
    if iteration < len(training.record):
        torch.Generator(training.generator.device).set_state(content["generator"])
        _check_optimiser(content["optimiser"], training.optimiser, iteration)


def _check_optimiser(content: Any, optimiser: Adam, iteration: int) -> None:
    """Check the state of Adam: two moments for each weight, after as many steps."""
    weights = optimiser.parameters
    if content.keys() != optimiser.state.keys():
        raise ValueError("its optimiser is another")
    if content["steps"].shape != () or content["steps"].dtype != torch.float32 or content["steps"] != iteration:
        raise ValueError("its optimiser made other steps")
    for part in ("means", "squares"):
        for moment, values in zip(content[part], weights, strict=True):
            if moment.shape != values.shape or moment.dtype != values.dtype:
                raise ValueError("its optimiser is of other weights")
            if not moment.isfinite().all() or (part == "squares" and moment.min() < 0):
                raise ValueError("its optimiser holds impossible values")
