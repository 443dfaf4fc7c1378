"""Figure 7: training loss against iterations, for every model of a task; one panel a loss, for their scales differ."""

from collections.abc import Sequence

import numpy as np

from restoration import artifacts, figures, jobs

WINDOW = 100  # iterations that the bold line averages over, fewer in a short training


def draw(curves: Sequence[tuple[str, str, int, str]], outputs: dict[str, str]) -> None:
    """curves: variant, loss, seed and the file of the history."""
    figures.style()
    import seaborn
    from matplotlib import pyplot as plt
    from matplotlib.ticker import FuncFormatter, LogLocator

    losses = list(dict.fromkeys(loss for _, loss, _, _ in curves))
    variants = list(dict.fromkeys(variant for variant, *_ in curves))
    colours = dict(zip(variants, seaborn.color_palette("colorblind"), strict=False))
    figure, axes = plt.subplots(1, len(losses), figsize=(figures.WIDTH, 3.6), squeeze=False)
    panels = dict(zip(losses, axes[0], strict=True))
    drawn: dict[str, list[np.ndarray]] = {loss: [] for loss in losses}
    for variant, loss, seed, path in curves:
        history = artifacts.read_parquet(path, "iteration", "objective")
        window = min(WINDOW, max(1, len(history) // 20))
        smooth = history["objective"].rolling(window, min_periods=1, center=True).mean()
        colour, axis = colours[variant], panels[loss]
        axis.plot(history["iteration"], history["objective"], color=colour, alpha=0.15, linewidth=0.5, rasterized=True)
        first = seed == min(curve[2] for curve in curves)
        axis.plot(history["iteration"], smooth, color=colour, linewidth=1.6, label=variant if first else None)
        drawn[loss].append(history["objective"].to_numpy())
    for loss, axis in panels.items():
        axis.set(title=f"{loss.upper()} models", xlabel="iteration", ylabel="training loss (per image)")
        axis.set(yscale="log", ylim=(min(map(np.min, drawn[loss])) * 0.9, max(map(np.max, drawn[loss])) * 1.1))
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 1.2, 1.5, 2, 3, 4, 5, 7)))
        axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.yaxis.set_minor_locator(LogLocator(subs=()))
        axis.grid(axis="y", linewidth=0.4, alpha=0.6)
        axis.legend(frameon=False)
    figure.tight_layout()
    figures.save(figure, outputs["png"], outputs["svg"])


if __name__ == "__main__":
    with jobs.running(snakemake):
        models = jobs.settings(snakemake)["models"]
        draw(
            [(*model, path) for model, path in zip(models, snakemake.input, strict=True)],
            dict(snakemake.output.items()),
        )
