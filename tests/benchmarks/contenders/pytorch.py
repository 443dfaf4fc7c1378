"""The way of PyTorch's examples: a DataLoader over pictures with torchvision's transforms, and a loop."""

import torch

from benchmarks.contenders import LEARNING_RATE, Gate, Task, Weights
from benchmarks.contenders.pictures import VAE, loader, loss, read, written


def train(task: Task, gate: Gate) -> Weights:
    model, batches = VAE(), loader(task)
    read(model, task.start)
    optimiser = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    for _ in range(task.epochs):
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
