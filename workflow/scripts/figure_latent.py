"""Figure 2: the two-dimensional latent space, the test set over the clusters of the training set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from restoration.config.model_names import model_name
from restoration.core import artifacts, script
from restoration.data import dataset_files
from restoration.evaluation import knn_accuracy
from restoration.report import figure_style, image_sheets

TEST_POINTS = 2000  # drawn, evenly chosen: enough to see where they fall, few enough to see the clusters below
SIDE = 28  # pixels of a test image that the page shows beside its point
PIXELS = 1_600_000  # of all these images: they are a good part of the page


def draw(
    panels: Sequence[tuple[str, str]], labels: Sequence[str] | None, dataset: str | Path, outputs: dict[str, str]
) -> None:
    """Draw one panel for each model, and write the values of the points.

    A cluster is where the estimated density of its training images holds 65 % of them. panels: title and file of
    latents; labels: the names of the classes, empty where images have no labels, None for their numbers.
    """

    def name(label: int) -> str:
        return labels[label] if labels else str(label)

    labelled = labels is None or bool(labels)
    figure, axes = figure_style.panels(len(panels), figure_style.WIDTH / 2 + 0.2, layout=None)
    import seaborn
    from matplotlib import patheffects

    colours = seaborn.color_palette("colorblind", 10)
    images = dataset_files.read_dataset(dataset, "test")[0]["test"].images
    shown = slice(None, None, max(1, len(images) // TEST_POINTS))
    near = np.arange(len(images))[shown][:: -(-len(images[shown]) * SIDE**2 // PIXELS)]
    known = []
    for number, (axis, (title, path)) in enumerate(zip(axes[0], panels, strict=True)):
        train, train_labels, test, test_labels = dataset_files.read_latents(path)
        for label in np.unique(train_labels):
            colour = colours[label % len(colours)]
            cluster = train[train_labels == label]
            seaborn.kdeplot(
                x=cluster[:, 0], y=cluster[:, 1], ax=axis, color=colour, levels=[0.35, 1], fill=True, alpha=0.35
            )
            points = test[shown][test_labels[shown] == label]
            axis.scatter(*points.T, s=7, color=colour, edgecolor="white", linewidth=0.2)
        for label in np.unique(train_labels) if labelled else ():  # on top of all points
            text = axis.text(
                *np.median(train[train_labels == label], axis=0),
                name(label).replace("$", r"\$"),
                size=14 if labels is None else 11,
                weight="bold",
                ha="center",
                va="center",
            )
            text.set_path_effects([patheffects.withStroke(linewidth=3, foreground="white")])
        low, high = np.quantile(train, [0.001, 0.999], axis=0)
        axis.set(title=title, xlabel="latent dimension 1", ylabel="latent dimension 2")
        axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        accuracy: dict[str, Any] = {"told": None, "told_of_class": {}}
        if labelled:
            right = knn_accuracy.correct(path)
            shares = {name(label): float(right[test_labels == label].mean()) for label in np.unique(test_labels)}
            accuracy = {"told": float(right.mean()), "told_of_class": shares}
        known.append(
            figure_style.panel_values(axis, number, title, points=figure_style.rounded(test[near]), **accuracy)
        )
    figure.tight_layout()
    figure_style.save(figure, outputs["png"], outputs["svg"])
    size = image_sheets.write(outputs["images"], image_sheets.in_rows(image_sheets.to_rgb(images[near])), SIDE)
    of_near = [name(label) for label in test_labels[near]] if labelled else None
    of_images = {"images": near.tolist(), "labels": of_near, "size": size, "neighbours": knn_accuracy.NEIGHBOURS}
    artifacts.write_json(outputs["values"], {"panels": known, **of_images})


if __name__ == "__main__":
    with script.running(snakemake):
        job, inputs = script.settings(snakemake), snakemake.input
        titles = [model_name(*panel) for panel in job["panels"]]
        panels = list(zip(titles, inputs.latents, strict=True))
        draw(panels, job.get("labels"), inputs.dataset, dict(snakemake.output.items()))
