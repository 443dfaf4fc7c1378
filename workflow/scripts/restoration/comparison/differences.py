"""The table of differences of a task: each way to restore against the best one, and who is called better.

Differences are paired by image: both rows of a replicate are means over the same drawn images. A row is better, or
worse, if the 95 % interval of its difference leaves out 0; otherwise the two are not told apart.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from restoration.comparison import bootstrap
from restoration.comparison.interval_table import KEYS, WAY, ranking_rows, read_table
from restoration.config.true_label import without_label
from restoration.evaluation import judging

COLUMNS = [*KEYS, "against", *(f"reference_{name}" for name in WAY)]
COLUMNS += ["difference", "low", "high", "better", "seeds", "reference_seeds", "images"]


def differences(table: pd.DataFrame, replicates: np.ndarray, labelled: Collection[str] = ()) -> pd.DataFrame:
    """Return the differences by error and by likeness: to the task's best, and to its best baseline (`against`).

    table and replicates: as from `intervals`; labelled: the variants that are given the true label. `better`: better,
    worse or undecided; empty for the reference itself. The best is chosen on the same images, which makes its lead over
    the next look somewhat larger than it is. The best is never given the true label, which images from elsewhere do not
    have; so another row may be better. Baselines that make no error are left out, because nothing was corrupted.
    """
    regions, judged = table["region"], ranking_rows(table)
    erring = judged.loc[judged["variant"] == "", "method"]
    kept = table[(table["variant"] != "") | table["method"].isin(erring)]
    rows = []
    for criterion in (judging.ranking(regions), judging.likeness(regions)):
        here = criterion.rows(kept)
        for against, among in (("best", without_label(here, labelled)), ("best_baseline", here[here["variant"] == ""])):
            if among.empty:
                continue
            higher = judging.HIGHER_IS_BETTER[criterion.measure]
            best = among["mean"].idxmax() if higher else among["mean"].idxmin()
            for row in here.index:
                rows.append(_difference(table, replicates, row, best, higher) | {"against": against})
    return pd.DataFrame(rows, columns=COLUMNS)


def _difference(table: pd.DataFrame, replicates: np.ndarray, row: Any, best: Any, higher: bool) -> dict[str, Any]:
    own, reference = table.loc[row], table.loc[best]
    low, high = map(float, bootstrap.interval(replicates[row] - replicates[best]))
    better, worse = (low > 0, high < 0) if higher else (high < 0, low > 0)
    verdict = "" if row == best else "better" if better else "worse" if worse else "undecided"
    figures = {"difference": own["mean"] - reference["mean"], "low": low, "high": high, "better": verdict}
    of = {f"reference_{name}": reference[name] for name in [*WAY, "seeds"]}
    return {**own[[*KEYS, "seeds", "images"]].to_dict(), **of, **figures}


def read_differences(path: str | Path) -> pd.DataFrame:
    """Read the table: KEYS, against and better, and in numbers difference, low and high. Raises DamagedFile."""
    return read_table(path, [*KEYS, "against"], ["better"], ["difference", "low", "high"])
