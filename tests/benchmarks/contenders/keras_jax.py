"""Keras on JAX."""

from typing import Any

import numpy as np

from benchmarks.contenders import Gate, Weights, keras_vae

HOLES = False


def train(
    images: np.ndarray, labels: np.ndarray, corruption: dict[str, Any], start: Weights, epochs: int, gate: Gate
) -> Weights:
    return keras_vae.train("jax", images, start, epochs, gate)
