"""Total variation denoising (Rudin, Osher and Fatemi, 1992) by the algorithm of Chambolle (2004, JMIV 20).

The same as scikit-image's `denoise_tv_chambolle`, for many images at once.
"""

import torch

from restoration.core.registry import NonNegativeFloat

HIDDEN = ["all"]
GRID = {"weight": [0.02, 0.03, 0.04, 0.055, 0.075, 0.1, 0.14, 0.19, 0.26, 0.36, 0.5]}
ITERATIONS, TOLERANCE, STEP = 200, 2e-4, 0.25


def restore(
    corrupted: torch.Tensor, mask: torch.Tensor, train_images: torch.Tensor, *, weight: NonNegativeFloat = 0.1
) -> torch.Tensor:
    """Denoise each channel by itself; the greater `weight`, the smoother."""
    height, width = corrupted.shape[2:]
    return denoise(corrupted.reshape(-1, height, width), max(weight, 1e-6)).reshape(corrupted.shape).clamp_(0, 1)


def denoise(images: torch.Tensor, weight: float) -> torch.Tensor:
    """Denoise (N, H, W). An image is done when its energy changes by less than TOLERANCE times its first energy."""
    result = torch.empty_like(images)
    running = torch.arange(len(images))
    dual = torch.zeros(2, *images.shape, dtype=images.dtype)
    first = before = torch.zeros(0)
    for iteration in range(ITERATIONS):
        divergence = -dual.sum(dim=0)
        divergence[:, 1:] += dual[0, :, :-1]
        divergence[:, :, 1:] += dual[1, :, :, :-1]
        denoised = images + divergence
        gradient = torch.zeros_like(dual)
        gradient[0, :, :-1] = denoised.diff(dim=1)
        gradient[1, :, :, :-1] = denoised.diff(dim=2)
        norm = gradient.square().sum(dim=0).sqrt_()
        energy = divergence.square().sum(dim=(1, 2)) + weight * norm.sum(dim=(1, 2))
        dual.sub_(gradient, alpha=STEP).div_(norm.mul_(STEP / weight).add_(1))
        if iteration == 0:
            first = energy
        done = (before - energy).abs() < TOLERANCE * first if iteration else torch.zeros_like(first, dtype=torch.bool)
        if done.any() or iteration == ITERATIONS - 1:
            result[running] = denoised
            going = ~done
            running, images, dual = running[going], images[going], dual[:, going]
            first, energy = first[going], energy[going]
        if not len(running):
            break
        before = energy
    return result
