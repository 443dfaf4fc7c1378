"""Figure 2: the two-dimensional latent space, the test set over the clusters of the training set."""

from collections.abc import Sequence

import numpy as np

from restoration import figures, jobs, stored

TEST_POINTS = 2000  # of the test set, evenly spaced: enough to see where they fall, few enough to see below


def draw(panels: Sequence[tuple[str, str]], labels: Sequence[str] | None, outputs: dict[str, str]) -> None:
    """panels: title and the file of latents; one panel each, side by side. labels: the classes' names, none where the
    images have no labels; None: their numbers.

    A cluster is where the estimated density of its training images holds 65 % of them.
    """
    figures.style()
    import seaborn
    from matplotlib import patheffects
    from matplotlib import pyplot as plt

    colours = seaborn.color_palette("colorblind", 10)
    figure, axes = plt.subplots(1, len(panels), figsize=(figures.WIDTH, figures.WIDTH / 2 + 0.2), squeeze=False)
    for axis, (title, path) in zip(axes[0], panels, strict=True):
        train, train_labels, test, test_labels = stored.read_latents(path)
        step = max(1, len(test) // TEST_POINTS)
        for label in np.unique(train_labels):
            colour = colours[label % len(colours)]
            cluster = train[train_labels == label]
            seaborn.kdeplot(
                x=cluster[:, 0], y=cluster[:, 1], ax=axis, color=colour, levels=[0.35, 1], fill=True, alpha=0.35
            )
            points = test[::step][test_labels[::step] == label]
            axis.scatter(*points.T, s=7, color=colour, edgecolor="white", linewidth=0.2, rasterized=True)
        for label in np.unique(train_labels):  # on top of all points
            if labels is not None and not labels:
                continue
            name = axis.text(
                *np.median(train[train_labels == label], axis=0),
                str(label) if labels is None else labels[label].replace("$", r"\$"),
                size=14 if labels is None else 11,
                weight="bold",
                ha="center",
                va="center",
            )
            name.set_path_effects([patheffects.withStroke(linewidth=3, foreground="white")])
        low, high = np.quantile(train, [0.001, 0.999], axis=0)
        axis.set(title=title, xlabel="latent dimension 1", ylabel="latent dimension 2")
        axis.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    figure.tight_layout()
    figures.save(figure, outputs["png"], outputs["svg"])


if __name__ == "__main__":
    with jobs.running(snakemake):
        job = jobs.settings(snakemake)
        titles = [figures.model_name(*panel) for panel in job["panels"]]
        draw(list(zip(titles, snakemake.input, strict=True)), job.get("labels"), dict(snakemake.output.items()))
