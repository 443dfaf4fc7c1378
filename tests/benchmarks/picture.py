"""The picture of the README: how far steps are from their floor, and what others take for an epoch."""

from pathlib import Path

from benchmarks.measuring import Measurement, cases, ratio
from benchmarks.suite import peers, step


def draw(results: dict[str, list[Measurement]], path: Path) -> None:
    """Draw bars of ratios for each of the two benchmarks that has results."""
    panels = []
    if steps := results.get("step"):
        bars = [(case, ratio(steps, case, step.STEP, step.FLOOR)) for case in cases(steps)]
        panels.append(("A training step, times its floor", bars))
    if epochs := results.get("peers"):
        case = cases(epochs)[0]
        bars = [(peers.SHORT[name], ratio(epochs, case, name, peers.OURS)) for name in peers.CASES[case][1]]
        panels.append(("An epoch, times this workflow's", bars))
    if not panels:
        return
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(panels), figsize=(4.8 * len(panels), 3.4), layout="constrained", squeeze=False)
    for ax, (title, bars) in zip(axes[0], panels, strict=True):
        names, values = zip(*reversed(bars), strict=True)
        drawn = ax.barh(names, values, color="#4c72b0", height=0.7)
        ax.bar_label(drawn, fmt="%.2f", padding=2, fontsize=7)
        ax.axvline(1, color="#444444", linewidth=0.8)
        ax.set_title(title, fontsize=9)
        ax.tick_params(labelsize=7)
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_xlim(0, max(values) * 1.12)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
