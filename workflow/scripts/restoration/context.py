"""What inferences by gradient make of the visible pixels: how much each counts, and how the hole is joined to them.

Source: Yeh et al., "Semantic Image Inpainting with Deep Generative Models", 2017, arXiv:1607.07539: the weights of
equation 3, and the blending of section 3.4 (Perez, Gangnet and Blake, "Poisson image editing", 2003).
"""

import torch
from torch.nn import functional

SWEEPS, CHECK, SETTLED = 1000, 20, 1e-4  # Jacobi's iteration: at most; between two looks; the change that ends it


def weights(mask: torch.Tensor, window: int, near: float, far: float) -> torch.Tensor:
    """How much each pixel's value counts, float (B, 1, H, W): `far`, and `near` times the hidden share of the
    `window` x `window` pixels around it more; 0 where the pixel is hidden.

    Pixels near the hole say more of it, and a decoder that cannot fit all pixels at once shall fit those. Where an
    image is hidden as a whole, by noise, all its pixels count 1. mask: bool (B, 1, H, W), True where hidden;
    window: odd.
    """
    hidden = mask.float()
    around = functional.avg_pool2d(hidden, window, stride=1, padding=window // 2)
    counted = (far + near * around) * (1 - hidden)
    return torch.where(_whole(mask), torch.ones_like(counted), counted)


def blended(restored: torch.Tensor, corrupted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The restored image (B, C, H, W) with its error at the visible pixels taken off, and off the hidden ones the
    harmonic function that continues it: so the gradients in the hole are the restoration's (Poisson's equation), and
    its edge meets the visible pixels. An image that is hidden as a whole is left as it is.
    """
    cross = torch.tensor([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]])[None, None]
    neighbours = functional.conv2d(torch.ones_like(restored[:1, :1]), cross, padding=1)
    error = (corrupted - restored).masked_fill(mask, 0)
    rows = error.flatten(0, 1)[:, None]
    hidden = mask.expand_as(error).flatten(0, 1)[:, None]
    correction = rows
    for sweep in range(SWEEPS):
        before = correction
        correction = torch.where(hidden, functional.conv2d(correction, cross, padding=1) / neighbours, rows)
        if sweep % CHECK == 0 and (correction - before).abs().max() < SETTLED:
            break
    joined = (restored + correction.view_as(restored)).clamp(0, 1)
    return torch.where(_whole(mask), restored, joined)


def _whole(mask: torch.Tensor) -> torch.Tensor:
    return mask.flatten(1).all(dim=1)[:, None, None, None]
