"""What Snakemake's scheduler is asked for."""

from types import SimpleNamespace

import pytest
from snakemake.settings.types import MaxJobsPerTimespan, SchedulingSettings

from restoration import scheduling


def rate_of(asked: str, local: bool = True) -> MaxJobsPerTimespan | None:
    settings = SchedulingSettings(max_jobs_per_timespan=MaxJobsPerTimespan.parse_choice(asked))
    scheduling.calm(SimpleNamespace(scheduling_settings=settings, local_exec=local))
    return settings.max_jobs_per_timespan


def test_jobs_on_this_machine_start_at_any_rate():
    assert rate_of("100/1s") is None


@pytest.mark.parametrize(("asked", "local"), [("100/1m", True), ("10/1s", True), ("100/1s", False)])
def test_a_rate_of_the_users_and_a_clusters_stay(asked, local):
    assert rate_of(asked, local) is not None


def test_nothing_is_scheduled_where_nothing_runs():
    scheduling.calm(SimpleNamespace(scheduling_settings=None, local_exec=True))
