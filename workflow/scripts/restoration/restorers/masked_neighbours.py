"""The training images nearest to an image, by its visible pixels."""

import hashlib
from collections.abc import MutableMapping

import torch
from torch.utils.weak import WeakTensorKeyDictionary

from restoration.data.holes import informative
from restoration.models.linear import linear

CHUNK = 5000 * 784  # values of training images that are compared at once, which bounds the memory
FOUND = 50  # neighbours that each search finds at least, because later calls may ask for more than the first

# The cache: training images to the results of queries. An entry ends with its training images.
_found: MutableMapping[torch.Tensor, dict[bytes, tuple[torch.Tensor, torch.Tensor]]] = WeakTensorKeyDictionary()


def nearest(
    images: torch.Tensor, mask: torch.Tensor, train_images: torch.Tensor, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Find the `count` training images, or all, with the least squared distance to each image.

    Distances are summed over an image's visible pixels, or over all pixels where none is visible, as under noise.
    Returns the distances and the training images' indices, each (B, count), nearest first.

    images: float (B, C, H, W); mask: bool (B, 1, H, W), True where hidden; train_images: uint8 (N, C, H, W), which must
    not change. Results are cached, 12 bytes a neighbour, until `train_images` is deleted.
    """
    asked = hashlib.sha256(images.numpy().tobytes() + mask.numpy().tobytes()).digest()
    known = _found.setdefault(train_images, {})
    if asked not in known or known[asked][0].shape[1] < min(count, len(train_images)):
        known[asked] = _search(images, mask, train_images, max(count, FOUND))
    distances, indices = known[asked]
    return distances[:, :count], indices[:, :count]


def _search(
    images: torch.Tensor, mask: torch.Tensor, train_images: torch.Tensor, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute what `nearest` returns."""
    seen = informative(mask).expand_as(images).flatten(1)
    alike = bool((seen == seen[0]).all())
    columns = seen[0].nonzero().squeeze(1) if alike else torch.arange(seen.shape[1])
    pixels = images.flatten(1).where(seen, 0)[:, columns]
    # |m (x - t)|^2 = |m x|^2 - 2 (m x) t + m t^2, a matrix product; where all masks m are alike, m t^2 is a number.
    query = -2 * pixels if alike else torch.cat([-2 * pixels, seen.float()], dim=1)
    least = torch.empty(len(images), 0)
    indices = torch.empty(len(images), 0, dtype=torch.int64)
    together = max(1, CHUNK // train_images[0].numel())
    for start in range(0, len(train_images), together):
        train = train_images[start : start + together].flatten(1)[:, columns].float().div_(255)
        if alike:
            distances = linear(query, train, train.square().sum(dim=1))
        else:
            distances = linear(query, torch.cat([train, train.square()], dim=1))
        few = distances.topk(min(count, len(train)), dim=1, largest=False)
        least, indices = torch.cat([least, few.values], dim=1), torch.cat([indices, few.indices + start], dim=1)
        least, order = least.topk(min(count, least.shape[1]), dim=1, largest=False)
        indices = indices.gather(1, order)
    return (least + pixels.square().sum(dim=1, keepdim=True)).clamp_(min=0), indices
