"""Biharmonic inpainting (Damelin and Hoang, 2018): the image's squared Laplacian is 0 at hidden pixels.

The same as scikit-image's `inpaint_biharmonic`, with one linear system for all images that share a mask.
"""

from functools import cache

import torch
from scipy import sparse
from scipy.sparse import linalg

HIDDEN = ["some"]
DENSE = 1500  # hidden pixels up to which a dense system is faster


def restore(corrupted: torch.Tensor, mask: torch.Tensor, train_images: torch.Tensor) -> torch.Tensor:
    """Fill in hidden pixels within the range of the channel's visible ones; where nothing is visible, with 0."""
    batch, channels, height, width = corrupted.shape
    columns, weights = squared_laplacian(height, width)
    images = corrupted.flatten(2).double()
    restored = torch.zeros_like(images)
    masks, members = mask.flatten(1).unique(dim=0, return_inverse=True)
    for number, hidden in enumerate(masks):
        if hidden.all():
            continue
        rows = (members == number).nonzero().squeeze(1)
        group = images[rows]
        if hidden.any():
            known = group[..., ~hidden]
            near, weight = columns[hidden], weights[hidden]
            group[..., hidden] = 0
            right = -(group[..., near] * weight).sum(dim=-1).flatten(0, 1)
            filled = solve(hidden, near, weight, right).unflatten(0, (len(rows), channels))
            group[..., hidden] = filled.clamp(known.amin(dim=2, keepdim=True), known.amax(dim=2, keepdim=True))
        restored[rows] = group
    return restored.float().reshape(batch, channels, height, width)


def solve(hidden: torch.Tensor, near: torch.Tensor, weight: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Solve for the hidden pixels x, (images, N): weight times x, summed over hidden pixels of `near`, is `right`.

    right: (images, N); hidden: bool (pixels,), N of them true; near, weight: (N, K), as `squared_laplacian` returns
    them.
    """
    count = len(near)
    place = hidden.cumsum(0) - 1
    line, entry = hidden[near].nonzero(as_tuple=True)
    at, values = place[near[line, entry]], weight[line, entry]
    if count <= DENSE:
        matrix = torch.zeros(count, count, dtype=torch.float64).index_put_((line, at), values, accumulate=True)
        return torch.cholesky_solve(right.T, torch.linalg.cholesky(matrix)).T
    matrix = sparse.csc_array((values.numpy(), (line.numpy(), at.numpy())), shape=(count, count))
    return torch.from_numpy(linalg.splu(matrix).solve(right.T.contiguous().numpy())).T


@cache
def squared_laplacian(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the squared Laplacian of an image that is mirrored at its edges.

    For each pixel, the pixels that it adds up, int64 (H W, K), and their weights, float64 (H W, K); where there are
    fewer than K, the rest has the weight 0.
    """
    eye, differences = sparse.identity, second_difference
    laplacian = sparse.kron(differences(height), eye(width)) + sparse.kron(eye(height), differences(width))
    operator = (laplacian @ laplacian).tocsr()
    counts = torch.from_numpy(operator.indptr).long().diff()
    filled = torch.arange(int(counts.max())) < counts[:, None]
    columns, weights = torch.zeros(filled.shape, dtype=torch.int64), torch.zeros(filled.shape, dtype=torch.float64)
    columns[filled] = torch.from_numpy(operator.indices).long()
    weights[filled] = torch.from_numpy(operator.data)
    return columns, weights


def second_difference(size: int) -> sparse.dia_array:
    """Return x[i - 1] - 2 x[i] + x[i + 1] along one axis, mirrored at both ends: (size, size)."""
    middle = [-1.0, *[-2.0] * (size - 2), -1.0]
    return sparse.diags_array([[1.0] * (size - 1), middle, [1.0] * (size - 1)], offsets=(-1, 0, 1))
