"""Put each task's champion into MLflow's model registry, where it is not there yet.

What the server did not take of the runs before is sent first. If that cannot be, one line says so, nothing is lost, and
the next run tries again: the number of failures is a parameter of this job.
"""

import logging
from pathlib import Path
from typing import Any

from restoration.core import artifacts, script
from restoration.core.errors import UserError
from restoration.tracking import mirror, mlflow_store, model_registry, unsent

logger = logging.getLogger("restoration.register")


def registered(made: str, failed_before: int, uri: str | None, champions: list[str], tests: list[str]) -> None:
    """Write `made`, which says what is registered, or nothing where MLflow failed: then the failures are counted, in a
    file beside it that has what another try needs to know. tests: corrupted test images, a file each task.
    """
    versions: dict[str, str] = {}
    about: dict[str, Any] = {"failures": failed_before}
    try:
        mirror.flush(uri)
        versions = model_registry.register_all(uri, champions, tests)
    except UserError:
        raise
    except Exception as error:
        logger.debug("", exc_info=True)
        logger.warning(
            "MLflow: the champions are not registered (%s); the results are not affected, the next run tries again, or "
            "`%s`",
            mlflow_store.why(error),
            unsent.COMMAND,
        )
        about = {"failures": failed_before + 1, "uri": uri, "champions": champions, "tests": tests}
    failed = Path(made).with_suffix(".failed")
    if len(about) > 1 or failed.exists():
        artifacts.write_json(failed, about)
    artifacts.write_json(made, versions)


if __name__ == "__main__":
    with script.running(snakemake):
        inputs, failed_before = snakemake.input, script.settings(snakemake)["failed_before"]
        uri = snakemake.config.get("tracking", {}).get("uri")
        registered(snakemake.output[0], failed_before, uri, list(inputs.champions), list(inputs.tests))
