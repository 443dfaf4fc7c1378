"""The way of PyTorch's examples: a DataLoader over pictures with torchvision's transforms, and a loop."""

from typing import Any

import numpy as np
import torch

from benchmarks.contenders import LEARNING_RATE, Gate, Weights
from benchmarks.contenders.pictures import VAE, loader, loss, read, written

HOLES = True


def train(
    images: np.ndarray, labels: np.ndarray, corruption: dict[str, Any], start: Weights, epochs: int, gate: Gate
) -> Weights:
    model, batches = VAE(), loader(images, labels, corruption)
    read(model, start)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    for _ in range(epochs):
        gate.open()
        model.train()
        total = 0.0
        for (seen, target), _label in batches:
            optimiser.zero_grad()
            restored, mu, logvar = model(seen)
            objective = loss(restored, target, mu, logvar)
            objective.backward()
            total += objective.item()
            optimiser.step()
        gate.close()
    return written(model)
