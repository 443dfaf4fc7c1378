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
    """A network with what is needed to use it. image_shape: (C, H, W)."""

    network: networks.RestorationNetwork
    variant: Variant
    loss_name: str
    image_shape: tuple[int, int, int]
    classes: int

    @property
    def autoencoder(self) -> networks.Autoencoder:
        """Return the network if it has a latent. Raises TypeError if it has none."""
        if not isinstance(self.network, networks.Autoencoder):
            raise TypeError(f"network '{self.variant.network}' has no latent")
        return self.network

    @property
    def loss(self) -> ModuleType:
        return registry.load("losses", self.loss_name)


def create(variant: Variant, loss_name: str, image_shape: tuple[int, int, int], classes: int) -> Model:
    """Create a new model, initialised from torch's global generator."""
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
    """Load the model that `save` wrote, ready for inference.

    Nothing in the file is executed: only tensors and plain values are read. Raises DamagedFile if it holds anything
    else.
    """
    content = read_tensors(path)
    if not isinstance(content, dict) or type(content.get("format")) is not int or content["format"] != FORMAT:
        raise DamagedFile(path, f"not a model of this workflow (format {FORMAT})")
    try:
        variant, shape, classes = Variant(**content["variant"]), content["image_shape"], content["classes"]
        registry.check_name("networks", variant.network, "variant")
        registry.check_name("losses", content["loss"], "loss")
        if variant.encoder_input not in ("complete", "corrupted"):
            raise ValueError(f"encoder_input {quoted(variant.encoder_input)}")
        if [type(size) for size in (*shape, classes)] != [int] * 4 or min(*shape, classes) < 1:
            raise ValueError(f"images {quoted(shape)} of {quoted(classes)} classes")
        with torch.device("meta"):  # without memory: a file may claim any size
            claimed = create(variant, content["loss"], tuple(shape), classes)
        check_weights(claimed.network, content["state_dict"])
        model = create(variant, content["loss"], tuple(shape), classes)
        model.network.load_state_dict(content["state_dict"])
    except Exception as error:  # whatever a damaged file can lead to
        raise DamagedFile(path, f"does not fit together ({reason(error)})") from None
    model.network.eval().requires_grad_(False)  # an inference by gradient needs no gradients of the weights
    return model


def check_weights(network: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Raise ValueError unless `weights` are finite numbers, in the names and shapes of the network's own."""
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
    # Through memory: torch writes a given path's name into the bytes, and hides a full disk with a given file.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    path.write_bytes(buffer.getbuffer())


def read_tensors(path: str | Path) -> Any:
    """Read what torch.save wrote, if it is tensors and plain values alone. Raises DamagedFile otherwise."""
    with reading(path):
        with zipfile.ZipFile(path) as archive:
            check_size(archive)
            if damaged := archive.testzip():  # torch itself does not compare checksums
                raise ValueError(f"{damaged} is damaged")
        return torch.load(path, map_location="cpu", weights_only=True)
