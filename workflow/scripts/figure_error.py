"""The error of every model by every inference, with its interval, beside the baselines."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from restoration.comparison import interval_table
from restoration.config.model_names import in_words, model_name
from restoration.core import script
from restoration.evaluation import judging
from restoration.report import figure_style

ROW = 0.34  # inches that a model takes


def draw(table: pd.DataFrame, methods: Sequence[str], outputs: dict[str, str]) -> None:
    """Draw the errors in a table of intervals. methods: all inferences, whose order decides their colours."""
    here = interval_table.ranking_rows(table)
    place = judging.REGIONS[here["region"].iloc[0]]
    models = here[here["variant"] != ""]
    baselines = here[here["variant"] == ""].sort_values("mean", kind="stable")
    names = list(dict.fromkeys(zip(models["variant"], models["loss"], strict=True)))
    # From top to bottom: the models in the configuration's order, then the baselines, best first.
    places = {name: -number for number, name in enumerate(names)}
    looks = figure_style.looks(methods, figure_style.MARKERS)
    count = len(names) + len(baselines)
    figure, ((axis,),) = figure_style.panels(1, ROW * count + 0.9)
    used = [method for method in methods if (models["method"] == method).any()]
    shifts = np.linspace(0.3, -0.3, len(used)) if len(used) > 1 else [0.0]
    for method, shift in zip(used, shifts, strict=True):
        of_method = models[models["method"] == method]
        y = [places[name] + shift for name in zip(of_method["variant"], of_method["loss"], strict=True)]
        intervals(axis, of_method, y, *looks[method], in_words(method))
    below = [-len(names) - number for number in range(len(baselines))]
    if len(baselines):
        intervals(axis, baselines, below, "0.4", "|", "")
        axis.axvline(baselines["mean"].iloc[0], color="0.4", linewidth=0.8, linestyle=":")
        axis.axhline(0.5 - len(names), color="0.8", linewidth=0.8)
    labels = [model_name(*name) for name in names] + [in_words(name) for name in baselines["method"]]
    axis.set_yticks(range(0, -count, -1), labels)
    axis.tick_params(axis="y", length=0)
    axis.set(ylim=(0.6 - count, 0.6), xscale="log", xlabel=f"mean squared error {place}, with its 95 % interval")
    figure_style.plain_log(axis.xaxis)
    axis.grid(axis="x", linewidth=0.4, alpha=0.6)
    if len(used) > 1:
        axis.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.45, 1), ncols=5)
    figure_style.save(figure, outputs["png"], outputs["svg"])


def intervals(axis, table: pd.DataFrame, y: Sequence[float], colour: object, marker: str, label: str) -> None:  # type: ignore[no-untyped-def]
    """Draw means, each with a line from low to high."""
    sides = np.stack([table["mean"] - table["low"], table["high"] - table["mean"]]).clip(0)
    axis.errorbar(
        table["mean"], y, xerr=sides, fmt=marker, color=colour, markersize=5, elinewidth=1.4, label=label or None
    )


if __name__ == "__main__":
    with script.running(snakemake):
        draw(
            interval_table.read_intervals(snakemake.input[0]),
            script.settings(snakemake)["methods"],
            dict(snakemake.output.items()),
        )
