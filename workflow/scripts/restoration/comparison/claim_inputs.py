"""The files of results that a claim's test reads."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from restoration.comparison.claims import NotTested
from restoration.comparison.interval_table import read_intervals
from restoration.config import selectors
from restoration.config.model_names import in_words, selector_text
from restoration.core import artifacts
from restoration.core.errors import DamagedFile


class Source(NamedTuple):
    """What a file is: of a task (variant and loss empty, seed -1), or of one of its models."""

    need: str
    task: str
    variant: str
    loss: str
    seed: int


class Name(NamedTuple):
    """A variant trained under a loss for a task; all seeds together."""

    task: str
    variant: str
    loss: str

    @property
    def model(self) -> str:
        return selector_text(self.variant, self.loss)

    def __str__(self) -> str:
        return f"{self.task} {self.model}"


class Evidence:
    """The files of results by what they are. `used`: the files that a test asked for, for the reader to follow."""

    def __init__(self, files: Mapping[Source, str | Path]) -> None:
        self._files = files
        self.used: dict[Source, str] = {}

    def of_models(self, need: str, task: str) -> dict[Name, list[str]]:
        """Return the models' files, one for each seed, of a task or, with '*', of all. Raises NotTested without any."""
        found: dict[Name, list[str]] = {}
        for source, path in self._files.items():
            if source.need == need and task in ("*", source.task):
                found.setdefault(Name(*source[1:4]), []).append(str(path))
                self.used[source] = str(path)
        if not found:
            raise NotTested(f"the configuration has no task '{task}'")
        return found

    def comparison(self, task: str) -> tuple[pd.DataFrame, np.ndarray]:
        """Return a task's intervals and replicates, as from `intervals`. Raises NotTested, DamagedFile."""
        (table_path,) = self.of_models("intervals", task).values()
        (replicates_path,) = self.of_models("replicates", task).values()
        table = read_intervals(table_path[0])
        (replicates,) = artifacts.read_npz(replicates_path[0], "replicates")
        if replicates.ndim != 2 or len(replicates) != len(table) or not np.isfinite(replicates).all():
            raise DamagedFile(replicates_path[0], "it does not have the replicates of the intervals beside it")
        return table, replicates.astype(float)


def chosen(models: Mapping[Name, list[str]], texts: Sequence[str]) -> dict[Name, list[str]]:
    """Return the models that the selectors name, in the models' order. Raises NotTested if a selector names none."""
    found: set[Name] = set()
    for text in texts:
        selector = selectors.read(text)
        named = {name for name in models if selector.has(name.variant, name.loss)}
        if not named:
            raise NotTested(f"{next(iter(models)).task} has no {text}")
        found |= named
    return {name: paths for name, paths in models.items() if name in found}


def number(path: str, *keys: str) -> float:
    """Read a figure from a JSON file. Raises NotTested if there is none, DamagedFile if it is no number."""
    content = artifacts.read_json(path)
    for key in keys:
        if not isinstance(content, dict) or key not in content:
            raise NotTested(f"the results have no {in_words(' '.join(keys))}")
        content = content[key]
    if type(content) not in (int, float):
        raise DamagedFile(path, f"{'.'.join(keys)} is no number")
    return float(content)
