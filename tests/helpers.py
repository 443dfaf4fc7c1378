"""Helpers of several unit tests: the shipped configurations and small variants of every network."""

import copy
import os
import signal
import time
from pathlib import Path
from typing import Any

import torch
import yaml

from restoration.config import part_checks
from restoration.core import registry

CONFIG = Path(__file__).parents[1] / "config"
MISSING = type("Missing", (), {"__repr__": lambda self: "MISSING"})()
SOURCE = ["ae", "vae", "vae_incomplete", "cvae_label", "cvae_incomplete"]  # the source's own variants


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((CONFIG / name).read_text(encoding="utf-8"))


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def gone(process: int) -> bool:
    """Return whether the process ends within 5 s, and kill it if it does not."""
    for _ in range(100):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)
    return False


def variants() -> dict[str, dict[str, Any]]:
    """Return the variants of all files in config/ by name, with at least one of every network."""
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
    """Return parameters that make a network small; `sizes` override them."""
    known = part_checks.parameters("networks", network)
    return {
        key: value
        for key, value in ({"hidden": 16, "latent": 3, "channels": 4, "depth": 1} | sizes).items()
        if key in known
    }


def quick(method: str) -> dict[str, int]:
    """Return parameters with which an inference method is quick."""
    known = part_checks.parameters("inference", method).items()
    return {key: min(3, default) for key, (kind, default) in known if kind == "PositiveInt"}


def changed(config: dict[str, Any], path: str | tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return a copy of `config` with `value` at `path`, dotted or as keys; MISSING removes the key."""
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
