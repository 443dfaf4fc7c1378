"""A task's models and baselines side by side: means with intervals, and differences from the best, paired by image."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from restoration.comparison import bootstrap
from restoration.comparison.interval_tables import without_label
from restoration.core import artifacts
from restoration.core.determinism import derived_seed
from restoration.core.errors import DamagedFile
from restoration.evaluation.measure_properties import HIGHER_IS_BETTER, RANGE

NAME = ["variant", "loss", "method"]
PLACE = ["output", "region", "measure"]


class Scores(NamedTuple):
    """columns: (method, output, region, measure) of each column of values, float64 (images, columns)."""

    columns: list[tuple[str, str, str, str]]
    values: np.ndarray


class Entry(NamedTuple):
    """A variant trained under a loss, or the baselines (both texts empty); a file of scores for each seed."""

    variant: str
    loss: str
    files: Sequence[str | Path]


def read_scores(path: str | Path) -> Scores:
    """The columns of a scores.parquet that hold any number. Raises DamagedFile if its rows are not one for each image.

    Of the file, only the measures that are known here are read.
    """
    from pyarrow import parquet

    keys = ["method", "output", "region"]
    with artifacts.reading(path):
        measures = [name for name in HIGHER_IS_BETTER if name in parquet.read_schema(path).names]
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
    return Scores(columns, np.stack(arrays, axis=1))


def intervals(entries: Iterable[Entry]) -> tuple[pd.DataFrame, np.ndarray]:
    """One row for each entry, method, output, region and measure: their mean, `low`, `high`, `seeds` and `images`.

    And the rows' replicates, float64 (rows, replicates). seeds: 1 says that the interval covers the images only; 0 that
    nothing was trained. Raises DamagedFile if the files do not have the same images.
    """
    rows, resampled, weights = [], [], None
    for variant, loss, files in entries:
        scores = [read_scores(file) for file in files]
        if weights is None:
            images = len(scores[0].values)
            weights = bootstrap.image_weights(images, np.random.default_rng(derived_seed(0, "bootstrap", "images")))
        for file, (columns, values) in zip(files, scores, strict=True):
            if columns != scores[0].columns or len(values) != weights.shape[1]:
                raise DamagedFile(file, "it does not have the images and methods of its like")
        values = np.stack([of_seed for _, of_seed in scores])
        generator = np.random.default_rng(derived_seed(0, "bootstrap", "seeds", variant, loss))
        replicates = bootstrap.replicates(values, weights, generator)
        lowest, highest = np.array([RANGE[measure] for *_, measure in scores[0].columns]).T
        # What is added for few seeds may reach over what the mean can be.
        low, high = (bound.clip(lowest, highest) for bound in bootstrap.interval(replicates))
        mean = np.nanmean(values, axis=1).mean(axis=0)
        for number, column in enumerate(scores[0].columns):
            figures = (mean[number], low[number], high[number])
            rows.append((variant, loss, *column, *figures, len(files) if variant else 0, values.shape[1]))
        resampled.append(replicates.T)
    table = pd.DataFrame(rows, columns=[*NAME, *PLACE, "mean", "low", "high", "seeds", "images"])
    return table, np.concatenate(resampled)


def primary(table: pd.DataFrame) -> list[tuple[str, str, str]]:
    """The (output, region, measure) that a task is judged by: the error where pixels are missing, and the likeness of
    the whole image.
    """
    hole = bool((table["region"] == "hole").any())
    return [("raw", "hole" if hole else "whole", "mse"), ("pasted" if hole else "raw", "whole", "ssim")]


def differences(table: pd.DataFrame, replicates: np.ndarray, labelled: Collection[str] = ()) -> pd.DataFrame:
    """Each row's difference, for the primary measures, to the task's best (`against`: best) and best baseline.

    `better`: what the interval says of the row: better, worse or undecided; empty for the reference itself. The best is
    chosen on the same images, so that its lead over the next is somewhat flattered. What is given the true label is not
    the best, and may be better: images from elsewhere come without. labelled: the variants that are given it. A
    baseline without any error, where nothing was corrupted, is left out: it says nothing.
    """
    trivial = (table["variant"] == "") & (table["measure"] == "mse") & (table["mean"] == 0)
    trivial_methods = set(table.loc[trivial, "method"])
    rows = []
    for place in primary(table):
        here = table[(table[PLACE] == list(place)).all(axis=1)]
        here = here[(here["variant"] != "") | ~here["method"].isin(trivial_methods)]
        for against, among in (("best", without_label(here, labelled)), ("best_baseline", here[here["variant"] == ""])):
            if among.empty:
                continue
            higher = HIGHER_IS_BETTER[place[2]]
            best = among["mean"].idxmax() if higher else among["mean"].idxmin()
            for row in here.index:
                rows.append(_difference(table, replicates, row, best, higher) | {"against": against})
    return pd.DataFrame(rows, columns=DIFFERENCES)


DIFFERENCES = [*NAME, *PLACE, "against", *(f"reference_{name}" for name in NAME)]
DIFFERENCES += ["difference", "low", "high", "better", "seeds", "reference_seeds", "images"]


def _difference(table: pd.DataFrame, replicates: np.ndarray, row: Any, best: Any, higher: bool) -> dict[str, Any]:
    own, reference = table.loc[row], table.loc[best]
    low, high = map(float, bootstrap.interval(replicates[row] - replicates[best]))
    better, worse = (low > 0, high < 0) if higher else (high < 0, low > 0)
    said = "" if row == best else "better" if better else "worse" if worse else "undecided"
    figures = {"difference": own["mean"] - reference["mean"], "low": low, "high": high, "better": said}
    of = {f"reference_{name}": reference[name] for name in [*NAME, "seeds"]}
    return {**own[[*NAME, *PLACE, "seeds", "images"]].to_dict(), **of, **figures}
