"""A trained model as one file that rebuilds itself: weights, network, variant and loss, without the configuration."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from restoration import networks, registry
from restoration.artifacts import replacing
from restoration.errors import UserError
from restoration.variants import Variant

FORMAT = 1


@dataclass(frozen=True)
class Model:
    """A network with what it needs to be used. image_shape: (C, H, W)."""

    network: networks.Autoencoder
    variant: Variant
    loss_name: str
    image_shape: tuple[int, int, int]
    classes: int

    @property
    def loss(self) -> ModuleType:
        return registry.load("losses", self.loss_name)


def create(variant: Variant, loss_name: str, image_shape: tuple[int, int, int], classes: int) -> Model:
    """A new model, initialised from torch's global generator."""
    size = variant.condition_size(image_shape, classes)
    network = networks.build(variant.network, image_shape, size, variant.parameters)
    return Model(network, variant, loss_name, image_shape, classes)


def save(model: Model, path: str | Path) -> None:
    content = {
        "format": FORMAT,
        "variant": model.variant.as_dict(),
        "loss": model.loss_name,
        "image_shape": list(model.image_shape),
        "classes": model.classes,
        "state_dict": model.network.state_dict(),
    }
    with replacing(path) as part:
        write_tensors(content, part)


def load(path: str | Path) -> Model:
    """The model of a file that `save` wrote, ready for inference.

    Raises UserError if the file is no such thing. Nothing in it is executed: only tensors and plain values are read.
    """
    content = read_tensors(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UserError(f"{path}: not a model of this workflow (format {FORMAT}); remove it and run snakemake again")
    try:
        variant, shape = Variant(**content["variant"]), tuple(content["image_shape"])
        model = create(variant, content["loss"], shape, content["classes"])
        model.network.load_state_dict(content["state_dict"])
        model.loss  # noqa: B018  # is there
    except Exception as error:  # whatever a damaged file can lead to
        raise UserError(f"{path}: does not fit together ({error}); remove it and run snakemake again") from None
    model.network.eval()
    return model


def write_tensors(content: dict[str, Any], path: Path) -> None:
    # Through a file object: given a path, torch would put the file's name into the bytes.
    with open(path, "wb") as file:
        torch.save(content, file)


def read_tensors(path: str | Path) -> Any:
    """What torch.save wrote, of tensors and plain values only. Raises UserError if it is anything else."""
    try:
        return torch.load(path, weights_only=True)
    except Exception as error:  # damaged bytes lead the unpickler to errors of any kind
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path}: cannot be read ({reason}); remove it and run snakemake again") from None
