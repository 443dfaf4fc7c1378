"""Captions and notes of the report's figures, with the numbers that figures have in the source."""

from collections.abc import Mapping, Sequence
from typing import Any

from restoration.config import true_label
from restoration.config.model_names import in_words
from restoration.evaluation import best_worst_cases
from restoration.report.task_results import Task

SOURCE = {
    ("representation", "latent"): (
        "Figure 2",
        "Representation of the {dataset} images, the test results overlapping the clusters of the training set",
    ),
    ("denoising", "originals"): ("Figure 3", "Original images"),
    ("denoising", "corrupted"): ("Figure 4", "Noisy images ({corruption})"),
    ("denoising", "reconstructed"): ("Figure 5", "Reconstructed images"),
    ("inpainting", "grid"): ("Figure 6", "Neural inpainting: original, corrupted and reconstructed images"),
    ("inpainting", "loss"): ("Figure 7", "Training loss against the number of iterations"),
}
CAPTIONS = {
    "latent": "The latent space, the test set over the clusters of the training set",
    "grid": "Original, corrupted and reconstructed images",
    "loss": "Training loss against the number of iterations",
    "error": "Mean squared error {place} by model and inference, with 95 % intervals",
    "hard": "Hard images side by side",
    "cases": "Best and worst images of the best model",
    "likelihood": "Negative log-likelihood by the number of samples",
}
NOTES = {
    "latent": "{areas}; dots: test images, evenly chosen{names}.",
    "originals": "{shown}, here and in all pictures of the page that say no other.",
    "reconstructed": "Restored by “{method}”{otherwise}, as they come.",
    "grid": "{shown}, the same for all models, restored by “{method}”{otherwise}.{outline}",
    "loss": "Each line is a model, averaged over each hundredth of its training; bold: the mean over seeds, "
    "faint: each seed.",
    "error": "On a logarithmic scale; lower is better. The dotted line marks the best of what needs no trained model."
    "{given}",
    "hard": "Of {drawn} test images drawn once for all, the {few} that are hardest on average, hardest first; each "
    "model by the inference that serves it best, first seed, and the best of what needs no trained model. Below each "
    "column: the number of the test image, counted from 0, and its error averaged over these rows.{outline}{given}",
    "cases": "Of all test images the {few} with the lowest and the {few} with the highest error by the best model and "
    "inference of the task: {best}, first seed. Below each: the number of the test image, counted from 0, and its "
    "error.{outline}",
    "likelihood": "Lower is better. By importance sampling; a line that falls no more has converged. Dashed: exact.",
}
OUTLINE = " An orange line marks what is hidden."


def order(task: str) -> list[str]:
    """Return the keys of the figures that a task may have on the page, in the page's order."""
    keys = [key for (of, key) in SOURCE if of == task]
    return keys + [key for key in CAPTIONS if key not in keys and not (key == "grid" and "reconstructed" in keys)]


def captioned(task: Task, key: str, words: Mapping[str, str]) -> tuple[str, str, str]:
    """Return number (empty if the source lacks the figure), caption and note of a figure. words: see `words_of`."""
    corruption = task.settings["corruption"]
    number, caption = SOURCE.get((task.name, key)) or ("", CAPTIONS[key])
    if key == "grid" and corruption["name"] == "none":
        caption = "Original and reconstructed images"
    return number, caption.format(corruption=describe(corruption), **words), NOTES.get(key, "").format(**words)


def describe(corruption: Mapping[str, Any]) -> str:
    """Describe a corruption of the configuration: 'gaussian noise, sigma = 0.1'."""
    if corruption["name"] == "none":
        return "nothing corrupted"
    parameters = [f"{key} = {value}" for key, value in corruption.items() if key != "name"]
    return ", ".join([in_words(corruption["name"]), *parameters])


def words_of(task: Task, dataset: Mapping[str, Any]) -> dict[str, str]:
    """Return what stands in the braces of captions and notes. dataset: its part of the configuration."""
    best, method = task.best(), next(iter(task.settings["inference"]))
    blind = [f"“{in_words(name)}”" for name in task.settings["inference"] if true_label.blind(name)]
    given = f" {', '.join(task.labelled)} {'is' if len(task.labelled) == 1 else 'are'} given the true label (†)"
    given += f", except by {' and '.join(blind)}." if blind else "."
    return {
        "dataset": dataset["name"],
        "method": in_words(method),
        "otherwise": "" if task.all_by(method) else ", or by what is named behind the model",
        "place": task.place,
        "drawn": str(min(best_worst_cases.DRAWN, best.images)),
        "few": "ten" if best.images >= best_worst_cases.EXTREMES else str(best.images),
        "best": f"{best.variant} trained with {best.loss.upper()}, “{in_words(best.method)}”",
        "outline": OUTLINE if task.in_hole else "",
        "given": given if task.labelled else "",
        **of_labels(dataset.get("labels")),
    }


def of_labels(labels: Sequence[str] | None) -> dict[str, str]:
    """Return what notes say of labels: the names of the classes, empty without classes, None for their numbers."""
    areas, shown = "Areas: where 65 % of the training images{} lie, by kernel density", "The first test images"
    if labels is not None and not labels:
        return {"areas": areas.format(""), "names": "", "shown": shown}
    words = "numbers: the labels" if labels is None else "names: the classes"
    first = "The first test image of each class" if labels is None else f"{shown}, of each class in turn"
    names = f"; {words}, at the median of their training images"
    return {"areas": areas.format(" of each label"), "names": names, "shown": first}
