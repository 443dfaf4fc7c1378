"""The tables that `compare` wrote, read again: intervals, and differences from the best."""

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from restoration.core import artifacts, registry

NAME = ["variant", "loss", "method"]
KEYS = [*NAME, "output", "region", "measure"]
PLACES = {"hole": "inside the hole", "whole": "over the whole image"}


def read_intervals(path: str | Path) -> pd.DataFrame:
    """KEYS and, in numbers, mean, low, high, seeds and images; a row for each KEYS. Raises DamagedFile."""
    return _read(path, KEYS, ["mean", "low", "high", "seeds", "images"], KEYS)


def read_differences(path: str | Path) -> pd.DataFrame:
    """KEYS, against and better, and in numbers difference, low and high. Raises DamagedFile."""
    keys = [*KEYS, "against"]
    return _read(path, [*keys, "better"], ["difference", "low", "high"], keys)


def given_label(variant: str, method: str, labelled: Collection[str]) -> bool:
    """Whether a way to restore is given the true label; labelled: the variants that are, but by a blind inference."""
    return variant in labelled and not blind(method)


@cache
def blind(method: str) -> bool:
    """Whether an inference does not look at the label that a variant is given: BLIND of its file. False for what is no
    inference.
    """
    return method in registry.names("inference") and bool(registry.constant("inference", method, "BLIND"))


def without_label(table: pd.DataFrame, labelled: Collection[str]) -> pd.DataFrame:
    """The rows of what restores without the true label, baselines among them; labelled: as of `given_label`."""
    given = [given_label(*way, labelled) for way in zip(table["variant"], table["method"], strict=True)]
    return table[~np.array(given, dtype=bool)]


def _read(path: str | Path, texts: list[str], numbers: list[str], keys: list[str]) -> pd.DataFrame:
    with artifacts.reading(path):
        frame = pd.read_parquet(path, columns=[*texts, *numbers])
        for name in texts:
            if not all(isinstance(value, str) for value in frame[name].unique()):
                raise ValueError(f"the column '{name}' does not hold texts alone")
        for name in numbers:
            if not pd.api.types.is_numeric_dtype(frame[name]) or frame[name].isna().any():
                raise ValueError(f"the column '{name}' does not hold numbers alone")
        if frame.empty or frame.duplicated(keys).any():
            raise ValueError("it does not have one row for each model, inference and measure")
    return frame


def judged(table: pd.DataFrame) -> pd.DataFrame:
    """Of intervals, those that the task is judged by: the error of the raw output inside the hole, where there is one,
    else over the whole image. Without baselines that have none, as nothing was corrupted.
    """
    region = "hole" if (table["region"] == "hole").any() else "whole"
    here = table[(table["output"] == "raw") & (table["region"] == region) & (table["measure"] == "mse")]
    return here[(here["variant"] != "") | (here["mean"] > 0)]


def lookup(table: pd.DataFrame) -> dict[tuple[Any, ...], Any]:
    """KEYS to the row, as a named tuple."""
    return {tuple(getattr(row, key) for key in KEYS): row for row in table.itertuples(index=False)}
