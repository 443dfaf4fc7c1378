"""Runs a job's script, and leaves beside it what the job's CPU seconds and memory went into.

    launcher.py FOLDER PYTHON SCRIPT

runs a script that Snakemake starts; `in_fork_server` runs one that the fork server forks. FOLDER gets a JSON file a
job: rule, seconds of CPU in all (`cpu`), in imports without MLflow's (`imports`), and in MLflow (`mlflow`: its import,
and the calls of its client), the peak of resident memory in bytes (`memory`), and the seconds of CPU that the fork
server had taken by then (`fork_server`; 0 of a job that Snakemake started).
"""

import json
import os
import resource
import runpy
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import _bootstrap
from pathlib import Path
from typing import Any

MLFLOW = "mlflow"
MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024  # of what the system says of a process's peak
bootstrap: Any = _bootstrap  # its name for what the import statement calls is not public


class Account:
    """CPU seconds by what they went into. The outermost call counts."""

    def __init__(self) -> None:
        self.seconds = {"imports": 0.0, MLFLOW: 0.0}
        self.inside = False

    def charged(self, kind: Callable[..., str], act: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap `act`: charge its CPU seconds to kind(its arguments)."""

        def charge(*arguments: Any, **named: Any) -> Any:
            if self.inside:
                return act(*arguments, **named)
            self.inside, start = True, time.thread_time()
            try:
                return act(*arguments, **named)
            finally:
                self.inside = False
                self.seconds[kind(*arguments)] += time.thread_time() - start

        return charge

    def watch_client(self) -> None:
        """Charge the calls of MLflow's client, once it is imported."""
        client = getattr(sys.modules.get(MLFLOW), "MlflowClient", None)
        if client is None or hasattr(client, "watched"):
            return
        client.watched = True
        for name, method in vars(client).copy().items():
            if callable(method) and not name.startswith("__"):
                setattr(client, name, self.charged(lambda *_: MLFLOW, method))

    def watch_imports(self) -> None:
        find_and_load = self.charged(
            lambda name, *_: MLFLOW if name.split(".")[0] == MLFLOW else "imports", bootstrap._find_and_load
        )

        def load(*arguments: Any) -> Any:
            module = find_and_load(*arguments)
            if not self.inside:
                self.watch_client()
            return module

        bootstrap._find_and_load = load


def rule(script: str) -> str:
    """Return the rule of a script: Snakemake calls its copy tmp<letters>.<name>.py."""
    return Path(script).name.split(".")[1]


def run(script: str, parts: Path) -> None:
    """Run the script in this process."""
    account = Account()
    account.watch_imports()
    sys.argv, sys.path[0] = [script], str(Path(script).parent)
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        parts.write_text(json.dumps(account.seconds), encoding="utf-8")


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

    account = Account()
    account.watch_imports()
    try:
        fork_server.run_script(script, variables)
    finally:
        usage, parent = resource.getrusage(resource.RUSAGE_SELF), psutil.Process(os.getppid()).cpu_times()
        content = {
            "rule": rule(script),
            "cpu": usage.ru_utime + usage.ru_stime,
            "memory": usage.ru_maxrss * MEMORY_UNIT,
            "fork_server": parent.user + parent.system,
            **account.seconds,
        }
        (Path(folder) / f"{os.getpid()}.json").write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
