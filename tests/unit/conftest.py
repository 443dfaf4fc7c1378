"""What the unit tests share: the shipped configurations, small synthetic images and small models."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import settings

from restoration import models
from restoration.models import Model
from restoration.variants import Variant

CONFIG = Path(__file__).parents[2] / "config"
MISSING = type("Missing", (), {"__repr__": lambda self: "MISSING"})()

torch.set_num_threads(1)
settings.register_profile("unit", database=None, deadline=None, derandomize=True)
settings.load_profile("unit")


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONFIG / name).read_text(encoding="utf-8"))


def changed(config: dict[str, Any], path: str | tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy of `config` with `value` at `path`, dotted or as keys; MISSING takes the key away."""
    config = copy.deepcopy(config)
    *parents, key = path.split(".") if isinstance(path, str) else path
    place = config
    for parent in parents:
        place = place.setdefault(parent, {})
    if value is MISSING:
        del place[key]
    else:
        place[key] = value
    return config


@pytest.fixture
def config() -> dict[str, Any]:
    """The source's experiment, config/config.yaml, unresolved and free to be changed."""
    return read("config.yaml")


@pytest.fixture
def digits_config() -> dict[str, Any]:
    """config/digits.yaml alone."""
    return read("digits.yaml")


@pytest.fixture(scope="session")
def strokes() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Images uint8 (N, C, H, W) with a bright bar whose row tells the label, and their labels int64 (N,)."""

    def make(count: int, shape: tuple[int, int, int] = (1, 12, 12), classes: int = 4, seed: int = 0) -> Any:
        rng = np.random.default_rng(seed)
        channels, height, width = shape
        labels = np.arange(count) % classes
        rng.shuffle(labels)
        images = np.zeros((count, channels, height, width), np.uint8)
        for image, label in zip(images, labels, strict=True):
            row = 2 + label * (height - 4) // classes
            length = rng.integers(width // 2, width - 2)
            image[:, row : row + 2, 1 : 1 + length] = rng.integers(60, 256, (channels, 2, length))
        return images, labels.astype(np.int64)

    return make


@pytest.fixture(scope="session")
def variant() -> Callable[..., Variant]:
    """A variant of config/config.yaml by its name, with a small network."""

    def make(name: str, **parameters: Any) -> Variant:
        settings = read("config.yaml")["variants"][name]
        keys = {key: settings[key] for key in ("network", "encoder_input", "condition")}
        return Variant(**keys, parameters={"hidden": 16, "latent": 3} | parameters)

    return make


@pytest.fixture(scope="session")
def build_model(variant: Callable[..., Variant]) -> Callable[..., Model]:
    """A freshly initialised small model of a variant of config/config.yaml."""

    def make(
        name: str, loss: str = "bce", shape: tuple[int, int, int] = (1, 12, 12), classes: int = 4, seed: int = 0
    ) -> Model:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return models.create(variant(name), loss, shape, classes)

    return make
