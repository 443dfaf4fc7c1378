"""Hard images side by side, restored by every model, and the best and worst restorations of a task's best model."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from restoration.comparison import interval_table
from restoration.config import true_label
from restoration.config.model_names import GIVEN_LABEL, way_name
from restoration.core import artifacts, script
from restoration.data.dataset_files import Images
from restoration.evaluation import best_worst_cases
from restoration.report import figure_style, image_sheets

SHOWN = 10  # hard images, best images and worst images
LEAST = 0.0001  # a smaller error is written as '<0.0001'
SIDE = 64  # pixels of an image that the page shows before and after its restoration


class Restorer(NamedTuple):
    """A model with its inference, or a baseline: its name in the figure and its restorations."""

    label: str
    kept: dict[str, best_worst_cases.Kept]


def best_restorers(table: pd.DataFrame, labelled: Collection[str] = ()) -> pd.DataFrame:
    """Choose a row of the intervals for each model, by the lowest judged error, and one for the best baseline.

    Models keep the order of the table. The best model of the task has a second row if another inference serves it best
    without the true label. Two columns are added: `given`, whether the row is given the true label, as variants in
    `labelled` are, and `best`, True for the best model, which is not given the label unless all models are.
    """
    here = interval_table.ranking_rows(table)
    chosen = here.groupby(["variant", "loss"], sort=False)["mean"].idxmin().tolist()
    models = here[here["variant"] != ""]
    blind = true_label.without_label(models, labelled)
    best = (models if blind.empty else blind)["mean"].idxmin()
    given = ~here.index.isin(true_label.without_label(here, labelled).index)
    rows = here.assign(given=given, best=here.index == best).loc[list(dict.fromkeys([*chosen, best]))]
    return rows.sort_values("variant", key=lambda names: names == "", kind="stable")


def mean_errors(restorers: Sequence[Restorer]) -> np.ndarray:
    """Return the error of each drawn image, averaged over the restorers."""
    return np.mean([one.kept["drawn"].error for one in restorers], axis=0)


def hardest_first(restorers: Sequence[Restorer]) -> np.ndarray:
    """Return the indices of the drawn images in the draw, by falling mean error."""
    return np.argsort(-mean_errors(restorers), kind="stable")


def captions(images: np.ndarray, errors: np.ndarray) -> list[str]:
    """Return the texts below the columns: the number of the test image, and its error."""
    written = [f"{error:.2g}" if error >= LEAST else f"<{LEAST:g}" for error in errors]
    return [f"#{image}\n{error}" for image, error in zip(images, written, strict=True)]


def drawn_rows(restorers: Sequence[Restorer], test: Images, places: np.ndarray) -> dict[str, np.ndarray]:
    """Return rows of RGB images at these indices of the draw: originals, corrupted images, then each restorer's."""
    images = restorers[0].kept["drawn"].images[places]
    restored = {one.label: image_sheets.pasted(test, images, one.kept["drawn"].restored[places]) for one in restorers}
    return image_sheets.top_rows(test, images) | restored


def draw_hard(restorers: Sequence[Restorer], test: Images, outputs: tuple[str, str]) -> None:
    """Draw the images of the draw with the highest mean error, hardest first."""
    hardest = hardest_first(restorers)[:SHOWN]
    rows = drawn_rows(restorers, test, hardest)
    below = captions(restorers[0].kept["drawn"].images[hardest], mean_errors(restorers)[hardest])
    image_sheets.draw([("", list(rows.values()))], list(rows), outputs, [below])


def draw_extremes(best: Restorer, test: Images, outputs: tuple[str, str]) -> None:
    """Draw the best and the worst restorations of the whole test set, with their numbers and errors below."""
    blocks, below = [], []
    for heading, group in (("lowest error", "best"), ("highest error", "worst")):
        images, restored, error = (part[:SHOWN] for part in best.kept[group])
        rows = image_sheets.top_rows(test, images) | {"restored": image_sheets.pasted(test, images, restored)}
        blocks.append((heading, list(rows.values())))
        below.append(captions(images, error))
    image_sheets.draw(blocks, list(rows), outputs, below)


def write_values(restorers: Sequence[Restorer], best: Restorer, test: Images, outputs: Mapping[str, str]) -> None:
    """Write a sheet of drawn images, from easy to hard, evenly chosen, their errors, and those of both figures."""
    order = hardest_first(restorers)
    places = order[::-1][np.linspace(0, len(order) - 1, min(SHOWN, len(order))).round().astype(int)]
    rows = drawn_rows(restorers, test, places)
    size = image_sheets.write(outputs["images"], list(rows.values()), SIDE)
    images, hardest = restorers[0].kept["drawn"].images, order[:SHOWN]
    known = []
    for one in restorers:
        drawn = one.kept["drawn"].error
        means = {"drawn": float(drawn.mean()), "hardest": float(drawn[hardest].mean())}
        known.append({"name": one.label, "errors": figure_style.rounded(drawn[places]), **means})
    in_figures = {"hardest": numbered(images[hardest], mean_errors(restorers)[hardest])}
    in_figures |= {key: numbered(best.kept[key].images, best.kept[key].error) for key in ("best", "worst")}
    of_images = {"rows": list(rows), "images": images[places].tolist(), "size": size, "count": len(order)}
    artifacts.write_json(outputs["values"], {"ways": known, "champion": best.label, **of_images, **in_figures})


def numbered(images: np.ndarray, errors: np.ndarray) -> dict[str, list]:
    """Return the numbers of the first SHOWN test images with their errors."""
    return {"images": images[:SHOWN].tolist(), "errors": figure_style.rounded(errors[:SHOWN])}


def main(
    files: Mapping[tuple[str, str], str],
    table: pd.DataFrame,
    test: Images,
    outputs: Mapping[str, str],
    labelled: Collection[str] = (),
) -> None:
    """Draw both figures and write their values. files: of cases, by (variant, loss), ('', '') for the baselines."""
    restorers, rows = [], best_restorers(table, labelled)
    for row in rows.itertuples(index=False):
        label = way_name(row.variant + (GIVEN_LABEL if row.variant and row.given else ""), row.loss, row.method)
        kept = best_worst_cases.read(files[row.variant, row.loss], row.method, test.complete)
        restorers.append(Restorer(label, kept))
    best = restorers[int(rows["best"].to_numpy().argmax())]
    draw_hard(restorers, test, (outputs["hard_png"], outputs["hard_svg"]))
    draw_extremes(best, test, (outputs["cases_png"], outputs["cases_svg"]))
    write_values(restorers, best, test, outputs)


if __name__ == "__main__":
    with script.running(snakemake):
        inputs, job = snakemake.input, script.settings(snakemake)
        files = dict(zip(map(tuple, job["models"]), inputs.models, strict=True)) | {("", ""): inputs.baselines}
        table = interval_table.read_intervals(inputs.intervals)
        test = image_sheets.read_images(inputs.dataset, inputs.test)
        main(files, table, test, dict(snakemake.output.items()), job["labelled"])
