"""Write the DVC pipeline that does what the Snakemake workflow of this folder does: dvc.yaml, params.yaml, stages.json.

To be run in a copy of the working tree, with its configuration files as arguments. A stage is a job of the real graph:
it has the same inputs and outputs, depends on the files of code that the job's parameters name, and has the other
parameters by name. A user of DVC would keep the first two files by hand; stages.json is for dvc_stage.py, which runs
the jobs' scripts.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

RUNNER = "tests/benchmarks/dvc_stage.py"
SCRIPTS = "workflow/scripts"
MLFLOW = "results/mlflow/"  # a record beside the results, which no stage reads


def jobs(configuration: list[str]) -> Iterator[tuple[Any, dict]]:
    """Yield all jobs of Snakemake, those without reason to run too, and the configuration."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as api:
        loaded = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[Path(name) for name in configuration]),
            snakefile=Path("Snakefile"),
        )
        loaded.dag(DAGSettings(forceall=True))
        workflow = loaded._workflow  # as Snakemake's own printdag does; there is no public way to a list of jobs
        workflow._prepare_dag(forceall=True, ignore_incomplete=True, lock_warn_only=True)
        workflow._build_dag()
        for job in workflow.dag.jobs:
            if job.rule.script and not all(path.startswith(MLFLOW) for path in job.output):
                yield job, workflow.config


def named(values: Any) -> dict[str, Any]:
    """Convert a list of Snakemake's, whose entries may have names, for JSON."""
    return {
        "all": [str(value) for value in values],
        "names": {name: value if isinstance(value, str) else list(map(str, value)) for name, value in values.items()},
    }


def stage(job: Any, config: dict) -> tuple[dict, dict, dict]:
    """Return a job's entries in dvc.yaml, params.yaml and stages.json."""
    params = dict(job.params.items())
    code = params.pop("code")
    about = {
        "rule": job.rule.name,
        "script": f"{SCRIPTS}/{Path(job.rule.script).name}",
        "input": named(job.input),
        "output": named(job.output),
        "wildcards": named(job.wildcards),
        "log": list(job.log),
        "threads": job.threads,
        "code": list(code),
        "config": config,
    }
    inputs = [path for path in about["input"]["all"] if not path.startswith(MLFLOW)]
    modules = [f"{SCRIPTS}/{line.split(' = ')[0]}" for line in code]
    entry = {"deps": sorted({*inputs, *modules}), "outs": about["output"]["all"]}
    return entry, {name: dict(line.split(" = ", 1) for line in lines) for name, lines in params.items()}, about


def main(configuration: list[str]) -> None:
    pipeline, parameters, stages = {}, {}, {}
    for job, config in jobs(configuration):
        name = re.sub(r"[^\w-]", "_", "-".join([job.rule.name, *job.wildcards]))
        entry, parameters[name], stages[name] = stage(job, config)
        pipeline[name] = {"cmd": f"{sys.executable} {RUNNER} {name}", **entry, "params": [name]}
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": pipeline}, sort_keys=False), encoding="utf-8")
    Path("params.yaml").write_text(yaml.safe_dump(parameters, sort_keys=False), encoding="utf-8")
    Path("stages.json").write_text(json.dumps(stages), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
