"""MSE, PSNR and SSIM of each restored image, over the whole image or over a region."""

import math
from functools import cache

import numpy as np
import torch

PEAK_SIGNAL_CAP = 100.0  # dB; an image without error has an infinite PSNR, which would make the mean infinite
SSIM_SIGMA, SSIM_RADIUS = 1.5, 5
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2


def psnr(mean_squared_error: torch.Tensor) -> torch.Tensor:
    """Return the peak signal-to-noise ratio in dB of images in [0, 1] from their MSE; at most PEAK_SIGNAL_CAP."""
    return (-10 * mean_squared_error.log10()).clamp(max=PEAK_SIGNAL_CAP)


def regional_mean(values: torch.Tensor, region: torch.Tensor | None = None) -> torch.Tensor:
    """Return the mean of each image: (B, C, H, W) to (B,).

    region: bool (B, 1, H, W), the pixels that count; an image with an empty region gets NaN.
    """
    if region is None:
        return values.flatten(1).mean(dim=1)
    counted = region.expand_as(values).flatten(1)
    return (values.flatten(1) * counted).sum(dim=1) / counted.sum(dim=1)


class Windows:
    """Images (B, C, H, W) in [0, 1] with the mean and the variance of the window around each pixel.

    Made once for images that `ssim_map` compares with several others.
    """

    def __init__(self, images: torch.Tensor) -> None:
        self.images = images.double()  # the variances are small differences of large numbers
        self.mean = _blurred(self.images)
        self.variance = _blurred(self.images * self.images) - self.mean * self.mean


def ssim_map(images: torch.Tensor, others: torch.Tensor | Windows) -> torch.Tensor:
    """Return the structural similarity around each pixel (Wang et al., 2004, IEEE TIP 13(4), equation 13).

    The window is Gaussian, with sigma 1.5 and truncated at 5 pixels; K1 = 0.01, K2 = 0.03, range 1; images are mirrored
    at their edges. This is scikit-image's `structural_similarity(gaussian_weights=True, use_sample_covariance=False,
    data_range=1)`. Arguments and result: (B, C, H, W), at least 11 x 11, arguments in [0, 1].
    """
    x, y = Windows(images), others if isinstance(others, Windows) else Windows(others)
    covariance = _blurred(x.images * y.images) - x.mean * y.mean
    luminance = (2 * x.mean * y.mean + SSIM_C1) / (x.mean * x.mean + y.mean * y.mean + SSIM_C1)
    return (luminance * (2 * covariance + SSIM_C2) / (x.variance + y.variance + SSIM_C2)).float()


def ssim(similarity: torch.Tensor, region: torch.Tensor | None = None) -> torch.Tensor:
    """Return the mean of a similarity map for each image: (B, C, H, W) to (B,).

    The mean over the whole image leaves out pixels whose window reaches over the edge, as is usual. The mean over a
    region counts all pixels of the region.
    """
    if region is not None:
        return regional_mean(similarity, region)
    inner = slice(SSIM_RADIUS, -SSIM_RADIUS)
    return regional_mean(similarity[..., inner, inner])


def _blurred(values: torch.Tensor) -> torch.Tensor:
    """Return the mean of the Gaussian window around each pixel: (B, C, H, W) to the same, in double precision."""
    rows, columns = (_blur(size) for size in values.shape[-2:])
    return rows @ values @ columns.T


@cache
def _blur(size: int) -> torch.Tensor:
    """Return the Gaussian window over one axis, mirrored at both ends, as a matrix (size, size)."""
    offsets = range(-SSIM_RADIUS, SSIM_RADIUS + 1)
    weights = [math.exp(-0.5 * (offset / SSIM_SIGMA) ** 2) for offset in offsets]
    mirrored = np.pad(np.eye(size), ((SSIM_RADIUS, SSIM_RADIUS), (0, 0)), "symmetric")
    shifted = [weight / sum(weights) * mirrored[start : start + size] for start, weight in enumerate(weights)]
    return torch.from_numpy(sum(shifted))
