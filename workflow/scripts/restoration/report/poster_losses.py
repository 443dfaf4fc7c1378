"""What the source's lineage published: the average test losses of its models.

Source: the poster of 2017 that the source's inpainting part follows (MNIST, a 6 x 6 hole on a stroke), its table of
average test losses. Which statistic they are is not said there; that it is the loss of one draw of the prior over the
visible pixels was found by trying (`diagnostics.prior_draw`).
"""

from collections.abc import Mapping
from typing import Any

WHENCE = "Published: the average test losses on the poster of 2017 that the inpainting part of the source follows."
CORRUPTION = {"name": "stroke_hole", "size": 6}
LOSSES = {
    ("vae", "bce"): 389.39,
    ("vae_incomplete", "bce"): 339.48,
    ("cvae_label", "bce"): 250.29,
    ("cvae_incomplete", "bce"): 50.34,
    ("vae", "mse"): 67.36,
    ("vae_incomplete", "mse"): 65.12,
    ("cvae_label", "mse"): 49.32,
    ("cvae_incomplete", "mse"): 2.93,
}


def published(dataset: str, corruption: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    """Variant and loss to the published figure; none where data or hole are not the poster's."""
    return LOSSES if dataset == "mnist" and dict(corruption) == CORRUPTION else {}
