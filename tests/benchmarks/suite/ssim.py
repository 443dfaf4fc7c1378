"""SSIM of whole images: images a second, and whether three implementations agree."""

from functools import partial
from typing import Any

import numpy as np
import torch

from benchmarks.measuring import Line, Measurement, Options, found, interleaved, ratio
from benchmarks.subjects import images
from restoration.data import corruptions
from restoration.data.device import as_float
from restoration.evaluation import metrics

TITLE = "SSIM"
PEERS = True
CASE, AGREED = "ssim", 1e-5
OURS, SKIMAGE, TORCHMETRICS = "this workflow", "scikit-image", "torchmetrics"
WANG = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
BORDER = slice(metrics.SSIM_RADIUS, -metrics.SSIM_RADIUS)


def ours(restored: torch.Tensor, complete: torch.Tensor) -> torch.Tensor:
    return metrics.ssim(metrics.ssim_map(restored, complete))


def by_scikit_image(restored: torch.Tensor, complete: torch.Tensor) -> torch.Tensor:
    from skimage.metrics import structural_similarity

    pairs = zip(restored[:, 0].numpy(), complete[:, 0].numpy(), strict=True)
    return torch.tensor([structural_similarity(one, other, **WANG) for one, other in pairs])


def by_torchmetrics(restored: torch.Tensor, complete: torch.Tensor) -> torch.Tensor:
    """Average torchmetrics' map without its border, which the others do not count."""
    from torchmetrics.functional.image import structural_similarity_index_measure

    options: dict[str, Any] = {"sigma": 1.5, "data_range": 1.0, "reduction": "none", "return_full_image": True}
    _, similarity = structural_similarity_index_measure(restored, complete, **options)
    return similarity[..., BORDER, BORDER].flatten(1).mean(dim=1)


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference of any image. Raises AssertionError where it is above AGREED."""
    largest = float((one.double() - other.double()).abs().max())
    if not largest <= AGREED:
        raise AssertionError(f"SSIM differs by {largest:.2g}, more than {AGREED:.0e}")
    return largest


def pairs(options: Options) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return images under each of the source's corruptions, with the complete ones; float (N, 1, 28, 28) in [0, 1]."""
    complete = as_float(images(options.mnist, 200 if options.quick else 1_000, "test")[0])
    generator = torch.Generator().manual_seed(0)
    return [
        (corruptions.build({"name": name})(complete, generator)[0], complete)
        for name in ("stroke_hole", "gaussian_noise")
    ]


def run(options: Options) -> list[Measurement]:
    torch.set_num_threads(1)
    contenders = {OURS: ours, SKIMAGE: by_scikit_image, TORCHMETRICS: by_torchmetrics}
    both = pairs(options)
    measurements = []
    for name, other in list(contenders.items())[1:]:
        largest = max(difference(ours(*pair), other(*pair)) for pair in both)
        measurements.append(Measurement(CASE, f"{name} differs by", "", [largest]))
    acts = {name: partial(act, *both[0]) for name, act in contenders.items()}
    for name, seconds in interleaved(acts, options.times(15, 3)).items():
        measurements.append(Measurement(CASE, name, "images/s", list(len(both[0][0]) / np.array(seconds))))
    return measurements


def table(measurements: list[Measurement]) -> list[str]:
    lines = ["| | images/s | times slower | differs by at most |", "| --- | --- | --- | --- |"]
    lines.append(f"| {OURS} | {found(measurements, CASE, OURS).median:,.0f} | | |")
    for name in (SKIMAGE, TORCHMETRICS):
        rate, slower = found(measurements, CASE, name).median, ratio(measurements, CASE, OURS, name)
        largest = found(measurements, CASE, f"{name} differs by").median
        lines.append(f"| {name} | {rate:,.0f} | **{slower:.1f}** | {largest:.0e} |")
    return [*lines, "", f"Each image's SSIM is compared; a difference above {AGREED:.0e} ends the benchmark."]


def summary(measurements: list[Measurement]) -> list[Line]:
    return [
        Line(
            "SSIM, images a second",
            name,
            f"{ratio(measurements, CASE, OURS, name):.1f} times as many, the same to "
            f"{found(measurements, CASE, f'{name} differs by').median:.0e}",
        )
        for name in (SKIMAGE, TORCHMETRICS)
    ]
