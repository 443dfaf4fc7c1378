"""Snakemake's scheduler, kept from looking for jobs while there can be none to start."""

from typing import Any

USUAL = (100, 1)  # jobs, and seconds in which no more are started, if nothing else is asked for


def calm(workflow: Any) -> None:
    """Let jobs on this machine start at any rate, unless the user asked for one. To be called in `onstart`: the
    scheduler is there, and has not begun.

    To keep to a rate, Snakemake (9.27) looks once a second whether a job may start, and once more for each job that has
    ended: when some dozens have, it takes a seventh of a core. On one machine the cores are the limit.
    """
    rate = workflow.scheduling_settings.max_jobs_per_timespan
    if rate and workflow.local_exec and (rate.max_jobs, rate.timespan) == USUAL:
        workflow.scheduler.job_rate_limiter = None
