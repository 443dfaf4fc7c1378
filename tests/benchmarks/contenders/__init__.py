"""Ways to train the 784-400-20 VAE, one file each, written from the public interfaces of what they use.

    train(task, gate) -> weights

task: what is given to all; gate: opened before each epoch, closed after it; weights: as task.start. All start from the
same weights, with batches of 128, Adam with the step size 1e-3, and the loss of Kingma and Welling (2014) with a
Bernoulli decoder.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

Weights = Mapping[str, np.ndarray]  # by the names of the workflow's own network
Layers = Mapping[str, tuple[np.ndarray, np.ndarray]]  # weight and bias
HIDDEN, LATENT, PIXELS, BATCH, LEARNING_RATE = 400, 20, 784, 128, 1e-3
PLACES = {"encoder": "encoder.0", "decoder": "decoder.0", "output": "decoder.2"}
HEADS = "encoder.2"  # the layer of mean and log-variance, which are two layers elsewhere


class Gate(Protocol):
    """What lets epochs begin, and times them."""

    def open(self) -> None: ...

    def close(self) -> None: ...


class Task(NamedTuple):
    """A training. images: uint8 (N, 1, 28, 28); labels: int64 (N,); corruption: as in the configuration; start: float32
    arrays.
    """

    images: np.ndarray
    labels: np.ndarray
    corruption: dict[str, Any]
    start: Weights
    epochs: int


def layers(weights: Weights) -> Layers:
    """Return the layers encoder, mu, logvar, decoder and output."""
    weight, bias = weights[f"{HEADS}.weight"], weights[f"{HEADS}.bias"]
    return {
        **{name: (weights[f"{place}.weight"], weights[f"{place}.bias"]) for name, place in PLACES.items()},
        "mu": (weight[:LATENT], bias[:LATENT]),
        "logvar": (weight[LATENT:], bias[LATENT:]),
    }


def joined(layers: Layers) -> Weights:
    """Do the reverse of `layers`."""
    heads = [np.concatenate(pair) for pair in zip(layers["mu"], layers["logvar"], strict=True)]
    arrays = {HEADS: heads, **{place: layers[name] for name, place in PLACES.items()}}
    return {f"{place}.{part}": pair[at] for place, pair in arrays.items() for at, part in enumerate(("weight", "bias"))}
