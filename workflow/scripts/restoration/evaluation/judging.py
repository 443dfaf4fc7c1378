"""The measures of a restored image, and by which of them a task is judged.

A restoration has two outputs: `raw`, what the method returned, and `pasted`, the same with the visible pixels put back.
Each is measured over two regions: the `whole` image, and the `hole`, which is the hidden pixels of an image that also
has visible ones. Where a task hides nothing or everything, there is only the raw output over the whole image.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("mse", "psnr", "ssim", "accuracy")
BY_CLASSIFIER = ("accuracy",)  # measures by the classifier, which needs labels, and whole images
HIGHER_IS_BETTER = {"mse": False, "psnr": True, "ssim": True, "accuracy": True}
RANGE = {"mse": (0.0, 1.0), "psnr": (-float("inf"), 100.0), "ssim": (-1.0, 1.0), "accuracy": (0.0, 1.0)}  # of a mean
UNITS = {"mse": "MSE", "psnr": "PSNR, dB", "ssim": "SSIM", "accuracy": "accuracy"}
REGIONS = {"hole": "inside the hole", "whole": "over the whole image"}  # in words


class Criterion(NamedTuple):
    """The output, region and measure by which restorations are compared."""

    output: str
    region: str
    measure: str

    def rows(self, table: "pd.DataFrame") -> "pd.DataFrame":
        """Return the rows of this output and region; of a table with a row for each measure, those of this measure."""
        here = (table["output"] == self.output) & (table["region"] == self.region)
        return table[here & (table["measure"] == self.measure) if "measure" in table else here]


def region(regions: Iterable[str]) -> str:
    """Return the region that a task is judged by, from the regions of its scores: the hole, where there is one."""
    return "hole" if "hole" in set(regions) else "whole"


def ranking(regions: Iterable[str]) -> Criterion:
    """Return what methods are ranked by, in tables and figures: the error of what the method itself returned."""
    return Criterion("raw", region(regions), "mse")


def champion(regions: Iterable[str]) -> Criterion:
    """Return what the champion is chosen by: the error of what `snakemake restore` writes, visible pixels put back.

    The best by `ranking` is the best here as well, because both outputs are equal inside the hole. Only the name of
    the output differs, which stands in the champion's file.
    """
    judged = region(regions)
    return Criterion("pasted" if judged == "hole" else "raw", judged, "mse")


def likeness(regions: Iterable[str]) -> Criterion:
    """Return what says how alike the whole restored image looks, hole and surroundings together."""
    return Criterion(champion(regions).output, "whole", "ssim")
