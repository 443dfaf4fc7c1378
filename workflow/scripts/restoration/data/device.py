"""The device that models compute on, a CPU or a GPU, and stored images (uint8) as tensors there."""

import gc
import os
from collections.abc import Callable, Iterator

import numpy as np
import torch

from restoration.core.determinism import derived_seed
from restoration.core.errors import UserError

BATCH = 1000  # images: enough to keep the CPU busy, few enough to stay in its cache
WARM_UP = 3  # calls before the capture: in the first of them, libraries set themselves up


def use(name: str) -> None:
    """Make `name`, cpu or cuda, torch's default device, on which new tensors are made.

    Of a GPU's algorithms, torch takes those that give the same bytes each time, where there is one. Raises UserError
    where there is no GPU.
    """
    if name == "cpu":
        return
    if not torch.cuda.is_available():
        raise UserError(f"device: {name}, but PyTorch finds no GPU here: set device: cpu, or see what nvidia-smi says")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS gives the same bytes only with this setting
    torch.use_deterministic_algorithms(True, warn_only=True)
    # A cost without use: nothing reads uninitialised memory.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.set_default_device(name)


def on_device(values: np.ndarray) -> torch.Tensor:
    """Return the values as a tensor on the default device. On a CPU, both share memory."""
    return torch.from_numpy(values).to(torch.get_default_device())


def as_float(images: np.ndarray) -> torch.Tensor:
    """Turn uint8 into float in [0, 1], same shape."""
    return on_device(images).float().div_(255)


def as_uint8(images: np.ndarray) -> np.ndarray:
    """Turn float in [0, 1] into uint8, same shape."""
    return np.round(images * 255).astype(np.uint8)


def batches(*arrays: np.ndarray) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield BATCH rows of the arrays at a time, side by side; uint8 becomes float in [0, 1]."""
    for start in range(0, len(arrays[0]), BATCH):
        rows = [array[start : start + BATCH] for array in arrays]
        yield tuple(as_float(row) if row.dtype == np.uint8 else on_device(row) for row in rows)


def generator(seed: int, *purpose: str) -> torch.Generator:
    """Return a generator on the default device that draws for one purpose, seeded by `derived_seed`."""
    return torch.Generator(torch.get_default_device()).manual_seed(derived_seed(seed, *purpose))


def layer_generator() -> torch.Generator:
    """Return torch's global generator, from which layers such as dropout draw."""
    place = torch.get_default_device()
    found: torch.Generator = (
        torch.default_generator if place.type == "cpu" else torch.cuda.default_generators[place.index or 0]
    )
    return found


class Captured:
    """A function of a tensor as a CUDA graph: one request to the GPU runs all of the function's kernels.

    A GPU computes a training step of a small network in less time than Python takes to ask for its kernels one by one.
    On a CPU, calls run the function itself.

    `act` maps a tensor to a tensor, must not wait for the GPU, and draws from `generators` and torch's global generator
    alone: a replay draws the numbers that a call would have drawn. The first calls run `act` itself, and so does every
    call with a tensor of another shape than the captured one. The result is memory of the graph, which the next call
    overwrites.
    """

    def __init__(self, act: Callable[[torch.Tensor], torch.Tensor], generators: list[torch.Generator]) -> None:
        self.act, self.generators = act, generators
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None
        self.given, self.result = torch.empty(0), torch.empty(0)

    def __call__(self, given: torch.Tensor) -> torch.Tensor:
        if torch.get_default_device().type != "cuda":
            return self.act(given)
        if not self.graph and len(given) > len(self.given):  # a resumed training may begin with a short batch
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
        gc.collect()  # no other graph may be freed during a capture
        graph = torch.cuda.CUDAGraph()
        for generator in self.generators:
            graph.register_generator_state(generator)
        with torch.cuda.graph(graph):
            self.result = self.act(self.given)
        return graph
