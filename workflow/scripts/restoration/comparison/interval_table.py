"""The table of intervals of a task: the mean of each measure for all models and baselines, with its 95 % interval."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from restoration.comparison import bootstrap
from restoration.core import artifacts
from restoration.core.errors import DamagedFile
from restoration.evaluation import judging

WAY = ["variant", "loss", "method"]  # a way to restore; variant and loss are empty for a baseline
KEYS = [*WAY, *judging.Criterion._fields]
FIGURES = ["mean", "low", "high", "seeds", "images"]


class Entry(NamedTuple):
    """A variant trained under a loss, or the baselines (both texts empty), with a file of scores for each seed."""

    variant: str
    loss: str
    files: Sequence[str | Path]


def read_scores(path: str | Path) -> tuple[list[tuple[str, ...]], np.ndarray]:
    """Read (method, output, region, measure) of each column of a scores.parquet, and values, float64 (images, columns).

    A column without any number is left out. Raises DamagedFile if the file does not have one row for each image.
    """
    from pyarrow import parquet

    keys = ["method", "output", "region"]
    with artifacts.reading(path):
        measures = [name for name in judging.MEASURES if name in parquet.read_schema(path).names]
        frame = pd.read_parquet(path, columns=["image", *keys, *measures])
        groups = frame.groupby(keys, sort=False, observed=True)
        images = len(frame) // max(1, groups.ngroups)
        columns, arrays = [], []
        for key, group in groups:
            if not np.array_equal(np.sort(group["image"].to_numpy()), np.arange(images)):
                raise ValueError(f"{' '.join(key)} does not have one row for each of {images:,} images")
            rows = group.sort_values("image")
            for measure in measures:
                numeric = pd.api.types.is_numeric_dtype(rows[measure])
                array = rows[measure].to_numpy(float) if numeric else np.array([np.inf])
                if np.isinf(array).any():
                    raise ValueError(f"{' '.join(key)} has a {measure} that is no number")
                if not np.isnan(array).all():
                    columns.append((*key, measure))
                    arrays.append(array)
        if not columns:
            raise ValueError("it holds no scores")
    return columns, np.stack(arrays, axis=1)


def intervals(entries: Iterable[Entry]) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the table, KEYS and FIGURES, and the replicates of its rows, float64 (rows, replicates).

    seeds: 1 means that the interval covers the images only; 0 that nothing was trained. Raises DamagedFile if the files
    do not have the same images.
    """
    rows, resampled, weights = [], [], None
    for variant, loss, files in entries:
        scores = [read_scores(file) for file in files]
        if weights is None:
            weights = bootstrap.image_weights(len(scores[0][1]), bootstrap.generator("images"))
        columns = scores[0][0]
        for file, (others, values) in zip(files, scores, strict=True):
            if others != columns or len(values) != weights.shape[1]:
                raise DamagedFile(file, "its images or methods are not those of the other files")
        values = np.stack([of_seed for _, of_seed in scores])
        replicates = bootstrap.replicates(values, weights, bootstrap.generator("seeds", variant, loss))
        # An interval that was widened for few seeds may reach beyond the values that a mean can have.
        lowest, highest = np.array([judging.RANGE[measure] for *_, measure in columns]).T
        low, high = (bound.clip(lowest, highest) for bound in bootstrap.interval(replicates))
        mean = np.nanmean(values, axis=1).mean(axis=0)
        seeds, images = len(files) if variant else 0, values.shape[1]
        for column, *figures in zip(columns, mean, low, high, strict=True):
            rows.append((variant, loss, *column, *figures, seeds, images))
        resampled.append(replicates.T)
    return pd.DataFrame(rows, columns=[*KEYS, *FIGURES]), np.concatenate(resampled)


def read_intervals(path: str | Path) -> pd.DataFrame:
    """Read the table: one row for each KEYS, FIGURES in numbers. Raises DamagedFile."""
    return read_table(path, KEYS, [], FIGURES)


def read_table(path: str | Path, keys: list[str], texts: list[str], numbers: list[str]) -> pd.DataFrame:
    """Read a Parquet file with one row for each `keys`, which are texts. Raises DamagedFile."""
    with artifacts.reading(path):
        frame = pd.read_parquet(path, columns=[*keys, *texts, *numbers])
        for name in [*keys, *texts]:
            if not all(isinstance(value, str) for value in frame[name].unique()):
                raise ValueError(f"the column '{name}' does not hold texts alone")
        for name in numbers:
            if not pd.api.types.is_numeric_dtype(frame[name]) or frame[name].isna().any():
                raise ValueError(f"the column '{name}' does not hold numbers alone")
        if frame.empty or frame.duplicated(keys).any():
            raise ValueError("it does not have one row for each model, inference and measure")
    return frame


def ranking_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that methods are ranked by, without baselines that make no error: nothing was corrupted."""
    here = judging.ranking(table["region"]).rows(table)
    return here[(here["variant"] != "") | (here["mean"] > 0)]


def lookup(table: pd.DataFrame) -> dict[tuple[Any, ...], Any]:
    """Return the rows as named tuples, by their KEYS."""
    return {tuple(getattr(row, key) for key in KEYS): row for row in table.itertuples(index=False)}
