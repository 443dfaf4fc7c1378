"""Restorations that need no trained model, one file each:

    restore(corrupted, mask, train_images, *, <parameters>) -> (B, C, H, W) in [0, 1]
    HIDDEN = ["some", "all"]: the tasks that the baseline fits, by which pixels of an image are hidden there, each one
    of holes.KINDS; left out where it fits every task
    GRID = {"size": [3, 5]}: values of parameters; every combination is tried on validation images
    CALIBRATED = ["all"]: the tasks, named as in HIDDEN, where the baseline is measured with the calibration as well;
    left out, all tasks where it says HIDDEN

`corrupted` is float (B, C, H, W) in [0, 1], `mask` bool (B, 1, H, W), `train_images` uint8 (N, C, H, W), complete. A
baseline must not read hidden pixels of `corrupted`, except where nothing is visible: noise is read. With the
calibration, the baseline stands a second time in the results as `<name>_calibrated`, with parameters of its own and
calibration.py over its restorations.

BM3D (Dabov et al., 2007), which many such tables have, is missing: the licence of the `bm3d` package allows only
non-commercial use, and it takes 0.4 s an image, over an hour for MNIST's test set.
"""

from restoration.core import registry

CALIBRATED_SUFFIX = "_calibrated"  # behind the name of a baseline with calibration


def fitting(hides: str | None) -> list[str]:
    """Return the baselines for a task that hides so much, one of holes.KINDS; None where that is not known."""
    needed = {name: registry.constant("baselines", name, "HIDDEN") for name in registry.names("baselines")}
    return [name for name, kinds in needed.items() if kinds is None or hides is None or hides in kinds]


def calibrated(name: str, hides: str | None) -> bool:
    """Tell whether a baseline is measured with the calibration as well; `hides` as of `fitting`."""
    kinds = registry.constant("baselines", name, "CALIBRATED")
    if kinds is None:
        return registry.constant("baselines", name, "HIDDEN") is not None
    return hides is None or hides in kinds
