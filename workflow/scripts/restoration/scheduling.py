"""Snakemake's scheduler, kept from looking for jobs while there can be none to start."""

from typing import Any

USUAL = (100, 1)  # jobs, and seconds in which no more are started, if nothing else is asked for


def calm(workflow: Any) -> None:
    """Let jobs on this machine start at any rate, unless the user asked for one.

    To keep to a rate, Snakemake (9.27) looks once a second whether a job may start, and does so once more for each job
    that has ended: a sixth of a core, when some dozens have. On one machine its cores are the limit.
    """
    settings = workflow.scheduling_settings
    rate = settings and settings.max_jobs_per_timespan
    if rate and workflow.local_exec and (rate.max_jobs, rate.timespan) == USUAL:
        settings.max_jobs_per_timespan = None
