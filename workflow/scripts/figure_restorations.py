"""Figures 3 to 6: originals, corrupted and reconstructed images; the same test images for all models of a task."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from restoration import figures, jobs, stored

GAP = 2
CELL = 0.42  # inches that an image takes


def draw_sheet(
    blocks: Sequence[tuple[str, Sequence[np.ndarray]]], labels: Sequence[str], outputs: tuple[str, str]
) -> None:
    """blocks: a heading and its rows of RGB images (N, H, W, 3), side by side; labels: the rows' names."""
    figures.style()
    from matplotlib import pyplot as plt

    count = sum(len(rows[0]) for _, rows in blocks)
    cell = min(CELL, (figures.WIDTH - 1.6) / count * 1.25)
    size = (cell * count + 0.3 * len(blocks), cell * len(labels) + 0.3)
    figure, axes = plt.subplots(1, len(blocks), figsize=size, squeeze=False, layout="constrained")
    for axis, (heading, rows) in zip(axes[0], blocks, strict=True):
        axis.imshow(figures.sheet(rows, GAP), interpolation="nearest")
        height = rows[0].shape[1]
        axis.set_yticks([height / 2 + row * (height + GAP) for row in range(len(rows))], labels)
        axis.set_xticks([])
        axis.tick_params(length=0)
        axis.set_title(heading, fontsize="medium")
        for spine in axis.spines.values():
            spine.set_visible(False)
    for axis in axes[0, 1:]:
        axis.set_yticklabels([])
    figures.save(figure, *outputs)


def draw(dataset: str, test: str, models: Sequence[tuple[str, str]], method: str, outputs: Any) -> None:
    """models: label and file of examples. `method`: the inference to show; a model without it shows its first."""
    complete = stored.read_dataset(dataset, "test")[0]["test"].images
    examples = [stored.read_examples(path, method, complete) for _, path in models]
    shown = examples[0][0]
    corrupted, mask = (array[shown] for array in stored.read_corrupted(test, complete))
    original = figures.to_rgb(complete[shown])
    has_hole = bool(mask.any()) and not mask.all()
    damaged = figures.to_rgb(corrupted)
    outlined = figures.outlined(damaged, mask) if has_hole else damaged
    raw, pasted = [], []
    for _, restored in examples:
        raw.append(figures.to_rgb(restored))
        pasted.append(np.where(mask[:, 0, :, :, None], raw[-1], damaged))
    names = [label for label, _ in models]
    draw_sheet([("", [original])], ["original"], (outputs.originals_png, outputs.originals_svg))
    draw_sheet([("", [outlined])], ["corrupted"], (outputs.corrupted_png, outputs.corrupted_svg))
    draw_sheet([("", raw)], names, (outputs.reconstructed_png, outputs.reconstructed_svg))
    above = {"original": original, "corrupted": outlined} if mask.any() else {"original": original}
    blocks = [("raw output" if has_hole else "", [*above.values(), *raw])]
    if has_hole:
        blocks.append(("visible pixels put back", [*above.values(), *pasted]))
    draw_sheet(blocks, [*above, *names], (outputs.grid_png, outputs.grid_svg))


if __name__ == "__main__":
    with jobs.running(snakemake):
        job, inputs = jobs.settings(snakemake), snakemake.input
        labels = [figures.model_name(*model) for model in job["models"]]
        examples = list(zip(labels, inputs.examples, strict=True))
        draw(inputs.dataset, inputs.test, examples, job["method"], snakemake.output)
