"""An execution that stops where nothing changes: a job is not run if what ran before it wrote the same bytes again.

Snakemake decides before the first job what will run: all that comes after a job that runs. It compares contents only
between executions. Here, when the jobs that one waits for have ended, it is asked the same questions once more, with
the files that are there now.
"""

from typing import Any

from snakemake.dag import DAG
from snakemake.settings.types import RerunTrigger


def install() -> None:
    """Prune the graph after each job of this process's Snakemake."""
    finish = DAG.finish

    async def finish_and_prune(self: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
        ready = await finish(self, job, *args, **kwargs)
        return await _prune(self, job) or ready

    DAG.finish = finish_and_prune


async def _prune(dag: Any, finished: Any) -> bool:
    """Take out of the graph what need not run any more, now that `finished` has; True if other jobs got ready."""
    if dag.workflow.dryrun or dag.workflow.touch:
        return False
    pending, pruned = list(finished if finished.is_group() else [finished]), False
    while pending:
        for job in list(dag.depending[pending.pop()]):
            if job in dag._ready_jobs and await _unchanged(dag, job):
                dag._ready_jobs.discard(job)
                dag._needrun.discard(job)
                dag._n_until_ready.pop(job, None)
                dag._len -= 1
                for waiting in dag.depending[job]:
                    if dag.needrun(waiting):
                        dag._n_until_ready[waiting] -= 1
                dag.update_ready([waiting for waiting in dag.depending[job] if dag.needrun(waiting)])
                pending.append(job)
                pruned = True
    return pruned


async def _unchanged(dag: Any, job: Any) -> bool:
    """Whether `job` has no reason to run but that an earlier one did, and would read the bytes it read last time."""
    known = dag.workflow.persistence
    if (
        RerunTrigger.CODE in dag.workflow.rerun_triggers
    ):  # in a profile of the user's: a question that is not asked here
        return False
    # Of a job after one that runs, Snakemake has asked nothing yet, not even whether it is asked for by name.
    if job.rule in dag.forcerules or not dag.forcefiles.isdisjoint(job.output):
        return False
    if not job.output or not known.has_metadata(job):
        return False
    if known.has_outdated_metadata(job) or known.params_changed(job) or await known.incomplete(job):
        return False
    if any(known.input_changed(job)) or any(known.software_stack_changed(job)):
        return False
    if [file async for file in job.missing_output(job.output)]:
        return False
    for file in job.input:
        sums = known.input_checksums(job, file)
        if len(sums) != 1 or None in sums or not await file.is_same_checksum(sums.pop(), dag.max_checksum_file_size):
            return False
    return True
