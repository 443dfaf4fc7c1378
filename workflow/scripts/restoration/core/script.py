"""The first steps of every script. This module counts in the code of every script (`fingerprint.py`)."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from restoration.core import determinism, job_log, job_parameters


def settings(snakemake: Any) -> dict[str, Any]:
    """Return what the rule passed to `job` in common.smk, nested as it was there."""
    return job_parameters.read_settings(snakemake.params.settings)


@contextmanager
def running(snakemake: Any) -> Iterator[logging.Logger]:
    """Run a script's own part: with one thread, a log file, and one line of text on a UserError."""
    with job_log.logged(snakemake) as logger:
        determinism.set_up()
        yield logger
