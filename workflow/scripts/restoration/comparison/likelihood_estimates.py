"""Estimates of log-likelihoods: read from the files of `likelihood`, and averaged over seeds."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from restoration.config.model_names import model_name
from restoration.core import artifacts

AVERAGED = ("nats", "error", "elbo", "effective")


class Estimate(NamedTuple):
    """The negative log-likelihood of a variant under a loss, at a target, in nats for an image.

    nats: one value for each of `samples` (None: exact); error: the standard error over images of the last one;
    effective: how many samples carry the last one; elbo: the negative ELBO, the mean of `draws`; floor: the entropy of
    the targets. elbo, draws and effective are None where the likelihood is exact.
    """

    variant: str
    loss: str
    quantity: str
    condition: str
    target: str
    samples: list[int | None]
    nats: list[float]
    error: float
    elbo: float | None
    draws: int | None
    effective: float | None
    floor: float
    images: int
    seeds: int

    @property
    def label(self) -> str:
        return model_name(self.variant, self.loss)


def read(files: Iterable[tuple[str, str, str | Path]]) -> list[Estimate]:
    """Read the estimates of each variant, loss and likelihood.json, one for each target. Raises DamagedFile."""
    found = []
    for variant, loss, path in files:
        content = artifacts.read_json(path, "quantity", "condition", "images", "targets")
        with artifacts.reading(path):
            for part in content["targets"]:
                rows, elbo, effective = part["estimates"], part["elbo"], part["effective_samples"]
                found.append(
                    Estimate(
                        variant,
                        loss,
                        str(content["quantity"]),
                        str(content["condition"]),
                        str(part["target"]),
                        samples=[None if row["samples"] is None else int(row["samples"]) for row in rows],
                        nats=[float(row["nats"]) for row in rows],
                        error=float(rows[-1]["standard_error"]),
                        elbo=None if elbo is None else float(elbo["nats"]),
                        draws=None if elbo is None else int(elbo["samples"]),
                        effective=None if effective is None else float(effective),
                        floor=float(part["entropy_floor"]),
                        images=int(content["images"]),
                        seeds=1,
                    )
                )
    return found


def averaged(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Return the mean over the seeds, which have the same images, for each variant, loss, quantity and target."""
    groups: dict[tuple[str, ...], list[Estimate]] = {}
    for one in estimates:
        groups.setdefault((one.variant, one.loss, one.quantity, one.target), []).append(one)
    found = []
    for group in groups.values():
        values = {name: [getattr(one, name) for one in group] for name in AVERAGED}
        means = {
            name: np.mean(of_seeds, axis=0).tolist() for name, of_seeds in values.items() if of_seeds[0] is not None
        }
        found.append(group[0]._replace(seeds=len(group), **means))
    return found
