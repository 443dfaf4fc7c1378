"""Images corrupted a second: whole batches here, against code for one image and against torchvision.transforms.v2."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torchvision.transforms import v2

from benchmarks.contenders.pictures import Hole
from benchmarks.measuring import Line, Measurement, Options, cases, found, interleaved, ratio
from benchmarks.subjects import images
from restoration.core import registry
from restoration.data import corruptions
from restoration.data.device import as_float

TITLE = "Images corrupted a second"
OURS, IMAGEWISE = "this workflow", "code for one image"
V2, V2_IMAGEWISE = "torchvision.transforms.v2", "the same, image by image"
BATCH, HOLE, SIGMA = 128, 6, 0.1

Corrupt = Callable[[torch.Tensor], object]


def noisy(image: torch.Tensor) -> torch.Tensor:
    return (image + SIGMA * torch.randn(image.shape)).clamp(0, 1)


def one_by_one(corrupt: Corrupt) -> Corrupt:
    return lambda batch: [corrupt(image) for image in batch]


def others(name: str) -> Mapping[str, Corrupt]:
    """Return other code for the same corruption. v2's erasing puts its square anywhere, not on the stroke."""
    if name == "stroke_hole":
        share = HOLE**2 / 28**2
        erase = v2.RandomErasing(p=1, scale=(share, share), ratio=(1, 1))
        return {IMAGEWISE: one_by_one(Hole(HOLE)), V2_IMAGEWISE: one_by_one(erase)}
    if name == "gaussian_noise":
        noise = v2.GaussianNoise(sigma=SIGMA, clip=True)
        return {IMAGEWISE: one_by_one(noisy), V2: noise, V2_IMAGEWISE: one_by_one(noise)}
    return {}


def run(options: Options) -> list[Measurement]:
    torch.set_num_threads(1)
    batch = as_float(images(options.mnist, BATCH)[0])
    generator = torch.Generator().manual_seed(0)
    measurements = []
    for name in registry.names("corruptions"):
        acts: dict[str, Callable[[], object]] = {OURS: partial(corruptions.build({"name": name}), batch, generator)}
        acts |= {contender: partial(act, batch) for contender, act in others(name).items()}
        for contender, seconds in interleaved(acts, options.times(60, 10)).items():
            measurements.append(Measurement(name, contender, "images/s", [BATCH / value for value in seconds]))
    return measurements


def table(measurements: list[Measurement]) -> list[str]:
    columns = [OURS, IMAGEWISE, V2, V2_IMAGEWISE]
    lines = [f"| corruption | {' | '.join(columns)} |", "|" + " --- |" * (1 + len(columns))]
    for case in cases(measurements):
        cells = [case]
        for contender in columns:
            try:
                rate = f"{found(measurements, case, contender).median:,.0f}"
            except KeyError:
                cells.append("")
                continue
            if contender != OURS:
                rate += f" (**{ratio(measurements, case, OURS, contender):.1f}** times slower)"
            cells.append(rate)
        lines.append(f"| {' | '.join(cells)} |")
    return [
        *lines,
        "",
        f"Images a second in batches of {BATCH}, on one thread. v2's RandomErasing draws one square for a whole batch, "
        "and so must be given the images one by one.",
    ]


def summary(measurements: list[Measurement]) -> list[Line]:
    return [
        Line(f"Images a second, {one.case}", one.contender, f"{faster:.1f} times as many")
        for one in measurements
        if one.contender != OURS
        for faster in [ratio(measurements, one.case, OURS, one.contender)]
    ]
