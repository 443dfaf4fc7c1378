"""Tamper check: make results again that were truncated, overwritten or edited since a job wrote them.

Snakemake compares a file's timestamp with those of the files made from it, and never asks whether the file is as its
job left it. Its records hold both answers: the timestamp at the job's end, and the checksum that later jobs read. A
file with another timestamp and another checksum was changed from outside. Without this change such a file stays, and
the jobs after it run on what it holds now.
"""

from typing import Any

OF_GRAPH = ("check_incomplete", "forcefiles", "depending", "max_checksum_file_size")
OF_RECORDS = ("metadata", "has_metadata", "input_checksums")
NAMES = (
    *(f"snakemake.dag:DAG.{name}" for name in OF_GRAPH),
    *(f"snakemake.persistence:PersistenceBase.{name}" for name in OF_RECORDS),
)
TOLERANCE = 0.001  # seconds, for timestamps that went through a file
changed: set[str] = set()  # the files that the last check found


def install() -> None:
    """Have Snakemake run the jobs of changed results again, as it does those of incomplete results."""
    from snakemake.dag import DAG

    check_incomplete = DAG.check_incomplete

    async def check_incomplete_and_changed(self: Any) -> None:
        await check_incomplete(self)
        changed.clear()
        changed.update([file for job in self.jobs for file in job.output if await _is_changed(self, job, file)])
        self.forcefiles.update(changed)

    DAG.check_incomplete = check_incomplete_and_changed


async def _is_changed(dag: Any, job: Any, file: Any) -> bool:
    known = dag.workflow.persistence
    record = known.metadata(file)
    if record is None or record.endtime is None or not await file.exists() or file.is_directory:
        return False
    if abs((await file.mtime()).local_or_storage() - record.endtime) < TOLERANCE:
        return False
    read = [known.input_checksums(after, str(file)) for after in dag.depending[job] if known.has_metadata(after)]
    sums = {one for several in read for one in several if one}
    return bool(sums) and not any([await file.is_same_checksum(one, dag.max_checksum_file_size) for one in sums])
