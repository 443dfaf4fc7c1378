import numpy as np
import pytest
import torch
from sklearn.isotonic import IsotonicRegression

from restoration.evaluation import calibration

LEVELS = np.arange(256) / 255


def test_the_curve_is_the_isotonic_regression_of_truth_on_what_was_restored():
    rng = np.random.default_rng(0)
    restored = rng.integers(0, 256, 20_000) / 255
    truth = np.clip(restored**3 + rng.normal(0, 0.2, len(restored)), 0, 1)
    curve = calibration.fit(torch.from_numpy(restored).float(), torch.from_numpy(truth))
    expected = IsotonicRegression().fit(restored, truth).predict(LEVELS)
    np.testing.assert_allclose(curve, expected, atol=1e-6)


def test_levels_that_were_not_seen_lie_between_their_neighbours():
    curve = calibration.fit(torch.tensor([51, 102, 102]) / 255, torch.tensor([0.2, 0.5, 0.7]))
    np.testing.assert_allclose(curve[:52], 0.2)
    np.testing.assert_allclose(curve[51:103], np.linspace(0.2, 0.6, 52), rtol=1e-6)
    np.testing.assert_allclose(curve[102:], 0.6)


def test_nothing_learned_changes_nothing():
    curve = calibration.fit(torch.empty(0), torch.empty(0))
    image = torch.rand(2, 1, 5, 5)
    torch.testing.assert_close(calibration.apply(curve, image, torch.ones(2, 1, 5, 5, dtype=torch.bool)), image)


def test_only_hidden_pixels_are_mapped_linearly_between_levels():
    curve = np.linspace(1, 0, 256) ** 2
    image = torch.linspace(0, 1, 2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    mask = torch.zeros(2, 1, 4, 5, dtype=torch.bool)
    mask[0, :, 1:3] = True
    mapped = calibration.apply(curve, image, mask)
    expected = torch.from_numpy(np.interp(image.numpy(), LEVELS, curve)).float()
    torch.testing.assert_close(mapped, expected.where(mask, image), atol=1e-5, rtol=0)
    assert mapped.where(~mask, 0).equal(image.where(~mask, 0))


@pytest.mark.parametrize("sigma", [0.1, 0.4])
def test_calibration_takes_out_what_clipped_noise_adds(sigma):
    """Half of a black background's noise is clipped: the noisy image is too bright on average; the mapped is not."""
    generator = torch.Generator().manual_seed(0)
    truth = (torch.rand(40, 1, 20, 20, generator=generator) < 0.2).float()
    noisy = (truth + sigma * torch.randn(truth.shape, generator=generator)).clamp(0, 1)
    curve = calibration.fit(noisy[:20], truth[:20])
    mapped = calibration.apply(curve, noisy[20:], torch.ones_like(noisy[20:], dtype=torch.bool))
    assert (noisy[20:] - truth[20:]).mean() > 0.1 * sigma
    assert abs((mapped - truth[20:]).mean()) < 0.01
    assert (mapped - truth[20:]).square().mean() < 0.75 * (noisy[20:] - truth[20:]).square().mean()
