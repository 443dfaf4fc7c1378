"""The nursery: one process beside an execution that has loaded torch, and from which jobs are forked.

So torch is loaded once and not by each of many short jobs, in 1 to 2 s. It is the standard library's fork server, and a
job is a process of its own as ever. Where torch may be another one, as in conda's environments, where a shell's prefix
is to stand before a script, and on other machines, Snakemake starts scripts as it does; and so it does until the
nursery has loaded what it is to load, and when that fails.
"""

import ctypes
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, forkserver
from pathlib import Path
from types import ModuleType
from typing import Any

from snakemake.script import PythonScript
from snakemake.shell import shell

LOADED = "restoration.execution.fork_server_imports"
ENOUGH = 4  # jobs that use torch: fewer have loaded it themselves as soon
LIBRARIES = ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR")  # whose threads Snakemake sets to those of a rule
ONE_THREAD = {**{f"{name}_NUM_THREADS": "1" for name in LIBRARIES}, "VECLIB_MAXIMUM_THREADS": "1"}
NO_THREAD = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}  # of pyarrow's: with threads, no process may be forked
PR_SET_NAME, NAME_LENGTH = 15, 15


class Nursery:
    """To be made in Snakemake's main thread, with which it ends."""

    def __init__(self) -> None:
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload([LOADED])
        self.loaded = threading.Event()
        self.lock = threading.Lock()  # or one thread takes the status of another's job
        found = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
        with environment({**ONE_THREAD, **NO_THREAD, "PYTHONPATH": os.pathsep.join(found)}):
            forkserver.ensure_running()
        threading.Thread(target=self._wait_until_loaded, daemon=True).start()

    def _wait_until_loaded(self) -> None:
        with suppress(OSError, EOFError):
            if self.run(nothing) == 0:
                self.loaded.set()

    def run(self, act: Callable[..., object], *arguments: Any) -> int:
        """act(*arguments) in a process of its own; returns its exit status, below 0 of one that a signal ended.

        act: a function that pickle finds by its name. Raises OSError or EOFError where the nursery is gone.
        """
        job = self.context.Process(target=act, args=arguments)
        with self.lock, no_main():
            job.start()
        connection.wait([job.sentinel])
        with self.lock:
            job.join()
            assert job.exitcode is not None
            return job.exitcode


def pays(workflow: Any) -> bool:
    """Whether enough of the jobs that Snakemake is about to run use torch, and can be forked."""
    if sys.platform != "linux" or not workflow.local_exec:
        return False
    return sum("torch = " in str(job.params.get("packages")) for job in workflow.dag.needrun_jobs()) >= ENOUGH


def start() -> None:
    """Have scripts run in a nursery, where they can; elsewhere all stays as it is."""
    try:
        nursery = Nursery()
    except OSError:  # the path of its socket is too long, say
        return
    usual = PythonScript.execute_script

    def execute_script(self: Any, fname: str, edit: bool = False) -> None:
        elsewhere = (self.conda_env, self.container_img, self.env_modules, self.shadow_dir, self.bench_record)
        shells = (shell._process_prefix, shell._process_suffix or None, self.resources.get("shell_exec"))
        if any(part is not None for part in (*elsewhere, *shells)) or not nursery.loaded.is_set():
            usual(self, fname, edit)
            return
        temporary = self.resources.get("tmpdir")
        of_job = dict.fromkeys(("TMPDIR", "TMP", "TEMPDIR", "TEMP"), temporary) if temporary else {}
        # Whatever the rule's threads, which reserve cores: a job computes with one (`computing` in common.smk).
        try:
            status = nursery.run(script, fname, {**os.environ, **ONE_THREAD, **of_job})
        except (OSError, EOFError):
            usual(self, fname, edit)
            return
        if status:
            raise subprocess.CalledProcessError(status, f"{sys.executable} {fname}")

    PythonScript.execute_script = execute_script


def script(path: str, variables: dict[str, str]) -> None:
    """Run a script as Python would that was started for it, in this process. variables: the environment's."""
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


def nothing() -> None:
    """For a process whose end tells that the nursery has loaded."""


@contextmanager
def no_main() -> Iterator[None]:
    """Without the main program, until the end: multiprocessing runs its file again in each process that it starts, the
    command `snakemake` or what calls Snakemake by its API.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def environment(variables: dict[str, str]) -> Iterator[None]:
    """With these environment variables besides the others, until the end."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
