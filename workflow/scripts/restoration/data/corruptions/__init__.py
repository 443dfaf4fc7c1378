"""Corruptions, one file each: `corrupt(images, generator, *, <parameters>) -> (corrupted, mask)`.

`images` is float (B, C, H, W) in [0, 1] and must not change; `corrupted` has the same shape and range; `mask` is bool
(B, 1, H, W), True where the pixel's value is lost. All randomness comes from `generator`. The keyword-only arguments
are the keys of a task's `corruption` in the configuration, each annotated with one of `registry`'s types. A length in
pixels is annotated as `Pixels`, and checked against the images' size before anything runs. An impossible value raises
ValueError.

    HIDES = "none", "some" or "all": which pixels of an image the corruption hides. A task then gets only the baselines
    that fit. Left out, the masks decide, once they are made.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from restoration.core import registry

Corrupt = Callable[[torch.Tensor, torch.Generator], tuple[torch.Tensor, torch.Tensor]]


def build(settings: Mapping[str, Any]) -> Corrupt:
    """Return the corruption that `settings` names, with its parameters, as a function of images and generator."""
    parameters = {key: value for key, value in settings.items() if key != "name"}
    return partial(registry.load("corruptions", settings["name"]).corrupt, **parameters)
