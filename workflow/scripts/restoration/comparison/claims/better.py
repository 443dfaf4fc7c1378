"""Some restorations are better than others: each of `better` than each of `than`, paired by image."""

import pandas as pd

from restoration.comparison.claim_inputs import Evidence
from restoration.comparison.claims import Comparison, Margin, NotTested, Outcome, conclude, counted, number
from restoration.comparison.interval_table import WAY
from restoration.config import selectors
from restoration.config.model_names import selector_text
from restoration.core.registry import Measure, Rows, Task
from restoration.evaluation import judging

NEEDS = ["intervals"]
CHOICES = {"output": ["raw", "pasted"], "region": ["whole", "hole"]}


def examine(
    evidence: Evidence,
    *,
    task: Task,
    better: Rows,
    than: Rows,
    without: Rows = (),
    measure: Measure = "mse",
    output: str = "raw",
    region: str = "whole",
    same_loss: bool = False,
) -> Outcome:
    """Test whether each of `better` is better than each of `than`; the figure is the difference, positive if it is.

    `than` leaves out `without` and what is in `better`; same_loss: compare only models with the same loss.
    """
    table, replicates = evidence.comparison(task)
    here = judging.Criterion(output, region, measure).rows(table)
    if here.empty:
        raise NotTested(f"the scores of {task} have no {measure}, {output}, {region}")
    sign = 1 if judging.HIGHER_IS_BETTER[measure] else -1

    def select(texts: Rows, must: bool = True) -> list[int]:
        chosen: list[int] = []
        for text in texts:
            found = _selected(here, selectors.read(text), sign > 0)
            if must and not found:
                raise NotTested(f"{task} has no {text}")
            chosen += [row for row in found if row not in chosen]
        return chosen

    def identity(row: int) -> tuple[str, ...]:
        variant, loss, method = here.loc[row, WAY]
        return (variant, loss) if variant else ("", "", method)

    claimed = select(better)
    apart = {identity(row) for row in [*claimed, *select(without, must=False)]}
    pairs = [
        (one, other)
        for one in claimed
        for other in select(than)
        if identity(other) not in apart and (not same_loss or here["loss"][one] == here["loss"][other])
    ]
    if not pairs:
        raise NotTested(f"{task} has nothing to compare {', '.join(better)} with")

    def name(row: int) -> str:
        variant, loss, method = here.loc[row, WAY]
        return f"{selector_text(variant, loss)} ({method})" if variant else method

    margins = [
        Margin(
            f"{name(one)} against {name(other)}",
            float(sign * (here["mean"][one] - here["mean"][other])),
            sign * (replicates[one] - replicates[other]),
            min((int(here["seeds"][row]) for row in (one, other) if here["seeds"][row]), default=0),
        )
        for one, other in pairs
    ]
    unit = judging.UNITS[measure]

    def tell(decisive: int, shown: Comparison) -> str:
        one, other = (f"{name(row)} {number(here['mean'][row])}" for row in pairs[decisive])
        by = f"{'worse' if shown.figure < 0 else 'better'} by {shown.turned()}"
        return f"{unit} {judging.REGIONS[region]} ({output}): {counted(margins)}{one}, {other}, {by}"

    return conclude(margins, tell, unit, images=int(here["images"].iloc[0]))


def _selected(table: pd.DataFrame, selector: selectors.Selector, higher_is_better: bool) -> list[int]:
    """Return the index of the selected rows; of a model without an inference, the row with the best mean."""
    models = table[[selector.has(*pair) for pair in zip(table["variant"], table["loss"], strict=True)]]
    if selector.method:
        return [row for row, method in models["method"].items() if selector.method in (selectors.ANY, method)]
    means = models.groupby(["variant", "loss"], sort=False)["mean"]
    return list(means.idxmax() if higher_is_better else means.idxmin())
