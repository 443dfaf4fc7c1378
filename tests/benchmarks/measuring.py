"""Contenders measured side by side, and what is made of their times."""

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple


class Options(NamedTuple):
    """repeats: of each contender, None for the benchmark's own number; quick: as little work as shows that it runs;
    mnist: the folder of MNIST's IDX files, None where there is none.
    """

    repeats: int | None = None
    quick: bool = False
    mnist: Path | None = None

    def times(self, full: int, quick: int) -> int:
        return self.repeats or (quick if self.quick else full)


class Line(NamedTuple):
    """A row of the table at the root: what is measured, against what, and the figure."""

    what: str
    against: str
    figure: str


class Measurement(NamedTuple):
    """The values of one contender in one case, one a repeat. Numbers that are no times have one value."""

    case: str
    contender: str
    unit: str
    values: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.values)


def nothing() -> None:
    """Wait for nothing: for devices that work in step with Python."""


def interleaved(
    contenders: Mapping[str, Callable[[], object]],
    repeats: int,
    clock: Callable[[], float] = time.process_time,
    wait: Callable[[], None] = nothing,
) -> dict[str, list[float]]:
    """Time contenders by turns, each round another one first; return seconds. A first round is not counted.

    clock: CPU seconds of this process, which are those of the wall clock where nothing else wants the processor, and
    are the same, but for the cache, where something does; for other devices `time.perf_counter`.
    wait: until all that was asked of the device is done.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(-1, repeats):
        first = max(number, 0) % len(names)
        for name in names[first:] + names[:first]:
            wait()
            start = clock()
            contenders[name]()
            wait()
            if number >= 0:
                seconds[name].append(clock() - start)
    return seconds


def repeated(act: Callable[[], object], count: int) -> Callable[[], None]:
    """Return a function that calls `act` `count` times: for what is too short to be timed alone."""

    def acts() -> None:
        for _ in range(count):
            act()

    return acts


def found(measurements: Iterable[Measurement], case: str, contender: str) -> Measurement:
    """Return the measurement of a contender in a case. Raises KeyError if there is none."""
    for one in measurements:
        if (one.case, one.contender) == (case, contender):
            return one
    raise KeyError(f"{case}: {contender}")


def ratio(measurements: Iterable[Measurement], case: str, one: str, other: str) -> float:
    """Divide the median of `one` by that of `other`."""
    measurements = list(measurements)
    return found(measurements, case, one).median / found(measurements, case, other).median


def cases(measurements: Iterable[Measurement]) -> list[str]:
    return list(dict.fromkeys(one.case for one in measurements))


def spread(values: Iterable[float]) -> str:
    """Return the least and the most of several ratios, or one text if they are the same."""
    texts = [f"{value:.2f}" for value in sorted(values)]
    return texts[0] if texts[0] == texts[-1] else f"{texts[0]} to {texts[-1]}"


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
