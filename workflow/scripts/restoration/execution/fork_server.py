"""Fork server: one process beside a run that has loaded torch, and from which the jobs of this machine are forked.

So torch is loaded once, and not in 1 to 2 s by each of many short jobs. It is the standard library's fork server, and
each job is a process of its own. Snakemake starts a script as it always does where torch may be another one (as in
conda's environments), where a prefix of the shell is to stand before the script, until the fork server has loaded what
it is to load, and when the fork server fails. Without this change, it does so for all scripts.
"""

import ctypes
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import connection, forkserver
from pathlib import Path
from types import ModuleType
from typing import Any

ELSEWHERE = ("conda_env", "container_img", "env_modules", "shadow_dir", "bench_record")
NAMES = (
    *(f"snakemake.script:PythonScript.{name}" for name in ("execute_script", "resources", *ELSEWHERE)),
    *(f"snakemake.shell:shell.{name}" for name in ("_process_prefix", "_process_suffix")),
    "multiprocessing.forkserver:ensure_running",
)
PRELOADED = "restoration.execution.fork_server_imports"
ENOUGH = 4  # jobs that use torch: fewer have loaded it themselves as soon
LIBRARIES = ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")  # whose threads Snakemake sets to those of a rule
ONE_THREAD = {**{f"{name}_NUM_THREADS": "1" for name in LIBRARIES}, "VECLIB_MAXIMUM_THREADS": "1"}
PR_SET_NAME, NAME_LENGTH = 15, 15


class ForkServer:
    """The process that jobs are forked from. To be made in Snakemake's main thread: it ends with that thread."""

    def __init__(self) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload([PRELOADED])
        self.loaded = threading.Event()
        self.lock = threading.Lock()  # or one thread takes the status of another's job
        before = os.environ.get("PYTHONPATH", "")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [before])])
        try:
            forkserver.ensure_running()
        finally:
            os.environ["PYTHONPATH"] = before  # an empty one is as good as none
        threading.Thread(target=self._wait_until_loaded, daemon=True).start()

    def _wait_until_loaded(self) -> None:
        with suppress(Exception):  # then it has not loaded, and Snakemake starts all scripts
            if self.run(int) == 0:  # a process that has nothing to do
                self.loaded.set()

    def run(self, act: Callable[..., object], *arguments: Any) -> int:
        """Run act(*arguments) in a process of its own; return its exit status, below 0 if a signal ended it.

        act: a function that pickle finds by its name. Raises OSError or EOFError where the fork server is gone.
        """
        job = self.context.Process(target=act, args=arguments)
        with self.lock:
            # multiprocessing runs the main program's file again in each process that it starts: here `snakemake`.
            main, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
            try:
                job.start()
            finally:
                sys.modules["__main__"] = main
        connection.wait([job.sentinel])
        with self.lock:
            job.join()
            assert job.exitcode is not None
            return job.exitcode


def pays(workflow: Any) -> bool:
    """Return whether enough of the jobs that Snakemake is about to run use torch, and can be forked."""
    if sys.platform != "linux" or not workflow.local_exec:
        return False
    return sum("torch = " in str(job.params.get("packages")) for job in workflow.dag.needrun_jobs()) >= ENOUGH


def install() -> None:
    """Start a fork server, and have Snakemake run scripts in it where they can be."""
    from snakemake.script import PythonScript
    from snakemake.shell import shell

    server = ForkServer()
    execute_in_shell = PythonScript.execute_script

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        shells = (shell._process_prefix, shell._process_suffix or None, self.resources.get("shell_exec"))
        elsewhere = any(part is not None for part in (*(getattr(self, name) for name in ELSEWHERE), *shells))
        if elsewhere or not server.loaded.is_set():
            execute_in_shell(self, fname, edit)
            return
        temporary = self.resources.get("tmpdir")
        of_job = dict.fromkeys(("TMPDIR", "TMP", "TEMPDIR", "TEMP"), temporary) if temporary else {}
        # Whatever the rule's threads, which reserve cores: a job computes with one (`computing` in common.smk).
        try:
            status = server.run(run_script, fname, {**os.environ, **ONE_THREAD, **of_job})
        except (OSError, EOFError):
            execute_in_shell(self, fname, edit)
            return
        if status:
            raise subprocess.CalledProcessError(status, f"{sys.executable} {fname}")

    PythonScript.execute_script = execute_script


def run_script(path: str, variables: dict[str, str]) -> None:
    """Run a script in this process, as a Python started for it would. variables: all of its environment."""
    os.environ.clear()
    os.environ.update(variables)
    # For `top` and `ps`: Snakemake calls its copies of scripts tmp<letters>.<name>.py.
    ctypes.CDLL(None).prctl(PR_SET_NAME, Path(path).name.split(".")[1][:NAME_LENGTH].encode())
    sys.argv = [path]
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        runpy.run_path(path, run_name="__main__")
    except KeyboardInterrupt:
        raise SystemExit(130) from None
