"""What Snakemake's scheduler is told."""

import inspect
from types import SimpleNamespace

import pytest
from snakemake.scheduling import job_scheduler
from snakemake.settings.types import MaxJobsPerTimespan, SchedulingSettings

from restoration.execution import scheduler_rate


def limiter(asked: str, local: bool) -> job_scheduler.JobRateLimiter | None:
    rate = MaxJobsPerTimespan.parse_choice(asked)
    scheduler = SimpleNamespace(job_rate_limiter=job_scheduler.JobRateLimiter(rate))
    settings = SchedulingSettings(max_jobs_per_timespan=rate)
    scheduler_rate.lift(SimpleNamespace(scheduling_settings=settings, scheduler=scheduler, local_exec=local))
    return scheduler.job_rate_limiter


@pytest.mark.parametrize(
    ("asked", "local", "limited"),
    [("100/1s", True, False), ("100/1m", True, True), ("10/1s", True, True), ("100/1s", False, True)],
)
def test_jobs_on_this_machine_start_at_any_rate_but_one_of_the_users(asked, local, limited):
    assert (limiter(asked, local) is not None) is limited


def test_the_scheduler_asks_for_its_limiter_each_time():
    assert "self.job_rate_limiter is not None" in inspect.getsource(job_scheduler.JobScheduler.schedule)
