"""Which training images look like an image, as far as it can be seen."""

import hashlib
from collections.abc import MutableMapping

import torch
from torch.utils.weak import WeakTensorKeyDictionary

from restoration.data.holes import telling
from restoration.models.linear import linear

CHUNK = 5000 * 784  # values of training images compared at once: what is held besides them stays small
FOUND = 50  # neighbours that are looked for in any case: baselines and their parameters ask for more and fewer of them

# Of training images, by what was asked of them: the search is what takes time. It goes when they go.
_found: MutableMapping[torch.Tensor, dict[bytes, tuple[torch.Tensor, torch.Tensor]]] = WeakTensorKeyDictionary()


def nearest(
    images: torch.Tensor, mask: torch.Tensor, train_images: torch.Tensor, count: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The `count` (or all, where there are fewer) training images with the least squared distance to each image,
    summed over its visible pixels; over all pixels where none is visible, as under noise. Two (B, count), nearest
    first: the distances, and the images' indices.

    images: float (B, C, H, W); mask: bool (B, 1, H, W), True where hidden; train_images: uint8 (N, C, H, W), which do
    not change while they are searched. What was found is kept, 12 bytes a neighbour.
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
    """What `nearest` returns."""
    seen = telling(mask).expand_as(images).flatten(1)
    alike = bool((seen == seen[0]).all())
    columns = seen[0].nonzero().squeeze(1) if alike else torch.arange(seen.shape[1])
    pixels = images.flatten(1).where(seen, 0)[:, columns]
    # |m (x - t)|^2 = |m x|^2 - 2 (m x) t + m t^2, a matrix product; m t^2 is one number for t where all m are alike.
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
