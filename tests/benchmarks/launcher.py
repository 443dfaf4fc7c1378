"""Runs a job's script, and leaves beside it what the job's CPU seconds and memory went into.

    launcher.py FOLDER PYTHON SCRIPT

runs a script that Snakemake starts; `in_fork_server` runs one that the fork server forks. FOLDER gets a JSON file a
job: rule, seconds of CPU in all (`cpu`) and in imports (`imports`), the peak of resident memory in bytes (`memory`),
and the seconds of CPU that the fork server had taken by then (`fork_server`; 0 of a job that Snakemake started).
"""

import json
import os
import resource
import runpy
import sys
import time
from functools import partial
from importlib import _bootstrap
from pathlib import Path
from typing import Any

MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024  # of what the system says of a process's peak
bootstrap: Any = _bootstrap  # its name for what the import statement calls is not public


class Imports:
    """CPU seconds of this process's imports, from now on."""

    def __init__(self) -> None:
        self.seconds, self.inside, self.load = 0.0, False, bootstrap._find_and_load
        bootstrap._find_and_load = self.timed

    def timed(self, *arguments: Any) -> Any:
        """Load a module; the outermost import counts."""
        if self.inside:
            return self.load(*arguments)
        self.inside, start = True, time.thread_time()
        try:
            return self.load(*arguments)
        finally:
            self.inside = False
            self.seconds += time.thread_time() - start


def rule(script: str) -> str:
    """Return the rule of a script: Snakemake calls its copy tmp<letters>.<name>.py."""
    return Path(script).name.split(".")[1]


def run(script: str, parts: Path) -> None:
    """Run the script in this process."""
    imports = Imports()
    sys.argv, sys.path[0] = [script], str(Path(script).parent)
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        parts.write_text(json.dumps({"imports": imports.seconds}), encoding="utf-8")


def main(folder: str, _python: str, script: str) -> None:
    """Run the script in a child of this small process, and record all that the child took, up to its end."""
    child = os.fork()
    parts = Path(folder) / f"{child or os.getpid()}.parts"
    if not child:
        run(script, parts)
        return
    _, status, usage = os.wait4(child, 0)
    seconds = json.loads(parts.read_text(encoding="utf-8")) if parts.exists() else {}
    cpu = usage.ru_utime + usage.ru_stime + time.process_time()
    content = {"rule": rule(script), "cpu": cpu, "memory": usage.ru_maxrss * MEMORY_UNIT, "fork_server": 0.0, **seconds}
    parts.with_suffix(".json").write_text(json.dumps(content), encoding="utf-8")
    sys.exit(os.waitstatus_to_exitcode(status))


def install(folder: str) -> None:
    """Make this process, a Snakemake, run all its scripts so."""
    from snakemake.script import PythonScript

    from restoration.execution import fork_server

    fork_server.run_script = partial(in_fork_server, folder)
    execute = PythonScript._execute_cmd

    def launched(self: Any, command: str, **named: Any) -> Any:
        return execute(self, f"{sys.executable} {__file__} {folder} {command}", **named)

    PythonScript._execute_cmd = launched


def in_fork_server(folder: str, script: str, variables: dict[str, str]) -> None:
    """Run a job of the fork server, in the place of `fork_server.run_script`."""
    import psutil

    from restoration.execution import fork_server

    imports = Imports()
    try:
        fork_server.run_script(script, variables)
    finally:
        usage, parent = resource.getrusage(resource.RUSAGE_SELF), psutil.Process(os.getppid()).cpu_times()
        content = {
            "rule": rule(script),
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * MEMORY_UNIT,
            "fork_server": parent.user + parent.system,
            "imports": imports.seconds,
        }
        (Path(folder) / f"{os.getpid()}.json").write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
