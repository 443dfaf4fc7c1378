"""What trainings by the book with torch share: pictures with transforms, as torchvision's data sets, and the VAE."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from benchmarks.contenders import BATCH, HIDDEN, LATENT, PIXELS, PLACES, Task, Weights, joined, layers


class Pictures(Dataset):
    """Pictures and their labels, transformed each time that they are asked for, as torchvision.datasets.MNIST."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, transform: Callable[[Any], Any]) -> None:
        self.images, self.labels, self.transform = images[:, 0], labels, transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self.transform(Image.fromarray(self.images[index])), int(self.labels[index])


class Hole:
    """A transform: an image (1, H, W) to a pair, itself with a square hole on its stroke, and itself as the target."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        _, height, width = image.shape
        stroke = image[0].nonzero()
        row, column = stroke[torch.randint(len(stroke), ())].tolist() if len(stroke) else (height // 2, width // 2)
        top = min(max(row - self.size // 2, 0), height - self.size)
        left = min(max(column - self.size // 2, 0), width - self.size)
        corrupted = image.clone()
        corrupted[:, top : top + self.size, left : left + self.size] = 0
        return corrupted, image


def loader(task: Task) -> DataLoader:
    """Return batches ((seen, target), label), both images (B, 1, 28, 28) in [0, 1]."""
    degrade = (
        Hole(task.corruption["size"]) if task.corruption["name"] == "stroke_hole" else lambda image: (image, image)
    )
    transform = transforms.Compose([transforms.ToTensor(), transforms.Lambda(degrade)])
    return DataLoader(Pictures(task.images, task.labels, transform), batch_size=BATCH, shuffle=True)


class VAE(nn.Module):
    """784-400-20, with a layer for the mean and one for the log-variance, and a sigmoid at the end."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(PIXELS, HIDDEN)
        self.mu, self.logvar = nn.Linear(HIDDEN, LATENT), nn.Linear(HIDDEN, LATENT)
        self.decoder, self.output = nn.Linear(LATENT, HIDDEN), nn.Linear(HIDDEN, PIXELS)

    def encode(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = functional.relu(self.encoder(image.view(-1, PIXELS)))
        return self.mu(hidden), self.logvar(hidden)

    def decode(self, latent: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.output(functional.relu(self.decoder(latent))))

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mu, logvar = self.encode(image)
        latent = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        return self.decode(latent), mu, logvar


def loss(restored: torch.Tensor, target: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    reconstruction = functional.binary_cross_entropy(restored, target.view(-1, PIXELS), reduction="sum")
    return reconstruction - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


def read(model: VAE, start: Weights) -> None:
    """Give the model the weights `start`."""
    for name, arrays in layers(start).items():
        weight, bias = map(torch.tensor, arrays)
        getattr(model, name).load_state_dict({"weight": weight, "bias": bias})


def written(model: VAE) -> Weights:
    """Return the model's weights by the names of the workflow's network."""
    state = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    return joined({name: (state[f"{name}.weight"], state[f"{name}.bias"]) for name in (*PLACES, "mu", "logvar")})
