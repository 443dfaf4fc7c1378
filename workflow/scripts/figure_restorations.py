"""Figures 3 to 6: originals, corrupted and reconstructed images; the same test images for all models of a task."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from restoration import figures, jobs, stored


def draw(dataset: str, test: str, models: Sequence[tuple[str, str]], method: str, outputs: Any) -> None:
    """models: label and file of examples. `method`: the inference to show; a model without it shows its first, and
    says so.
    """
    complete = stored.read_dataset(dataset, "test")[0]["test"].images
    examples = [stored.read_examples(path, method, complete) for _, path in models]
    shown = examples[0][1]
    corrupted, mask = (array[shown] for array in stored.read_corrupted(test, complete))
    original = figures.to_rgb(complete[shown])
    has_hole = bool(mask.any()) and not mask.all()
    damaged = figures.to_rgb(corrupted)
    outlined = figures.outlined(damaged, mask) if has_hole else damaged
    raw, pasted = [], []
    for _, _, restored in examples:
        raw.append(figures.to_rgb(restored))
        pasted.append(np.where(mask[:, 0, :, :, None], raw[-1], damaged))
    names = [
        label if used == method else f"{label} ({used})"
        for (label, _), (used, _, _) in zip(models, examples, strict=True)
    ]
    figures.draw_sheet([("", [original])], ["original"], (outputs.originals_png, outputs.originals_svg))
    figures.draw_sheet([("", [outlined])], ["corrupted"], (outputs.corrupted_png, outputs.corrupted_svg))
    figures.draw_sheet([("", raw)], names, (outputs.reconstructed_png, outputs.reconstructed_svg))
    above = {"original": original, "corrupted": outlined} if mask.any() else {"original": original}
    blocks = [("raw output" if has_hole else "", [*above.values(), *raw])]
    if has_hole:
        blocks.append(("visible pixels put back", [*above.values(), *pasted]))
    figures.draw_sheet(blocks, [*above, *names], (outputs.grid_png, outputs.grid_svg))


if __name__ == "__main__":
    with jobs.running(snakemake):
        job, inputs = jobs.settings(snakemake), snakemake.input
        labels = [figures.model_name(*model) for model in job["models"]]
        examples = list(zip(labels, inputs.examples, strict=True))
        draw(inputs.dataset, inputs.test, examples, job["method"], snakemake.output)
