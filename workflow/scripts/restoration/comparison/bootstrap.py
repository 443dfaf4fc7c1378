"""Intervals of means over test images and training seeds, by resampling both.

The crossed bootstrap: images and seeds are drawn with replacement, each on its own, and a replicate is the mean over
the drawn images of the drawn seeds' models (Owen, 2007, The pigeonhole bootstrap, Annals of Applied Statistics 1(2));
95 % percentile intervals (Efron and Tibshirani, 1993, An Introduction to the Bootstrap, chapter 13).

Images are drawn once for all models, so that the difference of two models' replicates is paired by image. Seeds are
drawn for each model on its own: two models with one seed have nothing in common but their number.

Of a few seeds the percentile interval is too narrow: it cannot leave the range of the seeds' means, which for three
covers the truth three times out of four. So a replicate's deviation that is due to its seeds is made wider by
t(n - 1) / z * sqrt(n / (n - 1)), the factor by which Hesterberg (2015, The American Statistician 69(4), "expanded
percentile") makes quantiles wider, which for so few values would not help. In simulations the interval then holds the
mean 93 to 95 times out of 100 where seeds vary, for 2 to 10 of them, and more often where images vary more than seeds,
for what varies by image and seed together counts twice.
"""

import math

import numpy as np

REPLICATES = 1000
LEVEL = 0.95


def image_weights(images: int, generator: np.random.Generator, replicates: int = REPLICATES) -> np.ndarray:
    """How often each image is drawn, as a share of the draws: float64 (replicates, images), rows that sum to 1."""
    drawn = generator.integers(images, size=(replicates, images))
    return np.stack([np.bincount(row, minlength=images) for row in drawn]) / images


def replicates(values: np.ndarray, weights: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """The resampled means of one model: (replicates, columns).

    values: (seeds, images, columns); NaN where an image has no such value, which then does not count.
    weights: as `image_weights`, the same for all models that are compared; generator: draws this model's seeds.
    """
    seeds = len(values)
    each = np.stack([_weighted(of_seed, weights) for of_seed in values])
    drawn = generator.multinomial(seeds, np.full(seeds, 1 / seeds), size=len(weights)) / seeds
    mean = each.mean(axis=0)
    if seeds == 1:
        return mean
    return mean + seed_widening(seeds) * (np.einsum("rs,src->rc", drawn, each) - mean)


def seed_widening(seeds: int) -> float:
    """The factor for deviations of the mean of two or more resampled seeds."""
    from scipy import stats

    tail = (1 + LEVEL) / 2
    return float(stats.t.ppf(tail, seeds - 1) / stats.norm.ppf(tail) * math.sqrt(seeds / (seeds - 1)))


def interval(replicates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Low and high of the percentile interval, over the first axis."""
    low, high = np.quantile(replicates, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(images, columns) to (replicates, columns)."""
    valid = ~np.isnan(values)
    sums = weights @ np.where(valid, values, 0.0)
    gaps = ~valid.all(axis=0)
    if gaps.any():
        with np.errstate(invalid="ignore"):  # no image counts: no mean
            sums[:, gaps] /= weights @ valid[:, gaps].astype(float)
    return sums
