"""Restorations that need no trained model, one file each:

    restore(corrupted, mask, train_images, *, <parameters>) -> (B, C, H, W) in [0, 1]
    HIDDEN = ["some", "all"]: the tasks for which it makes sense, by which pixels of an image are hidden there ("none",
    "some" or "all"); left out where it does for every one
    GRID = {"size": [3, 5]}: values of parameters, of which every combination is tried on validation images

`corrupted` is float (B, C, H, W) in [0, 1], `mask` bool (B, 1, H, W), `train_images` uint8 (N, C, H, W), complete. What
is hidden is not to be read from `corrupted`, except where nothing is visible: noise is. A baseline that says HIDDEN is
measured a second time as `<name>_calibrated`: with parameters of its own, and calibration.py over what it restores. One
that says CALIBRATED, in the form of HIDDEN, is in these tasks.

BM3D (Dabov et al., 2007), which stands in many such tables, is not among them: the licence of the `bm3d` package allows
non-commercial use alone, and it takes 0.4 s an image, over an hour for MNIST's test set.
"""

from typing import Any

from restoration.core import registry

KINDS = ("none", "some", "all")
CALIBRATED_SUFFIX = "_calibrated"  # behind the name of a baseline with calibration


def hides(mask: Any) -> str:
    """Which pixels of an image a task hides, by the masks of some images, an array or tensor: one of KINDS."""
    return "all" if mask.all() else "some" if mask.any() else "none"


def fitting(hides: str | None) -> list[str]:
    """The baselines for a task where `hides`, one of KINDS, of an image's pixels are hidden; None: not known."""
    needed = {name: registry.constant("baselines", name, "HIDDEN") for name in registry.names("baselines")}
    return [name for name, kinds in needed.items() if kinds is None or hides is None or hides in kinds]


def calibrated(name: str, hides: str | None) -> bool:
    """Whether a baseline is measured with the calibration as well, where `hides` is as in `fitting`."""
    kinds = registry.constant("baselines", name, "CALIBRATED")
    if kinds is None:
        return registry.constant("baselines", name, "HIDDEN") is not None
    return hides is None or hides in kinds
