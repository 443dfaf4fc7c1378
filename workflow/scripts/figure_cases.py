"""Hard images side by side, restored by every model, and the best and worst restorations of a task's best model."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from restoration.comparison import interval_table
from restoration.config import true_label
from restoration.config.model_names import GIVEN_LABEL, way_name
from restoration.core import artifacts, script
from restoration.data import dataset_files, holes
from restoration.evaluation import best_worst_cases
from restoration.report import figure_style, plot_values

SHOWN = 10  # of each kind
LEAST = 0.0001  # of the errors below a column that are written out
EXTREME = ("best", "worst")
SIDE = 64  # pixels of an image that the page shows before and after its restoration


class Way(NamedTuple):
    """A way to restore: its name in the figure, and what it restored, as `best_worst_cases.read` gives it."""

    label: str
    kept: dict[str, best_worst_cases.Kept]


class Test(NamedTuple):
    """The test images, complete and corrupted, uint8 (N, C, H, W), and mask, bool (N, 1, H, W)."""

    complete: np.ndarray
    corrupted: np.ndarray
    mask: np.ndarray

    @property
    def has_hole(self) -> bool:
        return holes.has_hole(self.mask)

    def above(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """The rows of RGB images at the top of a figure: the originals and, where anything is, the corrupted."""
        top = {"original": figure_style.to_rgb(self.complete[images])}
        if self.mask.any():
            damaged = figure_style.to_rgb(self.corrupted[images])
            top["corrupted"] = figure_style.outlined(damaged, self.mask[images]) if self.has_hole else damaged
        return top

    def restored(self, images: np.ndarray, restored: np.ndarray) -> np.ndarray:
        """RGB, where there is a hole with the visible pixels put back."""
        mask = self.mask[images] if self.has_hole else np.ones_like(self.mask[images])
        return figure_style.to_rgb(np.where(mask, restored, self.corrupted[images]))


def best_ways(table: pd.DataFrame, labelled: Collection[str] = ()) -> pd.DataFrame:
    """One row for each model, in the table's order, then the best of what needs none: each by the inference (`method`)
    that has the lowest `mean` of the error that the task is judged by. Another one for the task's best model, if it has
    another inference there.

    given: whether the true label is given, which `labelled` variants are; best: the task's best model, among those
    without it, if there are any.
    """
    here = interval_table.ranking_rows(table)
    chosen = here.groupby(["variant", "loss"], sort=False)["mean"].idxmin().tolist()
    models = here[here["variant"] != ""]
    blind = true_label.without_label(models, labelled)
    best = (models if blind.empty else blind)["mean"].idxmin()
    given = ~here.index.isin(true_label.without_label(here, labelled).index)
    rows = here.assign(given=given, best=here.index == best).loc[list(dict.fromkeys([*chosen, best]))]
    return rows.sort_values("variant", key=lambda names: names == "", kind="stable")


def mean_errors(ways: Sequence[Way]) -> np.ndarray:
    """Of each image of the draw, on average over the ways."""
    return np.mean([way.kept["drawn"].error for way in ways], axis=0)


def hardest_first(ways: Sequence[Way]) -> np.ndarray:
    """The places in the draw of its images, by their error on average over the ways."""
    return np.argsort(-mean_errors(ways), kind="stable")


def captions(images: np.ndarray, errors: np.ndarray) -> list[str]:
    """What stands below each column: the number of the test image, and its error."""
    told = [f"{error:.2g}" if error >= LEAST else f"<{LEAST:g}" for error in errors]
    return [f"#{image}\n{error}" for image, error in zip(images, told, strict=True)]


def draw_hard(ways: Sequence[Way], test: Test, outputs: tuple[str, str]) -> None:
    """The images of the draw that are hardest on average over the ways, hardest first."""
    hardest = hardest_first(ways)[:SHOWN]
    images = ways[0].kept["drawn"].images[hardest]
    rows = test.above(images)
    rows |= {way.label: test.restored(images, way.kept["drawn"].restored[hardest]) for way in ways}
    errors = mean_errors(ways)[hardest]
    figure_style.draw_sheet([("", list(rows.values()))], list(rows), outputs, [captions(images, errors)])


def draw_extremes(way: Way, test: Test, outputs: tuple[str, str]) -> None:
    """The best and the worst restorations of the whole test set, with their numbers and errors below."""
    blocks, below = [], []
    for heading, group in (("lowest error", "best"), ("highest error", "worst")):
        images, restored, error = (part[:SHOWN] for part in way.kept[group])
        rows = test.above(images) | {"restored": test.restored(images, restored)}
        blocks.append((heading, list(rows.values())))
        below.append(captions(images, error))
    figure_style.draw_sheet(blocks, list(rows), outputs, below)


def write_values(ways: Sequence[Way], best: Way, test: Test, outputs: Mapping[str, str]) -> None:
    """For the page: drawn images from the easiest to the hardest, evenly chosen, as one sheet (originals, corrupted
    ones if any, then each way's); and the errors, of these and, with the images' numbers, of those in the figures.
    """
    order = hardest_first(ways)
    places = order[::-1][np.linspace(0, len(order) - 1, min(SHOWN, len(order))).round().astype(int)]
    images = ways[0].kept["drawn"].images[places]
    rows = test.above(images) | {way.label: test.restored(images, way.kept["drawn"].restored[places]) for way in ways}
    size = plot_values.write_sheet(outputs["images"], list(rows.values()), SIDE)
    known = []
    for way in ways:
        drawn = way.kept["drawn"].error
        means = {"drawn": float(drawn.mean()), "hardest": float(drawn[order[:SHOWN]].mean())}
        known.append({"name": way.label, "errors": plot_values.rounded(drawn[places]), **means})
    hardest = order[:SHOWN]
    of_figures = {"hardest": numbered(ways[0].kept["drawn"].images[hardest], mean_errors(ways)[hardest])}
    of_figures |= {key: numbered(best.kept[key].images[:SHOWN], best.kept[key].error[:SHOWN]) for key in EXTREME}
    of_images = {"rows": list(rows), "images": images.tolist(), "size": size, "count": len(order)}
    artifacts.write_json(outputs["values"], {"ways": known, "champion": best.label, **of_images, **of_figures})


def numbered(images: np.ndarray, errors: np.ndarray) -> dict[str, list]:
    """Test images by their numbers, with their errors."""
    return {"images": images.tolist(), "errors": plot_values.rounded(errors)}


def main(
    files: Mapping[tuple[str, str], str],
    table: pd.DataFrame,
    test: Test,
    outputs: Mapping[str, str],
    labelled: Collection[str] = (),
) -> None:
    """files: variant and loss, both empty for the baselines, to the file of cases; labelled: as of `best_ways`."""
    ways = []
    shown = best_ways(table, labelled)
    for row in shown.itertuples(index=False):
        label = way_name(row.variant + (GIVEN_LABEL if row.given else ""), row.loss, row.method)
        ways.append(Way(label, best_worst_cases.read(files[row.variant, row.loss], row.method, test.complete)))
    draw_hard(ways, test, (outputs["hard_png"], outputs["hard_svg"]))
    best_way = ways[int(shown["best"].to_numpy().argmax())]
    draw_extremes(best_way, test, (outputs["cases_png"], outputs["cases_svg"]))
    write_values(ways, best_way, test, outputs)


if __name__ == "__main__":
    with script.running(snakemake):
        inputs = snakemake.input
        job = script.settings(snakemake)
        models = map(tuple, job["models"])
        files = dict(zip(models, inputs.models, strict=True)) | {("", ""): inputs.baselines}
        complete = dataset_files.read_dataset(inputs.dataset, "test")[0]["test"].images
        test = Test(complete, *dataset_files.read_corrupted(inputs.test, complete))
        table = interval_table.read_intervals(inputs.intervals)
        main(files, table, test, dict(snakemake.output.items()), job["labelled"])
