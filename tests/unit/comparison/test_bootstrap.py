import numpy as np
import pytest

from restoration.comparison import bootstrap


def draws(images: int, replicates: int, seed: int = 0) -> np.ndarray:
    return bootstrap.image_weights(images, np.random.default_rng(seed), replicates)


def test_each_replicate_draws_as_many_images_as_there_are():
    weights = draws(40, 200)
    assert weights.shape == (200, 40)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert (weights * 40 == (weights * 40).round()).all()
    assert weights.mean(axis=0) == pytest.approx(np.full(40, 1 / 40), abs=0.01)


def test_the_replicates_are_those_of_a_plain_loop():
    """Over images and seeds that are drawn one by one, as a definition says it."""
    values = np.random.default_rng(1).normal(size=(3, 12, 2)) + np.arange(3)[:, None, None]
    weights = draws(12, 50)
    found = bootstrap.replicates(values, weights, np.random.default_rng(2))
    seeds = np.random.default_rng(2).multinomial(3, [1 / 3] * 3, size=50)
    for replicate in range(50):
        counts = np.rint(weights[replicate] * 12).astype(int)
        images = np.repeat(np.arange(12), counts)
        drawn = np.repeat(np.arange(3), seeds[replicate])
        for column in range(2):
            all_seeds = np.mean([values[seed, image, column] for seed in range(3) for image in images])
            of_drawn = np.mean([values[seed, image, column] for seed in drawn for image in images])
            expected = all_seeds + bootstrap.seed_widening(3) * (of_drawn - all_seeds)
            assert found[replicate, column] == pytest.approx(expected)


def test_an_image_without_a_value_does_not_count():
    values = np.random.default_rng(3).normal(size=(2, 30, 2))
    values[:, 5:, 1] = np.nan
    weights = draws(30, 100)
    found = bootstrap.replicates(values, weights, np.random.default_rng(0))
    few = weights[:, :5] / weights[:, :5].sum(axis=1, keepdims=True)
    expected = bootstrap.replicates(values[:, :5, 1:], few, np.random.default_rng(0))
    np.testing.assert_allclose(found[:, 1:], expected)


def test_one_seed_leaves_the_images():
    values = np.random.default_rng(4).normal(size=(1, 400, 1))
    low, high = bootstrap.interval(bootstrap.replicates(values, draws(400, 2000), np.random.default_rng(0)))
    half = 1.96 * values.std() / 20
    assert [low[0], high[0]] == pytest.approx([values.mean() - half, values.mean() + half], abs=0.15 * half)


def covered(seeds: int, images: int, seed_noise: float, image_noise: float, trials: int = 400) -> float:
    """How often the interval holds the mean that the data were drawn with."""
    rng = np.random.default_rng(5)
    weights = draws(images, 400)
    hits = 0
    for _ in range(trials):
        values = image_noise * rng.normal(size=(seeds, images, 1)) + seed_noise * rng.normal(size=(seeds, 1, 1))
        values = values + image_noise * rng.normal(size=(1, images, 1))
        low, high = bootstrap.interval(bootstrap.replicates(values, weights, rng))
        hits += low[0] <= 0 <= high[0]
    return hits / trials


@pytest.mark.parametrize("seeds", [1, 3, 5, 10])
def test_the_interval_covers_where_images_vary(seeds):
    assert 0.92 <= covered(seeds, 100, 0.0, 1.0) <= 1


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_the_interval_covers_where_seeds_vary(seeds):
    """Three seeds' plain percentile interval would hold the mean three times out of four."""
    assert 0.91 <= covered(seeds, 50, 1.0, 0.1) <= 0.985


def test_a_difference_is_paired_by_image():
    """What is hard for one model is hard for the other, and cancels."""
    rng = np.random.default_rng(6)
    hard = rng.normal(size=(1, 300, 1))
    one, other = (hard + 0.1 * rng.normal(size=(3, 300, 1)) for _ in range(2))
    weights = draws(300, 500)
    resampled = bootstrap.replicates(one, weights, np.random.default_rng(0))
    paired = resampled - bootstrap.replicates(other, weights, np.random.default_rng(1))
    unpaired = resampled - bootstrap.replicates(other, draws(300, 500, seed=7), np.random.default_rng(1))
    widths = [(high - low).item() for low, high in map(bootstrap.interval, (paired, unpaired))]
    assert widths[0] < 0.5 * widths[1]
