"""What a Snakefile is given so that `--touch` finishes each job at once, with a few bytes for each of its outputs.

Snakemake then has the records of a finished graph, and nothing was computed. Only the growth benchmark uses it.
"""

import json
from pathlib import Path
from typing import Any

from snakemake.executors.touch import Executor
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo


def run_job(self: Any, job: Any) -> None:
    for file in job.output:
        path = Path(file)
        if file.is_directory:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"stub": str(file)}), encoding="utf-8")
    submitted = SubmittedJobInfo(job=job)
    self.report_job_submission(submitted)
    self.report_job_success(submitted)


def install() -> None:
    Executor.run_job = run_job
