"""A task's champion: the model and the inference that restore best by the measured figures, as one file to keep.

Judged are means over the test images and all seeds of a model, so that no test image decides alone. Of the best one's
seeds the one is kept whose objective on the validation images is the lowest at the end of its training: test images
have no say in it. A way to restore that is given the true label is no candidate: images from elsewhere come without.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from restoration.comparison.interval_tables import PLACES, without_label
from restoration.core import artifacts, registry
from restoration.core.errors import UserError

FIGURE = ["output", "region", "measure", "mean", "low", "high", "seeds", "images"]


class Trained(NamedTuple):
    """A model of the task by its name, its training.json and its model file."""

    variant: str
    loss: str
    seed: int
    training: str
    model: str


@dataclass(frozen=True)
class Champion:
    """What is kept of it. model: its file, from the working directory; sha256: that file's; identity and run: as
    MLflow's tag and name have them; method and parameters: its inference; figure: FIGURE, over all seeds.
    """

    dataset: str
    task: str
    variant: str
    loss: str
    seed: int
    network: str
    model: str
    sha256: str
    identity: str
    run: str
    method: str
    parameters: dict[str, Any]
    figure: dict[str, Any]

    @property
    def takes_mask(self) -> bool:
        """Whether it fills holes, and is to be told where; else it restores whole images."""
        return self.figure["region"] == "hole"

    def told(self) -> str:
        """It in one sentence, with its figure."""
        of, low, high = self.figure, self.figure["low"], self.figure["high"]
        seeds = "1 seed" if of["seeds"] == 1 else f"{of['seeds']} seeds"
        return (
            f"{self.variant} trained with {self.loss.upper()}, seed {self.seed}, by {self.method.replace('_', ' ')}: "
            f"mean squared error {PLACES[of['region']]} {of['mean']:.5f} [{low:.5f}, {high:.5f}], "
            f"{of['images']:,} test images, {seeds}"
        )


def best(table: pd.DataFrame, labelled: Collection[str]) -> Any | None:
    """The row of `interval_tables.read_intervals` with the lowest error, or None where there is no candidate.

    Where something is hidden, the error inside the hole of restorations with the visible pixels put back; else over the
    whole image. Of equal ones the first. labelled: variants that are given the label.
    """
    hole = bool((table["region"] == "hole").any())
    output, region = ("pasted", "hole") if hole else ("raw", "whole")
    here = table[(table["output"] == output) & (table["region"] == region) & (table["measure"] == "mse")]
    here = without_label(here[here["variant"] != ""], labelled)
    return None if here.empty else here.loc[here["mean"].idxmin()]


def crown(
    names: Mapping[str, str],
    table: pd.DataFrame,
    models: Sequence[Trained],
    labelled: Collection[str],
    inference: Mapping[str, dict],
) -> Champion | None:
    """The champion. names: dataset and task; models: all of the task; inference: its methods with their parameters."""
    row = best(table, labelled)
    if row is None:
        return None
    seeds = {
        model: _read_training(model.training)
        for model in models
        if (model.variant, model.loss) == (row["variant"], row["loss"])
    }
    kept = min(seeds, key=lambda model: seeds[model]["validation"]["objective"])
    return Champion(
        **names,
        variant=kept.variant,
        loss=kept.loss,
        seed=kept.seed,
        network=seeds[kept]["settings"]["variant"]["network"],
        model=kept.model,
        sha256=artifacts.sha256(kept.model),
        identity=seeds[kept]["identity"],
        run=seeds[kept]["run"],
        method=row["method"],
        parameters=inference[row["method"]],
        figure={key: row[key] if isinstance(row[key], str) else row[key].item() for key in FIGURE},
    )


def _read_training(path: str) -> dict[str, Any]:
    """A training.json with a figure of its validation. Raises DamagedFile."""
    trained: dict[str, Any] = artifacts.read_json(path, "identity", "run", "settings", "validation")
    with artifacts.reading(path):
        if not isinstance(trained["validation"]["objective"], int | float):
            raise ValueError("its validation holds no numbers")
        str(trained["settings"]["variant"]["network"])
    return trained


def write(path: str | Path, champion: Champion | None) -> None:
    artifacts.write_json(path, {"champion": champion and asdict(champion)})


def read(path: str | Path) -> Champion | None:
    """The champion that `write` wrote; None where the task has none. Raises DamagedFile."""
    content = artifacts.read_json(path, "champion")["champion"]
    with artifacts.reading(path):
        champion = content and Champion(**content)
        if champion:
            champion.told()
            if type(champion.seed) is not int or not isinstance(champion.model, str):
                raise ValueError("it names no model")
            try:
                registry.check("inference", champion.method, champion.parameters, "inference")
                registry.check("networks", champion.network, {}, "network")
            except UserError as error:
                raise ValueError(str(error)) from None
    return champion
