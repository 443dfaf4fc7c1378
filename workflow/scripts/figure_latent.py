"""Figure 2: the two-dimensional latent space, the test set over the clusters of the training set."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from restoration.config.model_names import model_name
from restoration.core import artifacts, script
from restoration.data import dataset_files
from restoration.evaluation import knn_accuracy
from restoration.report import figure_style, plot_values

TEST_POINTS = 2000  # of the test set, evenly spaced: enough to see where they fall, few enough to see below
SIDE = 28  # pixels of a test image that the page shows beside its point
PIXELS = 1_600_000  # of all of them: they are a good part of the page


def draw(
    panels: Sequence[tuple[str, str]], labels: Sequence[str] | None, dataset: str | Path, outputs: dict[str, str]
) -> None:
    """panels: title and the file of latents; one panel each, side by side. labels: the classes' names, none where the
    images have no labels; None: their numbers. dataset: the images' file.

    A cluster is where the estimated density of its training images holds 65 % of them.
    """

    def name(label: int) -> str:
        return labels[label] if labels else str(label)

    labelled = labels is None or bool(labels)
    figure_style.style()
    import seaborn
    from matplotlib import patheffects
    from matplotlib import pyplot as plt

    colours = seaborn.color_palette("colorblind", 10)
    figure, axes = plt.subplots(
        1, len(panels), figsize=(figure_style.WIDTH, figure_style.WIDTH / 2 + 0.2), squeeze=False
    )
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
        for label in np.unique(train_labels):  # on top of all points
            if not labelled:
                continue
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
        told: dict[str, Any] = {"told": None, "told_of_class": {}}
        if labelled:
            right = knn_accuracy.correct(path)
            shares = {name(label): float(right[test_labels == label].mean()) for label in np.unique(test_labels)}
            told = {"told": float(right.mean()), "told_of_class": shares}
        known.append(plot_values.panel(axis, number, title, points=plot_values.rounded(test[near]), **told))
    figure.tight_layout()
    figure_style.save(figure, outputs["png"], outputs["svg"])
    size = plot_values.write_sheet(outputs["images"], plot_values.in_rows(figure_style.to_rgb(images[near])), SIDE)
    of_near = [name(label) for label in test_labels[near]] if labelled else None
    of_images = {"images": near.tolist(), "labels": of_near, "size": size, "neighbours": knn_accuracy.NEIGHBOURS}
    artifacts.write_json(outputs["values"], {"panels": known, **of_images})


if __name__ == "__main__":
    with script.running(snakemake):
        job, inputs = script.settings(snakemake), snakemake.input
        titles = [model_name(*panel) for panel in job["panels"]]
        panels = list(zip(titles, inputs.latents, strict=True))
        draw(panels, job.get("labels"), inputs.dataset, dict(snakemake.output.items()))
