"""Kinds of test for a claim, one file each: `examine(evidence, *, <parameters>) -> Outcome`.

`evidence` is a `claim_inputs.Evidence`, which gives a kind the files that it asks for:

    NEEDS = ["intervals"]: what the kind reads, of intervals, history, validation, summary, metrics and latents
    CHOICES = {"region": ["whole", "hole"]}: the texts that a parameter may have, where there are few
    CLASSES = True: the kind needs the images' classes, and is left out for images without labels
    EVERY_TASK = True: the kind's task may be '*', all tasks
    MODELS_ALONE = True: the kind's rows are models by variant and loss, without an inference, and no baselines

The keyword-only arguments are the test's keys in the claims file. Each is annotated with one of `registry`'s types: a
task as `Task`, a measure as `Measure`, models and baselines as `Rows`, which are checked before anything runs. A kind
raises `NotTested` for what the configuration does not have.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from restoration.comparison import bootstrap

SUPPORTED, NOT_SUPPORTED, UNDECIDED, NOT_TESTED = VERDICTS = ("supported", "not supported", "undecided", "not tested")
WEIGHT = (NOT_SUPPORTED, UNDECIDED, NOT_TESTED, SUPPORTED)  # the first that several tests have is the claim's


class NotTested(Exception):
    """The results do not have what a test asks for; the message says what."""


class Margin(NamedTuple):
    """A comparison's margin: positive if it speaks for the claim, negative if against it.

    replicates: the resampled margins, (R,); None where nothing can be resampled, as with a figure of a single seed.
    seeds: the smaller number of seeds of the two sides, 0 where nothing was trained.
    """

    name: str
    margin: float
    replicates: np.ndarray | None
    seeds: int


class Comparison(NamedTuple):
    """A margin as it is shown; low and high are None without an interval."""

    name: str
    figure: float
    low: float | None
    high: float | None
    seeds: int
    verdict: str

    def __str__(self) -> str:
        ends = [number(bound) for bound in (self.low, self.high) if bound is not None]
        return f"{number(self.figure)} [{', '.join(ends) or 'no interval'}]"

    def turned(self) -> "Comparison":
        """Return the same comparison with a figure that is not negative."""
        if self.figure >= 0:
            return self
        low, high = (None if bound is None else -bound for bound in (self.high, self.low))
        return self._replace(figure=-self.figure, low=low, high=high)


@dataclass(frozen=True)
class Outcome:
    """A test's answer. finding: one sentence with figures; figure, low, high, seeds: of the decisive comparison, whose
    interval is held against `threshold`; details: every comparison.
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


def decide(margins: Sequence[Margin], threshold: float = 0.0) -> tuple[int, list[Comparison]]:
    """Return the index of the decisive margin, whose verdict is the claim's, and all margins as they are shown.

    Supported: the intervals of all margins are above 0. As all must be, no correction for their number is needed
    (intersection-union test, Berger, 1982, Technometrics 24(4)). Not supported: the interval of at least one margin is
    below 0 at the Bonferroni level, which corrects for choosing one of many; `wider` computes it from the 95 %
    interval. Otherwise undecided. Decisive is the smallest margin among those with the claim's verdict.
    """
    shown = []
    for name, margin, replicates, seeds in margins:
        verdict = UNDECIDED
        ends: tuple[float | None, float | None] = (None, None)
        if replicates is not None:
            low, high = map(float, bootstrap.interval(replicates))
            against = margin + wider(len(margins), seeds) * (high - margin) < 0
            verdict = SUPPORTED if low > 0 else NOT_SUPPORTED if against else UNDECIDED
            ends = threshold + low, threshold + high
        shown.append(Comparison(name, threshold + margin, *ends, seeds, verdict))
    verdict = overall([comparison.verdict for comparison in shown])
    deciding = [number for number, comparison in enumerate(shown) if comparison.verdict == verdict]
    return min(deciding, key=lambda number: margins[number].margin), shown


def wider(comparisons: int, seeds: int) -> float:
    """Return the factor from half a 95 % interval to half an interval at the Bonferroni level.

    With m comparisons: q(0.025 / m) / q(0.025), where q is the upper quantile of Student's distribution with several
    seeds (`bootstrap` has widened these intervals to Student's), and of the normal distribution otherwise. With three
    seeds and twelve comparisons the factor is 3.6, against 1.5 by normal quantiles. Where images vary and seeds do not,
    the factor is too large, and a claim is rejected less often than possible.
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
    """Return the outcome of margins that must all be above 0; threshold + margin is shown.

    tell: makes the sentence of the finding, from the index of the decisive margin and its comparison.
    """
    decisive, details = decide(margins, threshold)
    shown = details[decisive]
    finding = tell(decisive, shown) + ("; of one seed alone." if shown.seeds == 1 else ".")
    finding, rows = finding[0].upper() + finding[1:], [detail._asdict() for detail in details]
    _, figure, low, high, seeds, verdict = shown
    return Outcome(verdict, finding, figure, low, high, threshold, unit, seeds, images, rows)


def overall(verdicts: Sequence[str]) -> str:
    """Return the verdict on a claim that all of several tests must support."""
    return next(word for word in WEIGHT if word in verdicts)


def number(value: float) -> str:
    """Write three digits: 0.0716, 12.3, 390."""
    return f"{value:#.3g}".rstrip(".")


def counted(margins: Sequence[Margin]) -> str:
    """Begin a finding: '5 of 12 comparisons speak for it; the decisive: '; with nothing for a single margin."""
    if len(margins) == 1:
        return ""
    return f"{sum(margin.margin > 0 for margin in margins)} of {len(margins)} comparisons speak for it; the decisive: "
