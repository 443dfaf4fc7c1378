"""The latent space separates the classes: a vote of the nearest training images tells a test image's class."""

import numpy as np

from restoration.comparison import bootstrap
from restoration.comparison.claim_inputs import Evidence, chosen
from restoration.comparison.claims import Comparison, Margin, Outcome, conclude, counted
from restoration.core.registry import Fraction, PositiveInt, Rows, Task
from restoration.evaluation.knn_accuracy import correct

NEEDS = ["latents"]
CLASSES = True
MODELS_ALONE = True


def examine(
    evidence: Evidence, *, task: Task, at_least: Fraction, models: Rows = ("*",), neighbours: PositiveInt = 15
) -> Outcome:
    """Test whether every one of `models` has an accuracy above `at_least`.

    The figure is the share of test images whose class is the commonest among their `neighbours` nearest training
    images, by the Euclidean distance of latent means.
    """
    margins: list[Margin] = []
    images = 0
    for name, paths in chosen(evidence.of_models("latents", task), models).items():
        right = np.stack([correct(path, neighbours) for path in paths]).astype(float)[:, :, None]
        images = right.shape[1]
        weights = bootstrap.image_weights(images, bootstrap.generator("images"))
        resampled = bootstrap.replicates(right, weights, bootstrap.generator("seeds", *name))[:, 0]
        margins.append(Margin(name.model, float(right.mean()) - at_least, resampled - at_least, len(paths)))

    def tell(decisive: int, shown: Comparison) -> str:
        words = f"The {neighbours} nearest training images in the latent space tell the class of a share of the test"
        return f"{words} images: {counted(margins)}{margins[decisive].name} {shown}, asked for is {at_least}"

    return conclude(margins, tell, "accuracy", images, at_least)
