"""Every training loss keeps decreasing: in each part of the training its mean is below that of the part before."""

import numpy as np

from restoration.comparison import bootstrap
from restoration.comparison.claim_inputs import Evidence, chosen
from restoration.comparison.claims import Comparison, Margin, NotTested, Outcome, conclude
from restoration.core import artifacts
from restoration.core.registry import PositiveInt, Rows, Task

NEEDS = ["history", "validation"]
EVERY_TASK = True
MODELS_ALONE = True


def examine(evidence: Evidence, *, task: Task = "*", models: Rows = ("*",), parts: PositiveInt = 10) -> Outcome:
    """Test whether the mean loss falls from each of `parts` parts of a training to the next.

    The figure is the smallest step down, as % of the loss. Seeds are averaged. The interval covers the noise of the
    iterations in a part, and seeds. The finding also says what the validation loss does, which decides nothing: the
    claim is about training losses.
    """
    histories = chosen(evidence.of_models("history", task), models)
    margins: list[Margin] = []
    falls = []
    for name, paths in histories.items():
        losses = np.stack([split(path, parts) for path in paths])
        seeds, iterations, _ = losses.shape
        generator = bootstrap.generator("iterations", *name)
        weights = bootstrap.image_weights(iterations, generator)
        steps = _steps(losses.mean(axis=(0, 1)))
        resampled = _steps(bootstrap.replicates(losses, weights, generator)) if iterations * seeds > 1 else None
        for part in range(parts - 1):
            title = f"{name}, part {part + 1} to {part + 2} of {parts}"
            margins.append(Margin(title, float(steps[part]), None if resampled is None else resampled[:, part], seeds))
        falls.append(bool((steps > 0).all()))
    if not margins:
        raise NotTested("a training of one part has no part before it")
    falling = [
        bool((np.diff(np.mean([_objective(path) for path in paths], axis=0)) < 0).all())
        for paths in chosen(evidence.of_models("validation", task), models).values()
    ]

    def tell(decisive: int, shown: Comparison) -> str:
        return (
            f"The mean training loss of each of {parts} parts of the training is below that of the part before for "
            f"{sum(falls)} of {len(falls)} models; the decisive step down is {shown} % of the loss ({shown.name}); "
            f"the validation loss falls at every epoch for {sum(falling)} of them"
        )

    return conclude(margins, tell, "% of the loss")


def split(path: str, parts: int) -> np.ndarray:
    """Return a history's training loss, (iterations of a part, parts), without the first ones that do not fill a part.

    Raises NotTested if there are fewer iterations than parts.
    """
    losses = _objective(path)
    length = len(losses) // parts
    if not length:
        raise NotTested(f"a training of {len(losses)} iterations does not have {parts} parts")
    return losses[len(losses) - length * parts :].reshape(parts, length).T


def _objective(path: str) -> np.ndarray:
    return artifacts.read_parquet(path, "objective")["objective"].to_numpy(float)


def _steps(means: np.ndarray) -> np.ndarray:
    """Return by how many per cent each part is below the one before: (..., parts) to (..., parts - 1)."""
    return 100 * (1 - means[..., 1:] / means[..., :-1])
