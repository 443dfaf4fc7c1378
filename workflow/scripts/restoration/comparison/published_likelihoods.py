"""Likelihoods that others have published, each with its convention: two conventions differ by tens of nats."""

from collections.abc import Mapping
from typing import Any, NamedTuple

ELBO = "negative ELBO"


class Figure(NamedTuple):
    """A published negative log-likelihood in nats for each test image.

    estimator: how it was estimated; convention: what else a comparison must know; source and address: where it was
    published; images: the number of test images, where the source says it.
    """

    model: str
    nats: float
    estimator: str
    convention: str
    source: str
    address: str
    images: int | None = None

    @property
    def is_elbo(self) -> bool:
        """Tell whether to compare it only with negative ELBOs, which are above estimates of the log-likelihood."""
        return self.estimator.startswith(ELBO)

    @property
    def label(self) -> str:
        return f"{self.model} (ELBO)" if self.is_elbo else self.model


PYRO = ("Pyro, tutorial 'Conditional Variational Auto-encoder', last table", "https://pyro.ai/examples/cvae.html")
PYRO_IMAGES = 10_000
PYRO_CONVENTION = (
    "cross-entropy at grey targets, summed over the hidden pixels, entropy floor included; training was stopped on "
    "the same test images"
)
# By the number of quadrants observed: the deterministic network (in the table: "NN", two hidden layers of 500) and the
# conditional VAE (200 latents), whose estimate is `Trace_ELBO(num_particles=10)` of examples/cvae/util.py.
PYRO_QUADRANTS = {1: (100.4, 71.8), 2: (61.9, 51.0), 3: (25.4, 24.2)}

BURDA = (
    "Burda, Grosse and Salakhutdinov, 'Importance Weighted Autoencoders', 2016, one stochastic layer",
    "https://arxiv.org/abs/1509.00519",
)
BURDA_CONVENTION = "trained on pixels binarised afresh at each step; two hidden layers of 200, 50 latents, 3,280 epochs"


def comparable(dataset: str, corruption: Mapping[str, Any], quantity: str, target: str) -> list[Figure]:
    """Return what is published of the same quantity, on the same images and targets.

    corruption: name and parameters, as in the configuration; quantity and target: as in likelihood.json.
    """
    if dataset != "mnist":
        return []
    if (quantity, target) == ("image", "stochastic"):
        estimator = "importance sampling, 5,000 samples"
        return [
            Figure("VAE", 86.76, estimator, BURDA_CONVENTION, *BURDA),
            Figure("IWAE, trained with 50 samples", 84.78, estimator, BURDA_CONVENTION, *BURDA),
        ]
    if (quantity, target, corruption["name"]) == ("hidden", "grey", "quadrants"):
        network, cvae = PYRO_QUADRANTS[corruption["observed"]]
        return [
            Figure("deterministic network", network, "exact", PYRO_CONVENTION, *PYRO, PYRO_IMAGES),
            Figure("CVAE", cvae, f"{ELBO}, ten draws", PYRO_CONVENTION, *PYRO, PYRO_IMAGES),
        ]
    return []
