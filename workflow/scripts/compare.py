"""Put a task's models and baselines side by side: intervals over images and seeds, and paired differences."""

from collections.abc import Sequence
from itertools import groupby

from restoration.comparison import intervals
from restoration.core import artifacts, script


def entries(models: Sequence[tuple[str, str, int]], scores: Sequence[str], baselines: str) -> list[intervals.Entry]:
    """models: variant, loss and seed of each file of `scores`; the seeds of a model one after another."""
    named = zip(models, scores, strict=True)
    grouped = [
        intervals.Entry(variant, loss, [file for _, file in group])
        for (variant, loss), group in groupby(named, key=lambda pair: tuple(pair[0][:2]))
    ]
    return [*grouped, intervals.Entry("", "", [baselines])]


def main(job: dict, scores: Sequence[str], baselines: str, outputs: dict[str, str]) -> None:
    """job: `models`, as for `entries`, and `labelled`, the variants that are given the label.

    Write both tables, as Parquet and CSV, and the replicates, of which any two rows' difference can be made."""
    table, replicates = intervals.intervals(entries(job["models"], scores, baselines))
    against = intervals.differences(table, replicates, job["labelled"])
    for name, frame in (("intervals", table), ("differences", against)):
        artifacts.write_parquet(outputs[name], frame)
        with artifacts.replacing(outputs[f"{name}_csv"]) as part:
            frame.to_csv(part, index=False)
    artifacts.write_npz(outputs["replicates"], replicates=replicates.astype("float32"))


if __name__ == "__main__":
    with script.running(snakemake):
        inputs = snakemake.input
        main(script.settings(snakemake), inputs.scores, inputs.baselines, dict(snakemake.output.items()))
