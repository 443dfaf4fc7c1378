"""A trained model as one file that rebuilds itself: weights, network, variant and loss, without the configuration."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from restoration.core import registry
from restoration.core.artifacts import check_size, reading, replacing
from restoration.core.errors import DamagedFile, quoted, reason
from restoration.models import networks
from restoration.models.variants import Variant

FORMAT = 1


@dataclass(frozen=True)
class Model:
    """A network with what it needs to be used. image_shape: (C, H, W)."""

    network: networks.RestorationNetwork
    variant: Variant
    loss_name: str
    image_shape: tuple[int, int, int]
    classes: int

    @property
    def autoencoder(self) -> networks.Autoencoder:
        """The network, where it has a code. Raises TypeError where it has none."""
        if not isinstance(self.network, networks.Autoencoder):
            raise TypeError(f"network '{self.variant.network}' has no code")
        return self.network

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
        "state_dict": {name: values.cpu() for name, values in model.network.state_dict().items()},
    }
    with replacing(path) as part:
        write_tensors(content, part)


def load(path: str | Path) -> Model:
    """The model of a file that `save` wrote, ready for inference.

    Raises DamagedFile if the file is no such thing. Nothing in it is executed: only tensors and plain values are read.
    """
    content = read_tensors(path)
    if not isinstance(content, dict) or type(content.get("format")) is not int or content["format"] != FORMAT:
        raise DamagedFile(path, f"not a model of this workflow (format {FORMAT})")
    try:
        variant, shape, classes = Variant(**content["variant"]), content["image_shape"], content["classes"]
        registry.check("networks", variant.network, variant.parameters, "variant")
        registry.check("losses", content["loss"], {}, "loss")
        if variant.encoder_input not in ("complete", "corrupted"):
            raise ValueError(f"encoder_input {quoted(variant.encoder_input)}")
        if [type(size) for size in (*shape, classes)] != [int] * 4 or min(*shape, classes) < 1:
            raise ValueError(f"images {quoted(shape)} of {quoted(classes)} classes")
        with torch.device("meta"):  # without memory, which a file that claims any size would take
            claimed = create(variant, content["loss"], tuple(shape), classes)
        check_weights(claimed.network, content["state_dict"])
        model = create(variant, content["loss"], tuple(shape), classes)
        model.network.load_state_dict(content["state_dict"])
    except Exception as error:  # whatever a damaged file can lead to
        raise DamagedFile(path, f"does not fit together ({reason(error)})") from None
    model.network.eval().requires_grad_(False)  # or an inference by gradient computes those of the weights as well
    return model


def check_weights(network: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Raises ValueError unless `weights` are numbers, in the names and shapes of the network's own."""
    own = network.state_dict()
    if weights.keys() != own.keys():
        raise ValueError("its weights are not those of its network")
    for name, values in weights.items():
        shared = values.numel() * values.element_size() > values.untyped_storage().nbytes()
        if values.shape != own[name].shape or values.dtype != own[name].dtype or shared:
            raise ValueError(f"{name} is {values.dtype} {tuple(values.shape)}; expected {tuple(own[name].shape)}")
        if not values.isfinite().all():
            raise ValueError(f"{name} has values that are no numbers")


def write_tensors(content: dict[str, Any], path: Path) -> None:
    # Through memory: given a path, torch puts the file's name into the bytes, and given a file it hides a full disk.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    path.write_bytes(buffer.getbuffer())


def read_tensors(path: str | Path) -> Any:
    """What torch.save wrote, of tensors and plain values only. Raises DamagedFile if it is anything else."""
    with reading(path):
        with zipfile.ZipFile(path) as archive:
            check_size(archive)
            if damaged := archive.testzip():  # torch itself does not look at the sums
                raise ValueError(f"{damaged} is damaged")
        return torch.load(path, map_location="cpu", weights_only=True)
