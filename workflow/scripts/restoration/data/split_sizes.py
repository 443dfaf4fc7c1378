"""How many images a setting asks for that may be a number of them or a share of all."""

from collections.abc import Sequence

from restoration.core.errors import UserError, quoted

MOST, PART = 5000, 8  # validation images where the setting leaves it open: at most, and one of so many


def check(wanted: float, where: str) -> None:
    """Raises UserError, naming the key `where`, for what is neither a number of images nor a share."""
    if not isinstance(wanted, int) and not 0 < wanted < 1:
        raise UserError(f"{where}: {quoted(wanted)} is neither a whole number of images nor a share between 0 and 1")


def amount(wanted: float, count: int) -> int:
    """A whole number is taken as it is, another as a share of `count`."""
    return wanted if isinstance(wanted, int) else round(wanted * count)


def validation(wanted: float | None, count: int) -> int:
    """How many of `count` training images are set aside; None: MOST, or an eighth where that is less."""
    return min(MOST, round(count / PART)) if wanted is None else amount(wanted, count)


def spread(total: int, sizes: Sequence[int]) -> list[int]:
    """`total` in proportion to the sizes, by largest remainders; 1 at least of each, and 1 less than all of it at most.

    Raises ValueError where there is no such.
    """
    if not len(sizes) <= total <= sum(sizes) - len(sizes):
        raise ValueError(f"{total} of {len(sizes)} kinds, {sum(sizes)} in all")
    exact = [total * size / sum(sizes) for size in sizes]
    parts = [min(max(1, int(part)), size - 1) for part, size in zip(exact, sizes, strict=True)]
    while step := (sum(parts) < total) - (sum(parts) > total):
        movable = [at for at, part in enumerate(parts) if 1 <= part + step < sizes[at]]
        parts[max(movable, key=lambda at: step * (exact[at] - parts[at]))] += step
    return parts
