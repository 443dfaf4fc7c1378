"""Ways to train the 784-400-20 VAE, one file each, written from the public interfaces of what they use.

    train(images, labels, corruption, start, epochs, gate) -> weights

images: uint8 (N, 1, 28, 28); labels: int64 (N,); corruption: an entry of the registry, as in the configuration;
start, weights: float32 arrays by the names of the workflow's own network; gate: opened before each epoch, closed after
it. All start from the same weights, with batches of 128, Adam with the step size 1e-3, and the loss of Kingma and
Welling (2014) with a Bernoulli decoder.

    HOLES = True: it can be given images with holes
"""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

Weights = Mapping[str, np.ndarray]
HIDDEN, LATENT, PIXELS, BATCH, LEARNING_RATE = 400, 20, 784, 128, 1e-3


class Gate(Protocol):
    """What lets epochs begin, and times them."""

    def open(self) -> None: ...

    def close(self) -> None: ...


def heads(start: Weights) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Weight and bias of the mean's layer and of the log-variance's, which are one layer here and two elsewhere."""
    weight, bias = start["encoder.2.weight"], start["encoder.2.bias"]
    return (weight[:LATENT], bias[:LATENT]), (weight[LATENT:], bias[LATENT:])
