"""Baselines with the parameters and the calibration that restore a task's validation images best."""

import hashlib
import time
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import torch

from restoration.core import registry
from restoration.data.holes import hides, observed
from restoration.evaluation import calibration, metrics
from restoration.restorers import baselines

IMAGES = 500  # the first of the validation images, which decide


class Examples(NamedTuple):
    """Validation images: complete and corrupted, float (N, C, H, W) in [0, 1], and mask, bool (N, 1, H, W)."""

    complete: torch.Tensor
    corrupted: torch.Tensor
    mask: torch.Tensor


class Baseline:
    """The baseline `name` with its parameters and the training images. Restores no batch twice."""

    def __init__(self, name: str, parameters: dict[str, Any], train_images: torch.Tensor) -> None:
        self.name, self.parameters, self.train_images = name, parameters, train_images
        self.restored: dict[bytes, torch.Tensor] = {}
        self.images, self.seconds = 0, 0.0

    def __call__(self, corrupted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Restore (B, C, H, W) to (B, C, H, W)."""
        batch = hashlib.sha256(corrupted.numpy().tobytes() + mask.numpy().tobytes()).digest()
        if batch not in self.restored:
            start = time.process_time()
            restore = registry.load("baselines", self.name).restore
            self.restored[batch] = restore(corrupted, mask, self.train_images, **self.parameters)
            self.seconds += time.process_time() - start
            self.images += len(corrupted)
        return self.restored[batch]


class Tuned(NamedTuple):
    """A baseline as it is measured; curve: its calibration, as from `calibration.fit`, or None."""

    baseline: Baseline
    curve: np.ndarray | None

    def restore(self, corrupted: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Restore a batch, as a `scoring.Restorer`, without labels and without what is hidden."""
        restored = self.baseline(observed(corrupted, mask), mask)
        return restored if self.curve is None else calibration.apply(self.curve, restored, mask)


def tune(name: str, train_images: torch.Tensor, examples: Examples) -> dict[str, Tuned]:
    """Return the baseline `name`, and its calibrated version where that is measured too, each by its method's name.

    Each has the parameters of `candidates` with the least squared error over the examples' hidden pixels.
    """
    calibrated = baselines.calibrated(name, hides(examples.mask))
    tried = candidates(name)
    if not calibrated and len(tried) == 1:
        return {name: Tuned(Baseline(name, tried[0], train_images), None)}
    best: dict[str, tuple[float, Tuned]] = {}
    hidden = examples.mask.expand_as(examples.complete)
    for parameters in tried:
        baseline = Baseline(name, parameters, train_images)
        restored = baseline(examples.corrupted, examples.mask)
        found: dict[str, tuple[torch.Tensor, np.ndarray | None]] = {name: (restored, None)}
        if calibrated:
            curve = calibration.fit(restored[hidden], examples.complete[hidden])
            mapped = calibration.apply(curve, restored, examples.mask)
            found[f"{name}{baselines.CALIBRATED_SUFFIX}"] = mapped, curve
        for method, (images, curve_or_none) in found.items():
            misfit = error(images, examples)
            if method not in best or misfit < best[method][0]:
                best[method] = misfit, Tuned(baseline, curve_or_none)
    return {method: tuned for method, (_, tuned) in best.items()}


def candidates(name: str) -> list[dict[str, Any]]:
    """Return the parameters to try: every combination of GRID's values, in order; the defaults without a GRID."""
    baseline = registry.load("baselines", name)
    grid, defaults = getattr(baseline, "GRID", {}), baseline.restore.__kwdefaults__ or {}
    return [defaults | dict(zip(grid, values, strict=True)) for values in product(*grid.values())]


def error(restored: torch.Tensor, examples: Examples) -> float:
    """Return the mean over the images of their mean squared error over hidden pixels; 0 if nothing is hidden."""
    each = metrics.regional_mean((restored - examples.complete).square(), examples.mask)
    return float(each.nanmean().nan_to_num(0))
