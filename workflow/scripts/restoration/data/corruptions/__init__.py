"""Corruptions, one file each: `corrupt(images, generator, *, <parameters>) -> (corrupted, mask)`.

`images` is float (B, C, H, W) in [0, 1] and is not changed; `corrupted` has its shape and range; `mask` is bool
(B, 1, H, W), True where the pixel's value is lost. All randomness comes from `generator`. The keyword-only arguments
are the keys of a task's `corruption` in the configuration, each annotated with one of `registry.TYPES`: a length in
pixels as `Pixels`, which is checked against the images' size before anything runs. A value that cannot be raises
ValueError.

    HIDES = "none", "some" or "all": which pixels of an image it hides. It spares a task the baselines that are for
    others; left out, they are sorted out by the masks.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from restoration.core import registry

Corrupt = Callable[[torch.Tensor, torch.Generator], tuple[torch.Tensor, torch.Tensor]]


def build(settings: Mapping[str, Any]) -> Corrupt:
    """The corruption that `settings` names, with its parameters, as a function of images and generator."""
    parameters = {key: value for key, value in settings.items() if key != "name"}
    return partial(registry.load("corruptions", settings["name"]).corrupt, **parameters)
