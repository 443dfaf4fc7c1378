"""Estimates of a task's log-likelihoods by the number of samples, in one panel for each quantity and target."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from restoration.comparison.likelihood_estimates import Estimate, averaged, read
from restoration.core import script
from restoration.report import figure_style


def draw(estimates: Sequence[Estimate], published: Mapping[str, Sequence[Any]], outputs: dict[str, str]) -> None:
    """Draw the estimates. published: '<quantity> <target>' to published figures, each a model and its nats."""
    panels = list(dict.fromkeys((estimate.quantity, estimate.target) for estimate in estimates))
    names = list(dict.fromkeys(estimate.label for estimate in estimates))
    looks = figure_style.looks(names, figure_style.MARKERS)
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    figure, axes = figure_style.panels(columns, 2.9 * lines, rows=lines)
    for axis in axes.flat[len(panels) :]:
        axis.set_axis_off()
    for axis, (quantity, target) in zip(axes.flat, panels, strict=False):
        here = [estimate for estimate in estimates if (estimate.quantity, estimate.target) == (quantity, target)]
        most = max([count for estimate in here for count in estimate.samples if count] or [1])
        for estimate in here:
            colour, marker = looks[estimate.label]
            counts = [count or most for count in estimate.samples]
            if len(counts) == 1:  # exact
                axis.axhline(estimate.nats[0], color=colour, linewidth=1.2, linestyle="--", label=estimate.label)
            else:
                axis.plot(counts, estimate.nats, color=colour, marker=marker, markersize=4, label=estimate.label)
        for model, nats in published.get(f"{quantity} {target}", []):
            axis.axhline(nats, color="0.35", linewidth=0.9, linestyle=":")
            beside(axis, f"{model}, published", nats, "0.35")
        floor = float(np.mean([estimate.floor for estimate in here]))
        if floor:
            axis.axhline(floor, color="0.6", linewidth=0.9)
            beside(axis, "entropy floor", floor, "0.45")
        words = "whole images" if quantity == "image" else "hidden pixels"
        axis.set(title=f"{words}, {target} targets", xscale="log")
        ticks = sorted({count for estimate in here for count in estimate.samples if count})
        axis.set_xticks(ticks, [f"{count:,}" for count in ticks])
        axis.minorticks_off()
        axis.legend(frameon=False, fontsize="x-small")
    figure.supxlabel("samples", size="medium")
    figure.supylabel("negative log-likelihood, nats an image", size="medium")
    figure_style.save(figure, outputs["png"], outputs["svg"])


def beside(axis: Any, words: str, nats: float, colour: str) -> None:
    """Write words on the line at `nats`, at the right end of the panel."""
    place = {"xycoords": axis.get_yaxis_transform(), "ha": "right", "va": "bottom"}
    axis.annotate(words, (0.99, nats), size=7, color=colour, **place)


if __name__ == "__main__":
    with script.running(snakemake):
        job = script.settings(snakemake)
        files = [(*model[:2], path) for model, path in zip(job["models"], snakemake.input, strict=True)]
        draw(averaged(read(files)), job["published"], dict(snakemake.output.items()))
