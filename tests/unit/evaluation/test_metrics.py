import math

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from restoration.evaluation import metrics

SHAPES = [(1, 28, 28), (3, 20, 24), (1, 13, 31), (1, 11, 11)]  # the last are the smallest that SSIM takes


@pytest.fixture(params=SHAPES, ids=str)
def pair(request) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise, black, a bright square on black, and one image twice, with an error; flat images and their mirrors."""
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(7, *request.param, generator=generator)
    images[1] = 0
    images[2] = 0
    images[2, :, 3:9, 4:10] = 0.8
    others = (images + 0.2 * torch.randn(images.shape, generator=generator)).clamp(0, 1)
    others[3] = images[3]
    images[4:] = torch.tensor([0.3, 0.7, 0.95]).view(3, 1, 1, 1) + 0.01 * images[4:]
    others[4:] = images[4:].flip(-1)
    return images, others


@pytest.fixture
def similarity(pair) -> tuple[torch.Tensor, list[np.ndarray], list[float]]:
    """Our maps, scikit-image's maps and its means."""
    maps, means = [], []
    for image, other in zip(*pair, strict=True):
        mean, whole = structural_similarity(
            image.double().numpy(),
            other.double().numpy(),
            gaussian_weights=True,
            use_sample_covariance=False,
            data_range=1,
            channel_axis=0,
            full=True,
        )
        maps.append(whole)
        means.append(mean)
    return metrics.ssim_map(*pair), maps, means


def test_mse_by_hand():
    squared_error = torch.tensor([[1.0, 4.0, 0.0, 3.0], [0.0, 0.0, 0.0, 0.5]]).reshape(2, 1, 2, 2)
    assert metrics.regional_mean(squared_error).tolist() == [2.0, 0.125]


def test_mse_counts_the_pixels_of_the_region_alone_in_all_channels():
    squared_error = torch.arange(12.0).reshape(1, 3, 2, 2)
    region = torch.tensor([[True, False], [False, True]]).reshape(1, 1, 2, 2)
    assert metrics.regional_mean(squared_error, region).item() == pytest.approx((0 + 3 + 4 + 7 + 8 + 11) / 6)


def test_a_region_of_all_pixels_is_the_whole_image(pair):
    error = (pair[0] - pair[1]).square()
    everything = torch.ones_like(error[:, :1], dtype=torch.bool)
    torch.testing.assert_close(metrics.regional_mean(error, everything), metrics.regional_mean(error))


def test_an_empty_region_gives_nan_for_its_image_alone():
    values = torch.rand(2, 1, 12, 12)
    region = torch.zeros(2, 1, 12, 12, dtype=torch.bool)
    region[1, 0, 3, 4] = True
    for mean in (metrics.regional_mean(values, region), metrics.ssim(values, region)):
        assert mean[0].isnan()
        torch.testing.assert_close(mean[1], values[1, 0, 3, 4])


def test_psnr_by_hand_capped_and_nan_for_an_empty_region():
    errors = torch.tensor([1.0, 0.1, 0.01, 0.025, 1e-9, 1e-12, 0.0, math.nan])
    expected = [0.0, 10.0, 20.0, -10 * math.log10(0.025), 90.0, 100.0, 100.0, math.nan]
    assert metrics.psnr(errors).tolist() == pytest.approx(expected, abs=1e-4, nan_ok=True)


def test_ssim_map_is_that_of_scikit_image(similarity):
    ours, theirs, _ = similarity
    for image, expected in zip(ours.numpy(), theirs, strict=True):
        np.testing.assert_allclose(image, expected, rtol=0, atol=1e-5)


def test_ssim_of_whole_images_is_that_of_scikit_image(similarity):
    ours, _, means = similarity
    np.testing.assert_allclose(metrics.ssim(ours).numpy(), means, rtol=0, atol=1e-5)


def test_ssim_of_a_region_is_the_mean_of_scikit_images_map_there(similarity):
    ours, theirs, _ = similarity
    region = torch.zeros_like(ours[:, :1], dtype=torch.bool)
    region[:, :, :7, 2:9] = True
    expected = [whole[:, :7, 2:9].mean() for whole in theirs]
    np.testing.assert_allclose(metrics.ssim(ours, region).numpy(), expected, rtol=0, atol=1e-5)


def test_ssim_of_an_image_with_itself_is_one_and_is_symmetric(pair):
    images, others = pair
    torch.testing.assert_close(metrics.ssim_map(images, images), torch.ones_like(images))
    torch.testing.assert_close(metrics.ssim_map(images, others), metrics.ssim_map(others, images))
