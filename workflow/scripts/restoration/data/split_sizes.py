"""Sizes of splits, which a setting gives as a number of images or as a share of all."""

from collections.abc import Sequence

MOST, PART = 5000, 8  # validation images by default: at most so many, and one in so many


def amount(wanted: float, count: int) -> int:
    """Return a whole number as it is, and another number as a share of `count`."""
    return wanted if isinstance(wanted, int) else round(wanted * count)


def validation(wanted: float | None, count: int) -> int:
    """Return how many of `count` training images are set aside; None stands for MOST, or an eighth if less."""
    return min(MOST, round(count / PART)) if wanted is None else amount(wanted, count)


def spread(total: int, sizes: Sequence[int]) -> list[int]:
    """Divide `total` in proportion to the sizes, each part from 1 to size - 1. Raises ValueError if impossible."""
    if not len(sizes) <= total <= sum(sizes) - len(sizes):
        raise ValueError(f"{total} cannot be divided over {len(sizes)} classes of {sum(sizes)} images")
    exact = [total * size / sum(sizes) for size in sizes]
    parts = [min(max(1, int(part)), size - 1) for part, size in zip(exact, sizes, strict=True)]
    while step := (sum(parts) < total) - (sum(parts) > total):
        movable = [at for at, part in enumerate(parts) if 1 <= part + step < sizes[at]]
        parts[max(movable, key=lambda at: step * (exact[at] - parts[at]))] += step
    return parts
