"""95 % intervals of means over test images and training seeds, by a bootstrap that resamples both.

Crossed bootstrap (Owen, 2007, The pigeonhole bootstrap, Annals of Applied Statistics 1(2)): images and seeds are drawn
with replacement, independently of each other. A replicate is the mean over the drawn images of the drawn seeds' models.
The interval lies between the 2.5 % and 97.5 % quantiles of the replicates (Efron and Tibshirani, 1993, An Introduction
to the Bootstrap, chapter 13).

The drawn images are the same for all models, so that the difference of two models' replicates is paired by image. Seeds
are drawn for each model independently: two models with the same seed have only the number in common.

Few seeds give intervals that are too narrow, because replicates stay between the smallest and the largest mean of a
seed: with three seeds, three intervals out of four hold the mean. So a replicate's deviation that is due to its seeds
is multiplied by t(n - 1) / z * sqrt(n / (n - 1)), where t and z are the 97.5 % quantiles of Student's and the normal
distribution and n is the number of seeds. Hesterberg (2015, The American Statistician 69(4), "expanded percentile")
takes quantiles that are wider by this factor; no quantile of so few values reaches far enough. In simulations with 2 to
10 seeds, 93 to 95 % of the intervals hold the mean where seeds vary. Where images vary more than seeds, more intervals
do, because what varies with image and seed together counts twice.
"""

import math

import numpy as np

from restoration.core.determinism import derived_seed

REPLICATES = 1000
LEVEL = 0.95


def generator(*what: str) -> np.random.Generator:
    """Return the generator of "images", or of "seeds" or "iterations" of a named model: the same in every job."""
    return np.random.default_rng(derived_seed(0, "bootstrap", *what))


def image_weights(images: int, generator: np.random.Generator, replicates: int = REPLICATES) -> np.ndarray:
    """Draw images; return each image's share of the draws: float64 (replicates, images), rows that sum to 1."""
    drawn = generator.integers(images, size=(replicates, images))
    return np.stack([np.bincount(row, minlength=images) for row in drawn]) / images


def replicates(values: np.ndarray, weights: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return the resampled means of one model: (replicates, columns).

    values: (seeds, images, columns); NaN where an image has no value and does not count. weights: as from
    `image_weights`, the same for all models that are compared; generator: draws this model's seeds.
    """
    seeds = len(values)
    each = np.stack([_weighted(of_seed, weights) for of_seed in values])
    drawn = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=len(weights)) / seeds
    mean = each.mean(axis=0)
    if seeds == 1:
        return mean
    return mean + seed_widening(seeds) * (np.einsum("rs,src->rc", drawn, each) - mean)


def seed_widening(seeds: int) -> float:
    """Return the factor for deviations that are due to two or more seeds."""
    from scipy import stats

    tail = (1 + LEVEL) / 2
    return float(stats.t.ppf(tail, seeds - 1) / stats.norm.ppf(tail) * math.sqrt(seeds / (seeds - 1)))


def interval(replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return low and high of the percentile interval, over the first axis."""
    low, high = np.quantile(replicates, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted means of columns: (images, columns) to (replicates, columns)."""
    valid = ~np.isnan(values)
    sums = weights @ np.where(valid, values, 0.0)
    gaps = ~valid.all(axis=0)
    if gaps.any():
        with np.errstate(invalid="ignore"):  # a replicate that draws no image with a value has no mean
            sums[:, gaps] /= weights @ valid[:, gaps].astype(float)
    return sums
