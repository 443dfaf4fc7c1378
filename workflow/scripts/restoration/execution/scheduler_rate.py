"""Scheduler rate: do not limit how many jobs a second start on this machine, unless the user asked for a limit.

To keep to a rate, Snakemake (9.27) looks once a second whether a job may start, and once more for each job that has
ended: after some dozens of jobs this takes a seventh of a core. Without this change, it does.
"""

from typing import Any

NAMES = ("snakemake.scheduling.job_scheduler:JobScheduler.job_rate_limiter",)
DEFAULT = (100, 1)  # jobs, and seconds: Snakemake's own limit


def lift(workflow: Any) -> None:
    """Take away the limit of Snakemake's scheduler. To be called in `onstart`: it is there, and has not begun."""
    rate = workflow.scheduling_settings.max_jobs_per_timespan
    if rate and workflow.local_exec and (rate.max_jobs, rate.timespan) == DEFAULT:
        workflow.scheduler.job_rate_limiter = None
