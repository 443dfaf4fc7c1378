"""Early cutoff: skip jobs whose inputs were rewritten with the same bytes.

Snakemake decides before the first job which jobs run: all that come after a job that runs. Here, when a job has ended,
Snakemake is asked once more about the jobs, or groups, that only waited for it. They are skipped if Snakemake then sees
no reason to run them, and if their inputs have the checksums that their last run recorded. Without this change they
run, and write the same bytes again.
"""

from collections import defaultdict
from copy import copy
from typing import Any

METHODS = ("finish", "update_needrun", "toposorted", "update_ready", "get_job_group", "reason", "needrun")
STATE = ("_needrun", "_ready_jobs", "_n_until_ready", "_len", "_reason", "_checkpoint_jobs", "depending")
NAMES = (
    *(f"snakemake.dag:DAG.{name}" for name in (*METHODS, *STATE)),
    "snakemake.persistence:PersistenceBase.input_checksums",
    "snakemake.jobs:Job.missing_output",
)
# What Snakemake's Reason holds besides reasons, and the one reason that early cutoff takes back: an earlier job ran.
# Everything else there, also what a later Snakemake adds, is a reason to run.
NO_REASON = {"derived", "cleanup_metadata_instructions", "_updated_input_run", "updated_input_run"}


def install() -> None:
    """Have Snakemake look for jobs to skip after each job that ends."""
    from snakemake.dag import DAG

    finish = DAG.finish

    async def finish_and_skip(self: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        ready = await finish(self, job, *args, **kwargs)
        return await _skip_after(self, job) or ready

    DAG.finish = finish_and_skip


async def _skip_after(dag: Any, finished: Any) -> bool:
    """Take the jobs that need not run any more out of the graph; return whether other jobs got ready."""
    if dag.workflow.dryrun or dag.workflow.touch:
        return False
    ended, skipped = _jobs(finished), False
    while ended:
        after = ended.pop()
        for unit in {dag.get_job_group(job) or job for job in dag.depending[after]}:
            if unit in dag._ready_jobs and not [job for job in _jobs(unit) if await _is_due(dag, job)]:
                _skip(dag, unit)
                ended += _jobs(unit)
                skipped = True
    return skipped


def _jobs(unit: Any) -> list[Any]:
    """Return the jobs of a group, the first to run first, or a job alone."""
    return [job for level in unit.toposorted for job in level] if unit.is_group() else [unit]


def _skip(dag: Any, unit: Any) -> None:
    jobs = _jobs(unit)
    dag._ready_jobs.discard(unit)
    dag._needrun.difference_update(jobs)
    dag._len -= len(jobs)
    waiting = [after for job in jobs for after in dag.depending[job] if dag.needrun(after)]
    for job in jobs:
        dag._n_until_ready.pop(job, None)
    for job in waiting:  # as often as it waits for a job of this unit
        dag._n_until_ready[job] -= 1
    dag.update_ready(waiting)


async def _is_due(dag: Any, job: Any) -> bool:
    """Return whether `job`, for which no other has to run any more, has a reason of its own to run."""
    if not job.output or _has_reason(dag.reason(job)) or [file async for file in job.missing_output(job.output)]:
        return True
    for file in job.input:  # times would do for Snakemake; those of another machine's clock may mislead
        sums = dag.workflow.persistence.input_checksums(job, file)
        if len(sums) != 1 or not await file.is_same_checksum(sums.pop(), dag.max_checksum_file_size):
            return True
    # Of a job after one that runs, Snakemake has asked nothing yet: ask for this job alone, in a graph of it alone.
    alone = copy(dag)
    alone.toposorted = lambda: [[job]]
    alone._needrun, alone._ready_jobs, alone._checkpoint_jobs = set(), set(), set()
    alone._n_until_ready, alone._reason = defaultdict(int), defaultdict(type(dag.reason(job)))
    await alone.update_needrun()
    return alone.needrun(job) or _has_reason(alone.reason(job))


def _has_reason(reason: Any) -> bool:
    names = {*getattr(type(reason), "__slots__", ()), *getattr(reason, "__dict__", ())} - NO_REASON
    return any(getattr(reason, name, None) for name in names)
