"""Put each task's champion into MLflow's model registry, where it is not there yet.

If that cannot be, one line says so, nothing is lost, and the next run tries again: the number of failures is a
parameter of this job.
"""

import logging
from pathlib import Path
from typing import Any

from restoration import artifacts, champions, jobs, model_registry
from restoration.errors import UserError, reason

EXAMPLES = 2  # images of the input example
logger = logging.getLogger("restoration.register")


def main(uri: str | None, champion_files: list[str], tests: list[str]) -> dict[str, str]:
    """Each model's name in the registry to the version that is the champion. tests: corrupted test images, a file each
    task.
    """
    versions = {}
    for path, test in zip(champion_files, tests, strict=True):
        champion = champions.read(path)
        if champion is None:
            continue
        corrupted, mask = (array[:EXAMPLES] for array in artifacts.read_npz(test, "corrupted", "mask"))
        request = model_registry.example(corrupted, mask, champion.takes_mask)
        version, new = model_registry.register(uri, path, champion, request)
        versions[model_registry.name(champion)] = version
        logger.info(
            "%s: %s version %s", model_registry.name(champion), "registered as" if new else "is already", version
        )
    return versions


def registered(made: str, failed_before: int, *arguments: Any) -> None:
    """Write `made`, which says what `main` found, or nothing where MLflow failed: then the failures are counted."""
    versions: dict[str, str] = {}
    try:
        versions = main(*arguments)
    except UserError:
        raise
    except Exception as error:
        logger.debug("", exc_info=True)
        logger.warning(
            "MLflow: the champions are not registered (%s); the results are not affected, the next run tries again",
            reason(error),
        )
        artifacts.write_text(Path(made).with_suffix(".failed"), f"{failed_before + 1}\n")
    artifacts.write_json(made, versions)


if __name__ == "__main__":
    with jobs.running(snakemake):
        inputs, failed_before = snakemake.input, jobs.settings(snakemake)["failed_before"]
        uri = snakemake.config.get("tracking", {}).get("uri")
        registered(snakemake.output[0], failed_before, uri, inputs.champions, inputs.tests)
