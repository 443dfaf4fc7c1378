"""Some restorations are better than others: each of `better` than each of `than`, image by image."""

from restoration.comparison.claim_inputs import Evidence
from restoration.comparison.claims import Comparison, Margin, NotTested, Outcome, conclude, counted, number
from restoration.config import selectors
from restoration.core.registry import Measure, Rows, Task
from restoration.evaluation import measure_properties

NEEDS = ["intervals"]
CHOICES = {"output": ["raw", "pasted"], "region": ["whole", "hole"]}
WHERE = {"whole": "over the whole image", "hole": "inside the hole"}


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
    """The figure is the difference in favour of `better`, positive where it is better, paired by image.

    `than`, less `without` and less what is in `better`; same_loss: only models of one loss are compared.
    """
    table, replicates = evidence.comparison(task)
    here = table[(table["output"] == output) & (table["region"] == region) & (table["measure"] == measure)]
    if here.empty:
        raise NotTested(f"the scores of {task} have no {measure}, {output}, {region}")
    sign = 1 if measure_properties.HIGHER_IS_BETTER[measure] else -1

    def select(texts: Rows, must: bool = True) -> list[int]:
        chosen: list[int] = []
        for text in texts:
            found = selectors.rows(here, selectors.read(text), sign > 0)
            if must and not found:
                raise NotTested(f"{task} has no {text}")
            chosen += [row for row in found if row not in chosen]
        return chosen

    def identity(row: int) -> tuple[str, ...]:
        entry = here.loc[row]
        return (entry["variant"], entry["loss"]) if entry["variant"] else ("", "", entry["method"])

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
        entry = here.loc[row]
        return f"{entry['variant']}/{entry['loss']} ({entry['method']})" if entry["variant"] else entry["method"]

    margins = [
        Margin(
            f"{name(one)} against {name(other)}",
            float(sign * (here["mean"][one] - here["mean"][other])),
            sign * (replicates[one] - replicates[other]),
            min((int(here["seeds"][row]) for row in (one, other) if here["seeds"][row]), default=0),
        )
        for one, other in pairs
    ]
    unit = measure_properties.UNITS[measure]

    def tell(decisive: int, shown: Comparison) -> str:
        one, other = (f"{name(row)} {number(here['mean'][row])}" for row in pairs[decisive])
        by = f"{'worse' if shown.figure < 0 else 'better'} by {shown.turned()}"
        return f"{unit} {WHERE[region]} ({output}): {counted(margins)}{one}, {other}, {by}"

    return conclude(margins, tell, unit, images=int(here["images"].iloc[0]))
