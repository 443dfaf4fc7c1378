"""Kinds of test that a claim can be put to, one file each: `examine(evidence, *, <parameters>) -> Outcome`.

`evidence` is an `claim_inputs.Evidence`, of which a kind gets what it asks for:

    NEEDS = ["intervals"]: of intervals, history, validation, summary, metrics and latents, those that it reads
    CHOICES = {"region": ["whole", "hole"]}: the texts that a parameter may have, where it has few
    CLASSES = True: it asks for the images' classes, and is left out where they have none
    EVERY_TASK = True: its task may be '*', all of them
    MODELS_ALONE = True: its rows are models by variant and loss, without an inference, and no baselines

The keyword-only arguments are the test's keys in the claims file, each annotated with one of `registry.TYPES`; a task
as `Task`, a measure as `Measure`, models and baselines as `Rows`, which are then checked before anything runs. What the
configuration does not have raises `NotTested`.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from restoration.comparison import bootstrap

SUPPORTED, NOT_SUPPORTED, UNDECIDED, NOT_TESTED = VERDICTS = ("supported", "not supported", "undecided", "not tested")
WEIGHT = (
    NOT_SUPPORTED,
    UNDECIDED,
    NOT_TESTED,
    SUPPORTED,
)  # of several tests' verdicts the first of these is the claim's


class NotTested(Exception):
    """What a test asks for is not in the configuration or the results; the message says what."""


class Margin(NamedTuple):
    """How far one comparison speaks for the claim: positive for it, negative against it.

    replicates: (R,), the resampled margins; None where there is nothing to resample, as of a figure of a single seed.
    seeds: the least number of seeds behind it, 0 where nothing was trained.
    """

    name: str
    margin: float
    replicates: np.ndarray | None
    seeds: int


class Bounds(NamedTuple):
    """One margin's interval and what it says."""

    low: float | None
    high: float | None
    verdict: str


class Comparison(NamedTuple):
    """What is shown of a margin; low and high are None where it has no interval."""

    name: str
    figure: float
    low: float | None
    high: float | None
    seeds: int
    verdict: str

    def __str__(self) -> str:
        interval = (
            "no interval" if self.low is None or self.high is None else f"{number(self.low)}, {number(self.high)}"
        )
        return f"{number(self.figure)} [{interval}]"

    def turned(self) -> "Comparison":
        """The same with a figure that is not negative."""
        if self.figure >= 0:
            return self
        low, high = (None if bound is None else -bound for bound in (self.high, self.low))
        return self._replace(figure=-self.figure, low=low, high=high)


@dataclass(frozen=True)
class Outcome:
    """A test's answer. `finding`: one sentence with figures; `figure`, `low`, `high`: of the decisive comparison, whose
    interval is held against `threshold`, and `seeds`: as of a Margin; `details`: every comparison.
    """

    verdict: str
    finding: str
    figure: float | None = None
    low: float | None = None
    high: float | None = None
    threshold: float = 0.0
    unit: str = ""
    seeds: int = 0
    images: int = 0
    details: Sequence[Mapping[str, Any]] = ()


def decide(margins: Sequence[Margin]) -> tuple[int, list[Bounds]]:
    """Which margin decides on a claim that all of them must support, and what each says; its verdict is the claim's.

    Supported if every interval lies above 0; not supported if one lies below it; undecided otherwise. That all hold
    needs no correction for their number (Berger, 1982, Technometrics 24(4), intersection-union tests). That one of many
    does not, does: below 0 must be an interval at the Bonferroni level, which `wider` makes of the 95 % one.
    """
    bounds = []
    for margin in margins:
        if margin.replicates is None:
            bounds.append(Bounds(None, None, UNDECIDED))
            continue
        low, high = map(float, bootstrap.interval(margin.replicates))
        against = margin.margin + wider(len(margins), margin.seeds) * (high - margin.margin) < 0
        bounds.append(Bounds(low, high, SUPPORTED if low > 0 else NOT_SUPPORTED if against else UNDECIDED))
    verdict = overall([bound.verdict for bound in bounds])
    deciding = [number for number, bound in enumerate(bounds) if bound.verdict == verdict]
    return min(deciding, key=lambda number: margins[number].margin), bounds


def wider(comparisons: int, seeds: int) -> float:
    """What an interval's half is multiplied with to have the Bonferroni level of so many comparisons.

    The ratio of Student's quantiles where there are several seeds, for which `bootstrap` has made the interval as wide
    as his: of three seeds and twelve comparisons, 3.6 where a normal one's is 1.5. It is too much where images vary and
    seeds do not: a claim is then rejected less often than it might be.
    """
    from scipy import stats

    tail = (1 - bootstrap.LEVEL) / 2
    quantile = functools.partial(stats.t.isf, df=seeds - 1) if seeds > 1 else stats.norm.isf
    return float(quantile(tail / comparisons) / quantile(tail))


def conclude(
    margins: Sequence[Margin],
    tell: Callable[[int, Comparison], str],
    unit: str,
    images: int = 0,
    threshold: float = 0.0,
) -> Outcome:
    """The outcome of margins that must all be above 0; what is shown is threshold + margin.

    tell: from the number of the decisive margin, and what is shown of it, to the sentence of the finding.
    """
    decisive, bounds = decide(margins)
    details = [
        Comparison(
            margin.name,
            threshold + margin.margin,
            None if bound.low is None else threshold + bound.low,
            None if bound.high is None else threshold + bound.high,
            margin.seeds,
            bound.verdict,
        )
        for margin, bound in zip(margins, bounds, strict=True)
    ]
    shown = details[decisive]
    finding = tell(decisive, shown) + ("; of one seed alone." if shown.seeds == 1 else ".")
    return Outcome(
        shown.verdict,
        finding[0].upper() + finding[1:],
        shown.figure,
        shown.low,
        shown.high,
        threshold,
        unit,
        shown.seeds,
        images,
        [detail._asdict() for detail in details],
    )


def overall(verdicts: Sequence[str]) -> str:
    """The verdict on a claim that is put to several tests, all of which must support it."""
    return next(word for word in WEIGHT if word in verdicts)


def number(value: float) -> str:
    """Three digits: 0.0716, 12.3, 390."""
    return f"{value:#.3g}".rstrip(".")


def counted(margins: Sequence[Margin]) -> str:
    """'5 of 12 comparisons speak for it; the decisive: ', to begin with; nothing where there is only one."""
    if len(margins) == 1:
        return ""
    return f"{sum(margin.margin > 0 for margin in margins)} of {len(margins)} comparisons speak for it; the decisive: "
