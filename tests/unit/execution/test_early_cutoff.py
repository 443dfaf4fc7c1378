"""Early cutoff in a small graph of its own, whose first job writes the same bytes in each run."""

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from restoration.execution import early_cutoff, patches

SCRIPTS = Path(early_cutoff.__file__).parents[2]
# a -> b -> c, and c also reads d. Each run has other parameters of a.
SNAKEFILE = f"""
import os, sys
sys.path.insert(0, {str(SCRIPTS)!r})
from restoration.execution import early_cutoff, patches
if workflow.is_main_process:
    for _ in range(2):  # as when two Snakefiles are parsed
        patches.install(early_cutoff)
if "NEW_REASON" in os.environ:  # the rule that has a reason which no Snakemake has today
    from snakemake import dag
    class Reason(dag.Reason):
        full_moon = False
    async def ask_the_moon(self, ask=dag.DAG.update_needrun, **named):
        await ask(self, **named)
        for job in self.jobs:
            self.reason(job).full_moon = job.rule.name == os.environ["NEW_REASON"]
    dag.Reason, dag.DAG.update_needrun = Reason, ask_the_moon

rule c:
    default_target: True
    input: "b", "d"
    output: "c"
    shell: "echo c >> ran; cat {{input}} > {{output}}"
rule b:
    input: "a"
    output: "b"
    params: os.environ["B"]
    shell: "echo b >> ran; cp {{input}} {{output}}"
rule a:
    output: "a"
    params: os.environ["A"]
    shell: "echo a >> ran; touch {{output}}"
rule d:
    output: "d"
    shell: "echo d >> ran; touch {{output}}"
"""
# Jobs that Snakemake takes for those of a cluster, where alone it makes groups.
EXECUTOR = """
import subprocess
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from snakemake_interface_executor_plugins.settings import CommonSettings

common_settings = CommonSettings(
    non_local_exec=True, implies_no_shared_fs=False, job_deploy_sources=False, init_seconds_before_status_checks=0
)

class Executor(RemoteExecutor):
    def run_job(self, job):
        process = subprocess.Popen(self.format_job_exec(job), shell=True)
        self.report_job_submission(SubmittedJobInfo(job, external_jobid="1", aux={"process": process}))
    async def check_active_jobs(self, active_jobs):
        for info in active_jobs:
            status = info.aux["process"].poll()
            if status is None:
                yield info
            elif status:
                self.report_job_error(info, msg="failed")
            else:
                self.report_job_success(info)
    def cancel_jobs(self, active_jobs):
        for info in active_jobs:
            info.aux["process"].kill()
"""
GROUPS = ("--executor", "here", "--jobs", "1", "--groups", "b=g", "c=g", "--seconds-between-status-checks", "1")


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Run the graph; return the rules that ran, in order."""
    folder, number = tmp_path_factory.mktemp("graph"), count()
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "snakemake_executor_plugin_here").mkdir()
    (folder / "snakemake_executor_plugin_here/__init__.py").write_text(EXECUTOR)

    def run(*arguments: str, **variables: str) -> str:
        (folder / "ran").unlink(missing_ok=True)
        command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(folder), "A": str(next(number)), "B": "", **variables}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return (folder / "ran").read_text().replace("\n", "")

    assert sorted(run()) == ["a", "b", "c", "d"]
    return run


def test_a_job_runs_for_its_own_reasons_only(ran):
    assert ran() == "a"
    assert ran(B="another") == "ab"
    assert ran("--forcerun", "a", "c", B="another") == "ac"
    assert ran() == "ab"


def test_a_reason_that_no_one_knows_is_a_reason(ran):
    assert ran(NEW_REASON="b") == "ab"
    assert ran(NEW_REASON="c") == "ac"


@pytest.mark.long
def test_a_group_is_skipped_as_a_whole(ran):
    assert ran(*GROUPS) == "a"
    assert ran(*GROUPS, B="another") == "abc"
    assert ran() == "ab"


def test_switched_off(ran):
    assert ran(**{patches.SWITCH: "1"}) == "abc"
