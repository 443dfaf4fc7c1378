"""Cycle spinning: restore the image at several shifts, shift the restorations back, and take their mean.

Coifman and Donoho, "Translation-Invariant De-Noising", 1995. A network's output depends on where the image lies on the
grids at which the network halves the resolution. Errors that differ from shift to shift cancel in part.
"""

import torch

from restoration.core.registry import PositiveInt
from restoration.models.model_file import Model


def restore(
    model: Model,
    corrupted: torch.Tensor,
    mask: torch.Tensor,
    condition: torch.Tensor | None,
    generator: torch.Generator,
    *,
    reach: PositiveInt = 1,
) -> torch.Tensor:
    """Average over all cyclic shifts by up to `reach` pixels down, up, right and left: (B, C, H, W) to the same."""
    total = torch.zeros_like(corrupted)
    moves = range(-reach, reach + 1)
    for shift in ((rows, columns) for rows in moves for columns in moves):
        image, hidden = (torch.roll(values, shift, dims=(2, 3)) for values in (corrupted, mask))
        seen = condition
        if model.variant.condition not in ("none", "label"):  # the others are images, and are shifted too
            seen = model.variant.granted(image, hidden, torch.zeros(0), model.classes)
        restored = model.loss.image(model.network.restore(image, seen))
        total += torch.roll(restored, (-shift[0], -shift[1]), dims=(2, 3))
    return total / len(moves) ** 2
