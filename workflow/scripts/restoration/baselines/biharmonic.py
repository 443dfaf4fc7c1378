"""Biharmonic inpainting (Damelin and Hoang, 2018): the hidden pixels at which the squared Laplacian of the image is 0.

What scikit-image's `inpaint_biharmonic` does, with one linear system for all images that share a mask.
"""

from functools import cache

import torch

HIDDEN = ["some"]


def restore(corrupted: torch.Tensor, mask: torch.Tensor, train_images: torch.Tensor) -> torch.Tensor:
    """Hidden pixels stay between the least and the greatest visible ones of the image's channel; where nothing is
    visible, they are 0.
    """
    batch, channels, height, width = corrupted.shape
    operator = squared_laplacian(height, width)
    images = corrupted.flatten(2).double()
    restored = torch.zeros_like(images)
    masks, members = mask.flatten(1).unique(dim=0, return_inverse=True)
    for number, hidden in enumerate(masks):
        if hidden.all():
            continue
        rows = (members == number).nonzero().squeeze(1)
        group = images[rows]
        known = group[..., ~hidden]
        if hidden.any():
            right = -operator[hidden][:, ~hidden] @ known.flatten(0, 1).T
            factor = torch.linalg.cholesky(operator[hidden][:, hidden])
            filled = torch.cholesky_solve(right, factor).T.reshape(len(rows), channels, -1)
            group[..., hidden] = filled.clamp(known.amin(dim=2, keepdim=True), known.amax(dim=2, keepdim=True))
        restored[rows] = group
    return restored.float().reshape(batch, channels, height, width)


@cache
def squared_laplacian(height: int, width: int) -> torch.Tensor:
    """Of an image mirrored at its edges, as a matrix: float64 (H W, H W), symmetric."""
    laplacian = torch.kron(second_difference(height), torch.eye(width, dtype=torch.float64)) + torch.kron(
        torch.eye(height, dtype=torch.float64), second_difference(width)
    )
    return laplacian @ laplacian


def second_difference(size: int) -> torch.Tensor:
    """x[i - 1] - 2 x[i] + x[i + 1] along one axis, mirrored at both ends: (size, size)."""
    neighbours = torch.ones(size - 1, dtype=torch.float64)
    matrix = torch.diag(neighbours, 1) + torch.diag(neighbours, -1)
    return matrix - torch.diag(matrix.sum(dim=1))
