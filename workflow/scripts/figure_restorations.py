"""Figures 3 to 6: originals, corrupted and reconstructed images; the same test images for all models of a task."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from restoration.config.model_names import model_name
from restoration.core import script
from restoration.data import dataset_files, holes
from restoration.report import figure_style


def draw(dataset: str, test: str, models: Sequence[tuple[str, str]], method: str, outputs: Any) -> None:
    """models: label and file of examples. `method`: the inference to show; a model without it shows its first, and
    says so.
    """
    complete = dataset_files.read_dataset(dataset, "test")[0]["test"].images
    examples = [dataset_files.read_examples(path, method, complete) for _, path in models]
    shown = examples[0][1]
    corrupted, mask = (array[shown] for array in dataset_files.read_corrupted(test, complete))
    original = figure_style.to_rgb(complete[shown])
    has_hole = holes.has_hole(mask)
    damaged = figure_style.to_rgb(corrupted)
    outlined = figure_style.outlined(damaged, mask) if has_hole else damaged
    raw, pasted = [], []
    for _, _, restored in examples:
        raw.append(figure_style.to_rgb(restored))
        pasted.append(np.where(mask[:, 0, :, :, None], raw[-1], damaged))
    names = [
        label if used == method else f"{label} ({used})"
        for (label, _), (used, _, _) in zip(models, examples, strict=True)
    ]
    figure_style.draw_sheet([("", [original])], ["original"], (outputs.originals_png, outputs.originals_svg))
    figure_style.draw_sheet([("", [outlined])], ["corrupted"], (outputs.corrupted_png, outputs.corrupted_svg))
    figure_style.draw_sheet([("", raw)], names, (outputs.reconstructed_png, outputs.reconstructed_svg))
    above = {"original": original, "corrupted": outlined} if mask.any() else {"original": original}
    blocks = [("raw output" if has_hole else "", [*above.values(), *raw])]
    if has_hole:
        blocks.append(("visible pixels put back", [*above.values(), *pasted]))
    figure_style.draw_sheet(blocks, [*above, *names], (outputs.grid_png, outputs.grid_svg))


if __name__ == "__main__":
    with script.running(snakemake):
        job, inputs = script.settings(snakemake), snakemake.input
        labels = [model_name(*model) for model in job["models"]]
        examples = list(zip(labels, inputs.examples, strict=True))
        draw(inputs.dataset, inputs.test, examples, job["method"], snakemake.output)
