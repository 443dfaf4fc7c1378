"""Write the report, one page that needs no network and no other file, and the table behind it."""

import logging
from pathlib import Path

from restoration.comparison import models_table
from restoration.core import artifacts, script
from restoration.data import dataset_files
from restoration.report import page

LARGE = 10_000_000  # bytes; mail and browsers open a smaller page without a wait


def warn_of_size(path: str, logger: logging.Logger) -> None:
    """Warn the user of a page so large that mail and browsers are slow."""
    size = Path(path).stat().st_size
    if size > LARGE:
        reason = "its pictures lie within it; fewer tasks, variants or a smaller `size` of the images make it smaller"
        logger.warning("%s takes %.0f MB: %s", path, size / 1e6, reason)


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        job, inputs, outputs = script.settings(snakemake), snakemake.input, snakemake.output
        models = list(zip(job["models"], inputs.metrics, inputs.trainings, strict=True))
        table = models_table.collect(models, list(zip(job["settings"]["tasks"], inputs.baselines, strict=True)))
        with artifacts.replacing(outputs.table) as part:
            table.to_csv(part, index=False)
        splits, _ = dataset_files.read_dataset(inputs.dataset, "train", "validation", "test")
        sizes = {name: len(split.labels) for name, split in splits.items()}
        artifacts.write_text(outputs.page, page.render(job, inputs, outputs.table, table, sizes))
        warn_of_size(outputs.page, logger)
