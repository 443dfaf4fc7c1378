"""Some models have the lowest loss of a task: each of `models` a lower one than each of the others.

The losses are taken as they are, each model's by its own: those of BCE and of MSE have different scales.
"""

import numpy as np

from restoration import bootstrap, selection
from restoration.claims import Margin, NotTested, Outcome, conclude, counted, number
from restoration.evidence import Evidence, Name
from restoration.evidence import number as read_number
from restoration.identity import derived_seed
from restoration.registry import Rows, Task

NEEDS = ["summary", "metrics"]
CHOICES = {"quantity": ["training", "test", "prior_draw"]}
PLACES = {
    "training": ("summary", ("train", "objective"), "training loss, mean of the last epoch"),
    "test": ("metrics", ("test", "objective"), "test loss"),
    "prior_draw": ("metrics", ("prior_draw", "visible"), "loss of one draw of the prior over the visible pixels"),
}


def examine(evidence: Evidence, *, task: Task, models: Rows, quantity: str = "training") -> Outcome:
    """The figure is how much lower the loss is, positive where it is; its interval covers the seeds."""
    need, keys, words = PLACES[quantity]
    losses = {
        name: np.array([read_number(path, *keys) for path in paths])
        for name, paths in evidence.of_models(need, task).items()
    }
    resampled = {name: _replicates(name, values) for name, values in losses.items()}
    selectors = [selection.read(text) for text in models]
    for text, selector in zip(models, selectors, strict=True):
        if not any(selector.has(name.variant, name.loss) for name in losses):
            raise NotTested(f"{task} has no {text}")
    claimed = [name for name in losses if any(selector.has(name.variant, name.loss) for selector in selectors)]
    pairs = [(one, other) for one in claimed for other in losses if other not in claimed]
    if not pairs:
        raise NotTested(f"{task} has no other models to compare with")
    margins = []
    for one, other in pairs:
        seeds = min(len(losses[one]), len(losses[other]))
        margin = float(losses[other].mean() - losses[one].mean())
        title = f"{one.variant}/{one.loss} against {other.variant}/{other.loss}"
        margins.append(Margin(title, margin, resampled[other] - resampled[one] if seeds > 1 else None, seeds))

    def tell(decisive: int, figure: str) -> str:
        one, other = pairs[decisive]
        means = ", ".join(f"{name.variant}/{name.loss} {number(losses[name].mean())}" for name in (one, other))
        return f"{words[0].upper()}{words[1:]}: {counted(margins)}{means}, lower by {figure}"

    return conclude(margins, tell, "loss for an image")


def _replicates(name: Name, values: np.ndarray) -> np.ndarray:
    """values: (seeds,) to (replicates,)."""
    generator = np.random.default_rng(derived_seed(0, "bootstrap", "seeds", *name))
    return bootstrap.replicates(values[:, None, None], np.ones((bootstrap.REPLICATES, 1)), generator)[:, 0]
