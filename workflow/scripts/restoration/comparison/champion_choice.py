"""The champion of a task: the model and inference that restore best, kept as one file.

The choice goes by means over the test images and all seeds of a model, so that no single image decides. Of the best
model's seeds, the one with the lowest objective on the validation images at the end of its training is kept; the test
images have no say in this. A way to restore that is given the true label is no candidate, because images from elsewhere
have no label.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from restoration.config.model_names import in_words, trained_name
from restoration.config.true_label import without_label
from restoration.core import artifacts, registry
from restoration.core.errors import UserError
from restoration.evaluation import judging

FIGURE = [*judging.Criterion._fields, "mean", "low", "high", "seeds", "images"]


class TrainedModel(NamedTuple):
    """A model of the task; training and model: its training.json and its model file."""

    variant: str
    loss: str
    seed: int
    training: str
    model: str


@dataclass(frozen=True)
class Champion:
    """The kept model and inference. model and sha256: the model file, from the working directory, and its checksum;
    identity and run: tag and name of its run in MLflow; method and parameters: its inference; figure: FIGURE, over all
    seeds.
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
        """Tell whether the champion fills holes, and so needs a mask; else it restores whole images."""
        return self.figure["region"] == "hole"

    def sentence(self) -> str:
        """Return the champion with its figure in one sentence."""
        of, low, high = self.figure, self.figure["low"], self.figure["high"]
        seeds = "1 seed" if of["seeds"] == 1 else f"{of['seeds']} seeds"
        return (
            f"{trained_name(self.variant, self.loss)}, seed {self.seed}, by {in_words(self.method)}: "
            f"mean squared error {judging.REGIONS[of['region']]} {of['mean']:.5f} [{low:.5f}, {high:.5f}], "
            f"{of['images']:,} test images, {seeds}"
        )


def choose(
    names: Mapping[str, str],
    table: pd.DataFrame,
    models: Sequence[TrainedModel],
    labelled: Collection[str],
    inference: Mapping[str, dict],
) -> Champion | None:
    """Return the champion; of equal ones the first; None without a candidate.

    names: dataset and task; table: as from `read_intervals`; models: all of the task; labelled: the variants that are
    given the label; inference: the task's methods with their parameters.
    """
    here = judging.champion(table["region"]).rows(table)
    candidates = without_label(here[here["variant"] != ""], labelled)
    if candidates.empty:
        return None
    row = candidates.loc[candidates["mean"].idxmin()]
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
    trained: dict[str, Any] = artifacts.read_json(path, "identity", "run", "settings", "validation")
    with artifacts.reading(path):
        if not isinstance(trained["validation"]["objective"], int | float):
            raise ValueError("its validation holds no numbers")
        str(trained["settings"]["variant"]["network"])
    return trained


def write(path: str | Path, champion: Champion | None) -> None:
    artifacts.write_json(path, {"champion": champion and asdict(champion)})


def read(path: str | Path) -> Champion | None:
    """Read a champion; None if the task has none. Raises DamagedFile."""
    content = artifacts.read_json(path, "champion")["champion"]
    with artifacts.reading(path):
        champion = content and Champion(**content)
        if champion:
            champion.sentence()  # fails if a figure is missing
            if type(champion.seed) is not int or not isinstance(champion.model, str):
                raise ValueError("it names no model")
            try:
                registry.check_name("inference", champion.method, "inference")
                registry.check_name("networks", champion.network, "network")
            except UserError as error:
                raise ValueError(str(error)) from None
            # Not by config/part_checks.py: a served model has neither the schemas nor their reader beside it.
            entry: Any = registry.parsed("inference", champion.method)[1]
            if unknown := champion.parameters.keys() - {argument.arg for argument in entry.args.kwonlyargs}:
                raise ValueError(f"inference.{min(unknown)}: '{champion.method}' has no such parameter")
    return champion
