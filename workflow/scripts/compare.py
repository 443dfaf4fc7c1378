"""Compare a task's models and baselines: intervals over images and seeds, and paired differences."""

from collections.abc import Sequence
from itertools import groupby

from restoration.comparison.differences import differences
from restoration.comparison.interval_table import Entry, intervals
from restoration.core import artifacts, script


def entries(models: Sequence[tuple[str, str, int]], scores: Sequence[str], baselines: str) -> list[Entry]:
    """Group the files by model. models: variant, loss and seed of each file; the seeds of a model are neighbours."""
    named = zip(models, scores, strict=True)
    grouped = [
        Entry(variant, loss, [file for _, file in group])
        for (variant, loss), group in groupby(named, key=lambda pair: tuple(pair[0][:2]))
    ]
    return [*grouped, Entry("", "", [baselines])]


def main(job: dict, scores: Sequence[str], baselines: str, outputs: dict[str, str]) -> None:
    """Write both tables, as Parquet and CSV, and the replicates, which give the interval of any two rows' difference.

    job: `models`, as for `entries`, and `labelled`, the variants that are given the label.
    """
    table, replicates = intervals(entries(job["models"], scores, baselines))
    tables = {"intervals": table, "differences": differences(table, replicates, job["labelled"])}
    for name, frame in tables.items():
        artifacts.write_parquet(outputs[name], frame)
        with artifacts.replacing(outputs[f"{name}_csv"]) as part:
            frame.to_csv(part, index=False)
    artifacts.write_npz(outputs["replicates"], replicates=replicates.astype("float32"))


if __name__ == "__main__":
    with script.running(snakemake):
        inputs = snakemake.input
        main(script.settings(snakemake), inputs.scores, inputs.baselines, dict(snakemake.output.items()))
