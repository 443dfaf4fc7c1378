"""Figures 3 to 6: originals, corrupted and reconstructed images; the same test images for all models of a task."""

from collections.abc import Sequence

from restoration.config.model_names import model_name
from restoration.core import script
from restoration.data import dataset_files, holes
from restoration.report import image_sheets


def draw(dataset: str, corrupted: str, models: Sequence[tuple[str, str]], method: str, outputs: dict[str, str]) -> None:
    """Draw the restorations by an inference; a model that lacks it shows its first one. models: label and file."""
    test = image_sheets.read_images(dataset, corrupted)
    examples = [dataset_files.read_examples(path, method, test.complete) for _, path in models]
    shown = examples[0][1]
    above = image_sheets.top_rows(test, shown)
    raw = [image_sheets.to_rgb(restored) for *_, restored in examples]
    names = [
        label if used == method else f"{label} ({used})"
        for (label, _), (used, *_) in zip(models, examples, strict=True)
    ]
    blocks = [("raw output" if holes.has_hole(test.mask) else "", [*above.values(), *raw])]
    if holes.has_hole(test.mask):
        pasted = [image_sheets.pasted(test, shown, restored) for *_, restored in examples]
        blocks.append(("visible pixels put back", [*above.values(), *pasted]))
    for name, sheets, labels in (
        ("originals", [("", [above["original"]])], ["original"]),
        ("corrupted", [("", [above.get("corrupted", above["original"])])], ["corrupted"]),
        ("reconstructed", [("", raw)], names),
        ("grid", blocks, [*above, *names]),
    ):
        image_sheets.draw(sheets, labels, (outputs[f"{name}_png"], outputs[f"{name}_svg"]))


if __name__ == "__main__":
    with script.running(snakemake):
        job, inputs = script.settings(snakemake), snakemake.input
        labels = [model_name(*model) for model in job["models"]]
        examples = list(zip(labels, inputs.examples, strict=True))
        draw(inputs.dataset, inputs.test, examples, job["method"], dict(snakemake.output.items()))
