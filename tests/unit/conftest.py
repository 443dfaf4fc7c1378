"""Fixtures of the unit tests: the shipped configurations, small synthetic images and small models."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from helpers import VARIANTS, read, small
from hypothesis import settings

from restoration.models import model_file
from restoration.models.model_file import Model
from restoration.models.variants import Variant

torch.set_num_threads(1)
settings.register_profile("unit", database=None, deadline=None, derandomize=True)
settings.load_profile("unit")


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start Python with the given arguments in the test's folder, and kill the process after the test."""
    started = []

    def start(*arguments: str | Path, **named: Any) -> subprocess.Popen:
        command, pipe = [sys.executable, *arguments], subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True, **named))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def config() -> dict[str, Any]:
    """Read config/config.yaml, unresolved; a test may change the copy."""
    return read("config.yaml")


@pytest.fixture
def digits_config() -> dict[str, Any]:
    """Read config/digits.yaml alone."""
    return read("digits.yaml")


@pytest.fixture(scope="session")
def strokes() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Make images, uint8 (N, C, H, W), each with a bright bar whose row tells the label, and labels, int64 (N,)."""

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
    """Make one of VARIANTS by its name, with a small network."""

    def make(name: str, **parameters: Any) -> Variant:
        keys = {key: VARIANTS[name][key] for key in ("network", "encoder_input", "condition")}
        kept = {"dropout": VARIANTS[name]["dropout"]} if "dropout" in VARIANTS[name] else {}
        return Variant(**keys, parameters=small(keys["network"], **kept, **parameters))

    return make


@pytest.fixture(scope="session")
def build_model(variant: Callable[..., Variant]) -> Callable[..., Model]:
    """Initialise a small model of one of VARIANTS, in evaluation mode like a loaded model."""

    def make(
        name: str, loss: str = "bce", shape: tuple[int, int, int] = (1, 12, 12), classes: int = 4, seed: int = 0
    ) -> Model:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = model_file.create(variant(name), loss, shape, classes)
        model.network.eval()
        return model

    return make
