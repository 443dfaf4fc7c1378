"""Where models compute: on a processor, or on a GPU."""

import os

import numpy as np
import torch

from restoration.errors import UserError
from restoration.identity import derived_seed


def use(name: str) -> None:
    """Make `name`, cpu or cuda, torch's default device: what is made from now on is there.

    Of a GPU's algorithms those are taken that give the same bytes each time, where there is one. Raises UserError where
    there is no GPU.
    """
    if name == "cpu":
        return
    if not torch.cuda.is_available():
        raise UserError(f"device: {name}, but PyTorch finds no GPU here: say device: cpu, or see what nvidia-smi tells")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # without which cuBLAS does not promise it
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_default_device(name)


def on_device(values: np.ndarray) -> torch.Tensor:
    """The same values as a tensor on the default device; on a processor they share memory."""
    return torch.from_numpy(values).to(torch.get_default_device())


def generator(seed: int, *purpose: str) -> torch.Generator:
    """A generator on the default device, which draws for one purpose: `derived_seed` of both."""
    return torch.Generator(torch.get_default_device()).manual_seed(derived_seed(seed, *purpose))


def layer_generator() -> torch.Generator:
    """The generator that layers such as dropout draw from: torch's global one."""
    place = torch.get_default_device()
    found: torch.Generator = (
        torch.default_generator if place.type == "cpu" else torch.cuda.default_generators[place.index or 0]
    )
    return found
