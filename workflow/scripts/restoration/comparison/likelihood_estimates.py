"""Estimates of log-likelihoods, read from the files of `likelihood` and averaged over seeds."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from restoration.config.model_names import model_name
from restoration.core import artifacts


class Estimate(NamedTuple):
    """Of a variant under a loss, at a target. In nats for an image, negative log-likelihoods: `nats`, one for each of
    `samples` (None: exact), their standard `error` over images at the last, the ELBO (a mean of `draws`) and the
    entropy `floor`.

    effective: how many samples carry the last estimate; elbo, draws and effective are None where the likelihood is
    exact.
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
    """files: variant, loss and a likelihood.json for each seed. Raises DamagedFile if one is none."""
    found = []
    for variant, loss, path in files:
        content = artifacts.read_json(path, "quantity", "condition", "images", "targets")
        with artifacts.reading(path):
            for part in content["targets"]:
                estimates = part["estimates"]
                found.append(
                    Estimate(
                        variant,
                        loss,
                        str(content["quantity"]),
                        str(content["condition"]),
                        str(part["target"]),
                        [None if one["samples"] is None else int(one["samples"]) for one in estimates],
                        [float(one["nats"]) for one in estimates],
                        float(estimates[-1]["standard_error"]),
                        None if part["elbo"] is None else float(part["elbo"]["nats"]),
                        None if part["elbo"] is None else int(part["elbo"]["samples"]),
                        None if part["effective_samples"] is None else float(part["effective_samples"]),
                        float(part["entropy_floor"]),
                        int(content["images"]),
                        1,
                    )
                )
    return found


def averaged(estimates: Sequence[Estimate]) -> list[Estimate]:
    """One for each variant, loss, quantity and target: means over the seeds, which have the same images."""
    groups: dict[tuple[str, ...], list[Estimate]] = {}
    for one in estimates:
        groups.setdefault((one.variant, one.loss, one.quantity, one.target), []).append(one)
    return [
        group[0]._replace(
            nats=np.mean([one.nats for one in group], axis=0).tolist(),
            error=_mean([one.error for one in group]) or 0.0,
            elbo=_mean([one.elbo for one in group]),
            effective=_mean([one.effective for one in group]),
            seeds=len(group),
        )
        for group in groups.values()
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
