"""Figures that others have published, from workflow/report/published.yaml, which says what each part means."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

FILE = Path(__file__).parents[3] / "report" / "published.yaml"


class Likelihood(NamedTuple):
    """A published negative log-likelihood in nats for each test image. images: their number, if the source says it."""

    model: str
    nats: float
    estimator: str
    convention: str
    source: str
    address: str
    images: int | None = None

    @property
    def is_elbo(self) -> bool:
        return self.estimator.startswith("negative ELBO")

    @property
    def label(self) -> str:
        return f"{self.model} (ELBO)" if self.is_elbo else self.model


def read() -> Any:
    """Read all published figures."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def likelihoods(dataset: str, corruption: Mapping[str, Any], quantity: str, target: str) -> list[Likelihood]:
    """Return what is published of the same quantity, on the same images and targets.

    corruption: name and parameters, as in the configuration; quantity and target: as in likelihood.json.
    """
    asked = {"dataset": dataset, "corruption": dict(corruption), "quantity": quantity, "target": target}
    return [
        Likelihood(**part["shared"], **figure)
        for part in read()["likelihoods"]
        if part["of"].items() <= asked.items()
        for figure in part["figures"]
    ]


def poster(dataset: str, corruption: Mapping[str, Any]) -> dict[str, Any]:
    """Return the poster's `losses`, variant to loss to value, and their `origin`; nothing for other data or holes."""
    found: dict[str, Any] = read()["poster"]
    return found if (dataset, dict(corruption)) == (found["dataset"], found["corruption"]) else {}
