"""A trained model as one file that rebuilds itself: weights, network, variant and loss, without the configuration."""

import io
import zipfile
from dataclasses import asdict, dataclass
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

    def misfit(self, logits: torch.Tensor, images: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
        """Sum the loss over the pixels of (B, C, H, W), each as often as it `counts` (B, 1, H, W): (B,)."""
        return self.loss.pixelwise(logits, images).mul(counts).flatten(1).sum(dim=1)


def create(variant: Variant, loss_name: str, image_shape: tuple[int, int, int], classes: int) -> Model:
    """Create a new model, initialised from torch's global generator."""
    size = variant.condition_size(image_shape, classes)
    network = registry.load("networks", variant.network).Network(image_shape, size, **variant.parameters)
    return Model(network, variant, loss_name, image_shape, classes)


def save(model: Model, path: str | Path) -> None:
    content = {
        "format": FORMAT,
        "variant": asdict(model.variant),
        "loss": model.loss_name,
        "image_shape": list(model.image_shape),
        "classes": model.classes,
        "state_dict": {name: values.cpu() for name, values in model.network.state_dict().items()},
    }
    write_tensors(content, path)


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
        check_form(content["state_dict"], claimed.network.state_dict(), "its weights")
        model = create(variant, content["loss"], tuple(shape), classes)
        model.network.load_state_dict(content["state_dict"])
    except Exception as error:  # whatever a damaged file can lead to
        raise DamagedFile(path, f"does not fit together ({reason(error)})") from None
    model.network.eval().requires_grad_(False)  # an inference by gradient needs no gradients of the weights
    return model


def check_form(found: Any, expected: Any, name: str) -> None:
    """Raise ValueError, naming the part, unless `found` could stand in the place of `expected`.

    Mappings need the same keys, lists the same length, tensors the same shape and type and finite numbers. Of floats,
    the type counts alone; other plain values must be equal.
    """
    if isinstance(expected, torch.Tensor) and isinstance(found, torch.Tensor):
        shared = found.numel() * found.element_size() > found.untyped_storage().nbytes()
        if found.shape != expected.shape or found.dtype != expected.dtype or shared:
            raise ValueError(f"{name} is {found.dtype} {tuple(found.shape)}; expected {tuple(expected.shape)}")
        if not found.isfinite().all():
            raise ValueError(f"{name} has values that are no numbers")
    elif isinstance(expected, dict) and isinstance(found, dict):
        if found.keys() != expected.keys():
            raise ValueError(f"{name}: other entries than expected")
        for key, part in expected.items():
            check_form(found[key], part, str(key))
    elif isinstance(expected, list) and isinstance(found, list):
        for entry, part in zip(found, expected, strict=True):
            check_form(entry, part, name)
    elif type(found) is not type(expected):
        raise ValueError(f"{name} is a '{type(found).__name__}'; expected a '{type(expected).__name__}'")
    elif not isinstance(expected, float) and found != expected:
        raise ValueError(f"{name} is {quoted(found)}; expected {quoted(expected)}")


def write_tensors(content: dict[str, Any], path: str | Path) -> None:
    # Through memory: torch writes a given path's name into the bytes, and hides a full disk with a given file.
    buffer = io.BytesIO()
    torch.save(content, buffer)
    with replacing(path) as part:
        part.write_bytes(buffer.getbuffer())


def read_tensors(path: str | Path) -> Any:
    """Read what torch.save wrote, if it is tensors and plain values alone. Raises DamagedFile otherwise."""
    with reading(path):
        with zipfile.ZipFile(path) as archive:
            check_size(archive)
            if damaged := archive.testzip():  # torch itself does not compare checksums
                raise ValueError(f"{damaged} is damaged")
        return torch.load(path, map_location="cpu", weights_only=True)
