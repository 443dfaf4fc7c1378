"""Some models have the lowest loss of a task: each of `models` a lower one than each of the others.

`training`, `test` and `prior_draw` are each model's own loss, although BCE and MSE have different scales;
`squared_error` and `cross_entropy` measure all models alike.
"""

import numpy as np

from restoration.comparison import bootstrap
from restoration.comparison.claim_inputs import Evidence, Name, chosen
from restoration.comparison.claim_inputs import number as read_number
from restoration.comparison.claims import Comparison, Margin, NotTested, Outcome, conclude, counted, number
from restoration.core.registry import Rows, Task

NEEDS = ["summary", "metrics"]
MODELS_ALONE = True
CHOICES = {"quantity": ["training", "test", "prior_draw", "squared_error", "cross_entropy"]}
RESTORED = "of test images as the network restores them, summed over pixels"
QUANTITIES = {  # what is read, the keys in it, and its name in words
    "training": ("summary", ("train", "objective"), "training loss, mean of the last epoch"),
    "test": ("metrics", ("test", "objective"), "test loss"),
    "prior_draw": ("metrics", ("prior_draw", "visible"), "loss of one draw of the prior over the visible pixels"),
    "squared_error": ("metrics", ("common", "mse"), f"squared error {RESTORED}"),
    "cross_entropy": ("metrics", ("common", "bce"), f"binary cross-entropy {RESTORED}"),
}


def examine(
    evidence: Evidence, *, task: Task, models: Rows, than: Rows = ("*",), quantity: str = "training"
) -> Outcome:
    """Test whether each of `models` has a lower loss than each of `than`; the figure is how much lower.

    The interval covers the seeds.
    """
    need, keys, words = QUANTITIES[quantity]
    files = evidence.of_models(need, task)
    claimed = chosen(files, models)
    others = {name: paths for name, paths in chosen(files, than).items() if name not in claimed}
    if not others:
        raise NotTested(f"{task} has no other models to compare with")
    losses = {
        name: np.array([read_number(path, *keys) for path in paths]) for name, paths in {**claimed, **others}.items()
    }
    resampled = {name: _replicates(name, values) for name, values in losses.items()}
    pairs = [(one, other) for one in claimed for other in others]
    margins = []
    for one, other in pairs:
        seeds = min(len(losses[one]), len(losses[other]))
        margin = float(losses[other].mean() - losses[one].mean())
        title = f"{one.model} against {other.model}"
        margins.append(Margin(title, margin, resampled[other] - resampled[one] if seeds > 1 else None, seeds))

    def tell(decisive: int, shown: Comparison) -> str:
        one, other = (f"{name.model} {number(losses[name].mean())}" for name in pairs[decisive])
        by = f"{'higher' if shown.figure < 0 else 'lower'} by {shown.turned()}"
        return f"{words}: {counted(margins)}{one}, {other}, {by}"

    return conclude(margins, tell, "loss for an image")


def _replicates(name: Name, values: np.ndarray) -> np.ndarray:
    """Resample the mean over seeds: (seeds,) to (replicates,)."""
    weights = np.ones((bootstrap.REPLICATES, 1))
    return bootstrap.replicates(values[:, None, None], weights, bootstrap.generator("seeds", *name))[:, 0]
