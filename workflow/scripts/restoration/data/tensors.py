"""Stored images (uint8) as batches of float tensors in [0, 1]."""

from collections.abc import Iterator

import numpy as np
import torch

from restoration.data.device import on_device

BATCH = 1000  # images: enough to keep the CPU busy, few enough to stay in its cache


def as_float(images: np.ndarray) -> torch.Tensor:
    """Turn uint8 into float in [0, 1], same shape."""
    return on_device(images).float().div_(255)


def as_uint8(images: np.ndarray) -> np.ndarray:
    """Turn float in [0, 1] into uint8, same shape."""
    return np.round(images * 255).astype(np.uint8)


def batches(*arrays: np.ndarray) -> Iterator[tuple[torch.Tensor, ...]]:
    """Yield BATCH rows of the arrays at a time, side by side; uint8 becomes float in [0, 1]."""
    for start in range(0, len(arrays[0]), BATCH):
        rows = [array[start : start + BATCH] for array in arrays]
        yield tuple(as_float(row) if row.dtype == np.uint8 else on_device(row) for row in rows)
