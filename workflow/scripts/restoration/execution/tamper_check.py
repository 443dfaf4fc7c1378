"""Results that are no longer what a job wrote: truncated, overwritten or edited between two runs, they are made again.

Snakemake looks at a file's time, to see whether what was made from it is out of date, and never asks whether the file
itself is as its job left it. It does keep both answers: the time at which the job left it, and the sum that the jobs
after it read. A file with another time and another sum was changed from outside.
"""

from typing import Any

from snakemake.dag import DAG

TOLERANCE = 0.001  # seconds, for times that went through a file


def install() -> None:
    """Make this process's Snakemake run the jobs of changed results again, as it does those of incomplete ones."""
    check_incomplete = DAG.check_incomplete

    async def check_incomplete_and_changed(self: Any) -> None:
        await check_incomplete(self)
        self.changed = {file for job in self.jobs for file in job.output if await _changed(self, job, file)}
        self.forcefiles.update(self.changed)

    DAG.check_incomplete = check_incomplete_and_changed


async def _changed(dag: Any, job: Any, file: Any) -> bool:
    known = dag.workflow.persistence
    record = known.metadata(file)
    if record is None or record.endtime is None or not await file.exists() or file.is_directory:
        return False
    if abs((await file.mtime()).local_or_storage() - record.endtime) < TOLERANCE:
        return False
    read = [known.input_checksums(after, str(file)) for after in dag.depending[job] if known.has_metadata(after)]
    sums = {one for several in read for one in several if one}
    return bool(sums) and not any([await file.is_same_checksum(one, dag.max_checksum_file_size) for one in sums])
