"""A job's parameters as lines of text, which rules write and scripts read.

Snakemake compares parameters as a set of values without names, so that two swapped values go unseen. Each line
therefore carries its name: `training.epochs = 10`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from restoration.core.artifacts import sha256


def write_settings(settings: Mapping[str, Any]) -> list[str]:
    """Write nested settings as lines `key.key = value`, the value in JSON. Keys must not contain a dot."""
    return [f"{key} = {json.dumps(value)}" for key, value in flatten(settings).items()]


def read_settings(lines: Iterable[str]) -> dict[str, Any]:
    """Read the lines of `write_settings` back into nested settings."""
    settings: dict[str, Any] = {}
    for line in lines:
        path, value = line.split(" = ", 1)
        *parents, key = path.split(".")
        place = settings
        for parent in parents:
            place = place.setdefault(parent, {})
        place[key] = json.loads(value)
    return settings


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn {'a': {'b': 1}, 'c': {}} into {'a.b': 1, 'c': {}}."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def identity(lines: Iterable[str], inputs: Iterable[str | Path]) -> str:
    """Return 16 hexadecimal digits for a job: of its parameters, code among them, and its inputs' contents."""
    text = "\n".join([*sorted(lines), *(sha256(path) for path in inputs)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
