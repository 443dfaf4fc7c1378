"""Where models compute: on a processor, or on a GPU."""

import gc
import os
from collections.abc import Callable

import numpy as np
import torch

from restoration.core.determinism import derived_seed
from restoration.core.errors import UserError

WARM_UP = 3  # calls before one is captured: in the first, libraries set themselves up


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
    fill = False  # nothing reads memory that was not written
    torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
    torch.set_default_device(name)


def on_device(values: np.ndarray) -> torch.Tensor:
    """The same values as a tensor on the default device; on a processor they share memory."""
    return torch.from_numpy(values).to(torch.get_default_device())


def wait() -> None:
    """Until the default device has done what it was asked for, where that is a GPU."""
    if torch.get_default_device().type == "cuda":
        torch.cuda.synchronize()


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


class Captured:
    """`act`, which makes a tensor of a tensor, as a CUDA graph: all that it asks of the GPU is asked for at once.

    A GPU computes a step of a network such as the source's in less time than Python takes to ask for its kernels. The
    first calls, and those with a shorter tensor than the longest of the first, are made as they are. The result is the
    graph's own memory, which the next call writes over. `act` must not wait for the GPU, and draws from `generators`
    and torch's own alone: a replay takes the numbers that a call would have taken.
    """

    def __init__(self, act: Callable[[torch.Tensor], torch.Tensor], generators: list[torch.Generator]) -> None:
        self.act, self.generators = act, generators
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None
        self.given, self.result = torch.empty(0), torch.empty(0)

    def __call__(self, given: torch.Tensor) -> torch.Tensor:
        if not self.graph and len(given) > len(self.given):  # a training may begin with the last batch of an epoch
            self.given, self.calls = given.clone(), 0
        self.calls += 1
        if self.calls <= WARM_UP or given.shape != self.given.shape:
            return self.act(given)
        self.given.copy_(given)
        if not self.graph:
            self.graph = self._captured()
        self.graph.replay()
        return self.result

    def _captured(self) -> torch.cuda.CUDAGraph:
        gc.collect()  # another graph may not be given up while this one is captured
        graph = torch.cuda.CUDAGraph()
        for generator in self.generators:
            graph.register_generator_state(generator)
        with torch.cuda.graph(graph):
            self.result = self.act(self.given)
        return graph


def captured(
    act: Callable[[torch.Tensor], torch.Tensor], generators: list[torch.Generator]
) -> Callable[[torch.Tensor], torch.Tensor]:
    """`act` as a CUDA graph where the default device is a GPU; elsewhere `act` itself."""
    return Captured(act, generators) if torch.get_default_device().type == "cuda" else act
