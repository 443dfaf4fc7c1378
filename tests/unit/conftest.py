"""What the unit tests share: the shipped configurations, small synthetic images and small models."""

import copy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from hypothesis import settings

from restoration.core import registry
from restoration.models import model_file
from restoration.models.model_file import Model
from restoration.models.variants import Variant

CONFIG = Path(__file__).parents[2] / "config"
MISSING = type("Missing", (), {"__repr__": lambda self: "MISSING"})()

torch.set_num_threads(1)
settings.register_profile("unit", database=None, deadline=None, derandomize=True)
settings.load_profile("unit")


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONFIG / name).read_text(encoding="utf-8"))


@pytest.fixture
def python(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start Python with these arguments in a folder of its own; it is ended after the test."""
    started = []

    def start(*arguments: str | Path, **named: Any) -> subprocess.Popen:
        command, pipe = [sys.executable, *arguments], subprocess.PIPE
        started.append(subprocess.Popen(command, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True, **named))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def gone(process: int) -> bool:
    """Whether it ends within 5 s; after these it is ended."""
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)
    return False


# The source's own.
SOURCE = ["ae", "vae", "vae_incomplete", "cvae_label", "cvae_incomplete"]


def variants() -> dict[str, dict[str, Any]]:
    """The variants of all files in config/ by name, and one at least of each network that there is."""
    found: dict[str, dict[str, Any]] = {
        "unet": {"network": "unet", "encoder_input": "corrupted", "condition": "mask"},
        "unet_dropout": {
            "network": "unet",
            "encoder_input": "corrupted",
            "condition": "mask",
            "dropout": 0.3,
        },
        "unet_blind": {"network": "unet", "encoder_input": "corrupted", "condition": "none"},
        "conv_vae": {"network": "conv_vae", "encoder_input": "corrupted", "condition": "none"},
        "cvae_prior": {"network": "cvae_prior", "encoder_input": "complete", "condition": "observed"},
    }
    for path in [CONFIG / "config.yaml", *sorted(CONFIG.glob("*.yaml"))]:
        content = read(path.name)
        entries = content.get("variants") if isinstance(content, dict) else None
        for name, entry in (entries or {}).items():
            if isinstance(entry, dict):
                found[name] = found.get(name, {}) | entry
    for network in sorted(set(registry.names("networks")) - {entry["network"] for entry in found.values()}):
        conditions = registry.constant("networks", network, "conditions") or ("none",)
        found[network] = {"network": network, "encoder_input": "corrupted", "condition": conditions[0]}
    return found


def small(network: str, **sizes: float) -> dict[str, float]:
    """Parameters of a network that make it small; `sizes` where they are to be others."""
    known = registry.parameters("networks", network)
    return {
        key: value
        for key, value in ({"hidden": 16, "latent": 3, "channels": 4, "depth": 1} | sizes).items()
        if key in known
    }


def quick(method: str) -> dict[str, int]:
    """Parameters of an inference method with which it does not take long."""
    return {key: 3 for key, (kind, _) in registry.parameters("inference", method).items() if kind == "PositiveInt"}


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


VARIANTS = variants()


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
    """One of `variants` by its name, with a small network."""

    def make(name: str, **parameters: Any) -> Variant:
        keys = {key: VARIANTS[name][key] for key in ("network", "encoder_input", "condition")}
        kept = {"dropout": VARIANTS[name]["dropout"]} if "dropout" in VARIANTS[name] else {}
        return Variant(**keys, parameters=small(keys["network"], **kept, **parameters))

    return make


@pytest.fixture(scope="session")
def build_model(variant: Callable[..., Variant]) -> Callable[..., Model]:
    """A freshly initialised small model of one of `variants`, ready for inference as a loaded one is."""

    def make(
        name: str, loss: str = "bce", shape: tuple[int, int, int] = (1, 12, 12), classes: int = 4, seed: int = 0
    ) -> Model:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model = model_file.create(variant(name), loss, shape, classes)
        model.network.eval()
        return model

    return make
