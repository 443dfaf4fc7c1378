"""The floor of a training step: what no code for the same network, batch and optimiser can do without.

It is the step's matrix products at their shapes, and the bytes that Adam must move. Everything else a step does (the
corruption, the gather, the activations, the loss, the draw of the latent) counts as what can be saved.
"""

from collections.abc import Callable
from functools import partial
from itertools import cycle
from statistics import median
from typing import NamedTuple

import torch

from benchmarks.measuring import interleaved
from restoration.models.model_file import Model

BYTES = 28  # that Adam moves for a parameter: four numbers are read (weight, gradient, two moments), three written
LARGER_THAN_CACHE = 128 * 2**20  # bytes
TRIALS = 21  # of each library at each product

Multiply = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]  # (M, K), (K, N), place for (M, N)


def by_default(one: torch.Tensor, other: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """Multiply by the library that torch itself takes (MKL on x86)."""
    return torch.mm(one, other, out=result)


def by_onednn(one: torch.Tensor, other: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """Multiply by oneDNN, which is faster on some processors; leave `result` as it is."""
    return torch.ops.mkldnn._linear_pointwise(one, other.t(), None, "none", [], "")


def libraries(device: str) -> list[Multiply]:
    return [by_default, *([by_onednn] if device == "cpu" and torch.backends.mkldnn.is_available() else [])]


class Product(NamedTuple):
    """A product (rows, inner) times (inner, columns) of the layer whose weight is called `weight`."""

    weight: str
    part: str  # forward, weight (the weight's gradient) or input (the input's gradient)
    rows: int
    inner: int
    columns: int

    @property
    def multiply_adds(self) -> int:
        return self.rows * self.inner * self.columns


def products(model: Model, batch: int) -> list[Product]:
    """Return all products of a step of a multilayer perceptron: forward, then back from the last layer.

    The first layer's input needs no gradient, and of the decoder's input only the latent does, not the condition.
    Raises ValueError for a network with weights that are no matrices.
    """
    shapes = {name: tuple(weight.shape) for name, weight in model.network.named_parameters() if weight.ndim != 1}
    if any(len(shape) != 2 for shape in shapes.values()):
        raise ValueError(f"network '{model.variant.network}' is not of matrix products alone")
    layers = list(shapes.items())
    first, decoder = layers[0][0], next(name for name in shapes if name.startswith("decoder."))
    forward = [Product(name, "forward", batch, inputs, outputs) for name, (outputs, inputs) in layers]
    backward = []
    for name, (outputs, inputs) in reversed(layers):
        backward.append(Product(name, "weight", outputs, batch, inputs))
        if name != first:
            needed = model.autoencoder.latent if name == decoder else inputs
            backward.append(Product(name, "input", batch, outputs, needed))
    return forward + backward


def fastest(candidates: list[Multiply], operands: tuple[torch.Tensor, ...]) -> Callable[..., torch.Tensor]:
    """Return the candidate with the least median of a few trials."""
    acts = {str(number): partial(one, *operands) for number, one in enumerate(candidates)}
    seconds = interleaved(acts, TRIALS)
    return min(candidates, key=lambda one: median(seconds[str(candidates.index(one))]))


class Floor:
    """A step's products and Adam's traffic on buffers of their own, laid out as torch lays out a step's."""

    def __init__(self, model: Model, batch: int, device: str = "cpu") -> None:
        generator = torch.Generator(device).manual_seed(0)

        def drawn(*shape: int) -> torch.Tensor:
            return torch.randn(shape, generator=generator, device=device)

        self.parameters = sum(weight.numel() for weight in model.network.parameters())
        sets = 1 + LARGER_THAN_CACHE // (16 * self.parameters)
        self.sets = [tuple(drawn(self.parameters) for _ in range(4)) for _ in range(sets)]
        self.others = cycle(self.sets[1:])
        self.weight, self.gradient, *_ = self.sets[0]
        weights, gradients = {}, {}
        start = 0
        for name, parameter in model.network.named_parameters():
            place = slice(start, start := start + parameter.numel())
            weights[name] = self.weight[place].view(parameter.shape)
            gradients[name] = self.gradient[place].view(parameter.shape)
        self.operands = []
        inputs: dict[str, torch.Tensor] = {}
        for product in products(model, batch):
            name = product.weight
            if product.part == "forward":
                inputs[name] = drawn(batch, product.inner)
                operands = inputs[name], weights[name].t(), drawn(batch, product.columns)
            elif product.part == "weight":
                operands = drawn(batch, product.rows).t(), inputs[name], gradients[name]
            else:
                operands = (
                    drawn(batch, product.inner),
                    weights[name][:, : product.columns],
                    drawn(batch, product.columns),
                )
            self.operands.append(operands)
        self.fastest = [fastest(libraries(device), operands) for operands in self.operands]
        flat = self.weight.clone().requires_grad_()
        flat.grad = self.gradient.clone()
        self.optimiser = torch.optim.Adam([flat], fused=True)

    def products(self) -> None:
        """Make each product by the library that is the fastest for it on this machine."""
        for multiply, operands in zip(self.fastest, self.operands, strict=True):
            multiply(*operands)

    def default_products(self) -> None:
        for operands in self.operands:
            by_default(*operands)

    def traffic(self, arrays: tuple[torch.Tensor, ...] | None = None) -> None:
        """Move 28 bytes a parameter: read four arrays, and write three of them.

        The arrays are the step's own, in the cache as far as a step leaves them there.
        """
        weight, gradient, first, second = arrays or self.sets[0]
        weight.add_(gradient, alpha=1e-9)
        first.mul_(1.0)
        second.mul_(1.0)

    def memory(self) -> None:
        """Move as many bytes from memory: of arrays that no cache holds."""
        self.traffic(next(self.others))

    def adam(self) -> None:
        """Step torch's own fused Adam over one flat parameter of as many numbers."""
        self.optimiser.step()

    def step(self) -> None:
        self.products()
        self.traffic()

    def default_step(self) -> None:
        self.default_products()
        self.traffic()
