"""Test images restored and measured a second: each inference of the source's inpainting, the measures, the classifier.

One thread, 1,000 test images, the models trained for long enough that searches over the latent are those of a trained
model.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch

from benchmarks.measuring import Line, Measurement, Options, cases, found, interleaved, nothing
from benchmarks.subjects import Subject, corrupted, images, resolved, subjects
from restoration.config import part_checks
from restoration.core import registry
from restoration.data.device import as_float
from restoration.evaluation import scoring
from restoration.models import classifier
from restoration.models.model_file import Model

TITLE = "Test images restored and measured a second"
TASK, MODELS = "inpainting", ("vae", "cvae_label", "cvae_incomplete")
MEASURES = "MSE, PSNR and SSIM, raw and pasted, of the image and of the hole"
READING = "the classifier's reading"


def trained(subject: Subject, options: Options) -> Model:
    data = images(options.mnist, 1_280 if options.quick else 12_800)
    loop = subject.trained(data, epochs=1)
    loop.model.network.eval().requires_grad_(False)
    return loop.model


def run(
    options: Options, clock: Callable[[], float] = time.process_time, wait: Callable[[], None] = nothing
) -> list[Measurement]:
    """clock, wait: as of `interleaved`."""
    torch.set_num_threads(1)
    task, chosen = resolved()["tasks"][TASK], [subject for subject in subjects() if subject.task == TASK]
    test = corrupted(chosen[0], *images(options.mnist, 250 if options.quick else 1_000, "test"))
    reader = classifier.Classifier((1, 28, 28), 10).eval()
    unread = torch.zeros(len(test.labels), dtype=torch.int64)
    measurements = []

    def measure(case: str, acts: Mapping[str, Callable[[], object]]) -> None:
        for name, seconds in interleaved(acts, options.times(5, 1), clock, wait).items():
            rates = list(len(test.labels) / np.array(seconds))
            measurements.append(Measurement(case, name, "images/s", rates))

    for subject in chosen:
        if subject.variant not in MODELS or subject.loss != "bce":
            continue
        model = trained(subject, options)
        methods = {method: part_checks.check("inference", method, {}, method) for method in registry.names("inference")}
        restorers = {
            method: scoring.restorer(model, method, parameters, 0)
            for method, parameters in (methods | task["inference"]).items()
        }
        acts = {
            method: partial(scoring.restore_all, restore, *test[1:]) for method, restore in restorers.items() if restore
        }
        measure(subject.name, acts)
    restored = as_float(test.corrupted)
    measure(
        "measuring",
        {
            MEASURES: lambda: scoring.score(restored, test, lambda batch: unread[: len(batch)]),
            READING: lambda: reader.read(restored),
        },
    )
    return measurements


def table(measurements: list[Measurement]) -> list[str]:
    lines = ["| | | images/s |", "| --- | --- | --- |"]
    for case in cases(measurements):
        for one in measurements:
            if one.case == case:
                rate = found(measurements, case, one.contender).median
                lines.append(f"| {case} | {one.contender} | {rate:,.0f} |")
    return lines


def summary(measurements: list[Measurement]) -> list[Line]:
    """Return the rates alone: nothing is measured beside them."""
    case = cases(measurements)[0]
    rates = [(one.contender, one.median) for one in measurements if one.case == case]
    told = ", ".join(f"{method} {rate:,.0f}" for method, rate in rates)
    return [Line(f"Restored images a second ({case})", "", told)]
