"""Figure 7: training loss against iterations for every model of a task, in one panel for each loss."""

from collections.abc import Sequence

import numpy as np

from restoration.core import artifacts, script
from restoration.report import figure_style

PARTS = 100  # of a training, over each of which the loss is averaged


def smooth(objective: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the middle iterations, from 1, and the mean losses of PARTS equal parts of a training, or of each step."""
    edges = np.linspace(0, len(objective), min(PARTS, len(objective)) + 1).astype(int)
    means = np.add.reduceat(objective, edges[:-1]) / np.diff(edges)
    return (edges[:-1] + edges[1:] + 1) / 2, means


def draw(curves: Sequence[tuple[str, str, int, str]], outputs: dict[str, str]) -> None:
    """Draw the curves. curves: variant, loss, seed and the file of the history."""
    losses = list(dict.fromkeys(loss for _, loss, _, _ in curves))
    variants = list(dict.fromkeys(variant for variant, *_ in curves))
    looks = figure_style.looks(variants, figure_style.DASHES)
    figure, axes = figure_style.panels(len(losses), 3.8)
    models: dict[tuple[str, str], list[tuple[np.ndarray, np.ndarray]]] = {}
    for variant, loss, _, path in curves:
        objective = artifacts.read_parquet(path, "iteration", "objective")["objective"].to_numpy()
        models.setdefault((variant, loss), []).append(smooth(objective))
    panels = []
    for number, (loss, axis) in enumerate(zip(losses, axes[0], strict=True)):
        lines = []
        for (variant, of_loss), seeds in models.items():
            if of_loss == loss:
                colour, dashes = looks[variant]
                for x, means in seeds:
                    axis.plot(x, means, color=colour, alpha=0.3, linewidth=0.7)
                x, mean = np.mean(seeds, axis=0)
                marker = {"marker": "o", "markersize": 3} if len(x) == 1 else {}
                axis.plot(x, mean, color=colour, linestyle=dashes, linewidth=1.8, label=variant, **marker)
                lines.append({"name": variant, "x": figure_style.rounded(x), "y": figure_style.rounded(mean)})
        axis.set(title=f"{loss.upper()} models", xlabel="iteration", yscale="log")
        figure_style.plain_log(axis.yaxis)
        axis.grid(axis="y", linewidth=0.4, alpha=0.6)
        axis.legend(frameon=False)
        panels.append(figure_style.panel_values(axis, number, f"{loss.upper()} models", curves=lines))
    axes[0, 0].set_ylabel("training loss for an image")
    figure_style.save(figure, outputs["png"], outputs["svg"])
    artifacts.write_json(outputs["values"], {"panels": panels})


if __name__ == "__main__":
    with script.running(snakemake):
        models = script.settings(snakemake)["models"]
        draw(
            [(*model, path) for model, path in zip(models, snakemake.input, strict=True)],
            dict(snakemake.output.items()),
        )
