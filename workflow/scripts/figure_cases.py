"""Hard images side by side, restored by every model, and the best and worst restorations of a task's best model."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from restoration import artifacts, cases, compared, figures, jobs, plots, stored

SHOWN = 10  # of each kind
SIDE = 64  # pixels of an image that the page shows before and after its restoration


class Way(NamedTuple):
    """A way to restore: its name in the figure, and what it restored, as `cases.read` gives it."""

    label: str
    kept: dict[str, cases.Kept]


class Test(NamedTuple):
    """The test images, complete and corrupted, uint8 (N, C, H, W), and mask, bool (N, 1, H, W)."""

    complete: np.ndarray
    corrupted: np.ndarray
    mask: np.ndarray

    @property
    def has_hole(self) -> bool:
        return bool(self.mask.any()) and not self.mask.all()

    def above(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """The rows of RGB images at the top of a figure: the originals and, where anything is, the corrupted."""
        top = {"original": figures.to_rgb(self.complete[images])}
        if self.mask.any():
            damaged = figures.to_rgb(self.corrupted[images])
            top["corrupted"] = figures.outlined(damaged, self.mask[images]) if self.has_hole else damaged
        return top

    def restored(self, images: np.ndarray, restored: np.ndarray) -> np.ndarray:
        """RGB, where there is a hole with the visible pixels put back."""
        mask = self.mask[images] if self.has_hole else np.ones_like(self.mask[images])
        return figures.to_rgb(np.where(mask, restored, self.corrupted[images]))


def best_ways(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each model, in the table's order, then the best of what needs none: each by the inference (`method`)
    that has the lowest `mean` of the error that the task is judged by.
    """
    here = compared.judged(table)
    rows = here.loc[here.groupby(["variant", "loss"], sort=False)["mean"].idxmin()]
    return rows.sort_values("variant", key=lambda names: names == "", kind="stable")


def hardest_first(ways: Sequence[Way]) -> np.ndarray:
    """The places in the draw of its images, by their error on average over the ways."""
    return np.argsort(-np.mean([way.kept["drawn"].error for way in ways], axis=0), kind="stable")


def draw_hard(ways: Sequence[Way], test: Test, outputs: tuple[str, str]) -> None:
    """The images of the draw that are hardest on average over the ways, hardest first."""
    hardest = hardest_first(ways)[:SHOWN]
    images = ways[0].kept["drawn"].images[hardest]
    rows = test.above(images)
    rows |= {way.label: test.restored(images, way.kept["drawn"].restored[hardest]) for way in ways}
    figures.draw_sheet([("", list(rows.values()))], list(rows), outputs)


def draw_extremes(way: Way, test: Test, outputs: tuple[str, str]) -> None:
    """The best and the worst restorations of the whole test set, with their errors below."""
    blocks, errors = [], []
    for heading, group in (("lowest error", "best"), ("highest error", "worst")):
        images, restored, error = (part[:SHOWN] for part in way.kept[group])
        rows = test.above(images) | {"restored": test.restored(images, restored)}
        blocks.append((heading, list(rows.values())))
        errors.append([f"{value:.2g}" for value in error])
    figures.draw_sheet(blocks, list(rows), outputs, errors)


def write_values(ways: Sequence[Way], best: Way, test: Test, outputs: Mapping[str, str]) -> None:
    """For the page: drawn images from the easiest to the hardest, evenly chosen, as one sheet (originals, corrupted
    ones if any, then each way's); and the errors, of these and of those in the figures.
    """
    order = hardest_first(ways)
    places = order[::-1][np.linspace(0, len(order) - 1, min(SHOWN, len(order))).round().astype(int)]
    images = ways[0].kept["drawn"].images[places]
    rows = test.above(images) | {way.label: test.restored(images, way.kept["drawn"].restored[places]) for way in ways}
    size = plots.write_sheet(outputs["images"], list(rows.values()), SIDE)
    known = []
    for way in ways:
        drawn = way.kept["drawn"].error
        means = {"drawn": float(drawn.mean()), "hardest": float(drawn[order[:SHOWN]].mean())}
        known.append({"name": way.label, "errors": plots.rounded(drawn[places]), **means})
    extremes = {group: plots.rounded(best.kept[group].error[:SHOWN]) for group in ("best", "worst")}
    of_images = {"rows": list(rows), "images": images.tolist(), "size": size, "count": len(order)}
    artifacts.write_json(outputs["values"], {"ways": known, "champion": best.label, **of_images, **extremes})


def main(files: Mapping[tuple[str, str], str], table: pd.DataFrame, test: Test, outputs: Mapping[str, str]) -> None:
    """files: variant and loss, both empty for the baselines, to the file of cases."""
    ways = []
    best = best_ways(table)
    for variant, loss, method in best[compared.NAME].itertuples(index=False):
        words = method.replace("_", " ")
        label = f"{figures.model_name(variant, loss)}, {words}" if variant else words
        ways.append(Way(label, cases.read(files[variant, loss], method, test.complete)))
    models = best[best["variant"] != ""]["mean"].to_numpy()
    draw_hard(ways, test, (outputs["hard_png"], outputs["hard_svg"]))
    best_way = ways[int(models.argmin())]
    draw_extremes(best_way, test, (outputs["cases_png"], outputs["cases_svg"]))
    write_values(ways, best_way, test, outputs)


if __name__ == "__main__":
    with jobs.running(snakemake):
        inputs = snakemake.input
        models = map(tuple, jobs.settings(snakemake)["models"])
        files = dict(zip(models, inputs.models, strict=True)) | {("", ""): inputs.baselines}
        complete = stored.read_dataset(inputs.dataset, "test")[0]["test"].images
        test = Test(complete, *stored.read_corrupted(inputs.test, complete))
        main(files, compared.read_intervals(inputs.intervals), test, dict(snakemake.output.items()))
