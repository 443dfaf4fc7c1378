"""One Snakemake at a time in a folder, and no job of a killed one beside it.

Snakemake's own lock is a file, which outlives a killed Snakemake and then has to be removed by hand. These locks are
the kernel's: they end with the process that holds them, however it ends.
"""

import ctypes
import fcntl
import os
import signal
import sys
from pathlib import Path

from restoration.core.errors import UserError

FOLDER = Path(".snakemake")
SNAKEMAKE = "RESTORATION_SNAKEMAKE"  # the environment variable that tells a job which process it works for
PR_SET_PDEATHSIG = 1


def _open(name: str) -> int:
    """A descriptor, not a file object: nothing closes it, and so lets its lock go, before the process ends."""
    FOLDER.mkdir(exist_ok=True)
    return os.open(FOLDER / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def announce() -> None:
    """Let the jobs that this Snakemake starts know it. To be called before any of them."""
    os.environ[SNAKEMAKE] = str(os.getpid())


def take_folder() -> None:
    """Hold this folder until this process ends, and wait for the jobs of a killed one. Of those nothing runs after.

    Raises UserError if another Snakemake is at work here.
    """
    folder = _open("workflow.lock")
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(folder, 20).decode() or "?"
        raise UserError(
            f"another Snakemake (process {holder}) is at work in this folder: wait for it to end, or stop it"
        ) from None
    os.truncate(folder, 0)
    os.write(folder, str(os.getpid()).encode())
    jobs = _open("jobs.lock")
    try:
        fcntl.flock(jobs, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("Waiting for the jobs of a Snakemake that was killed to end.", file=sys.stderr, flush=True)
        fcntl.flock(jobs, fcntl.LOCK_EX)
    os.close(jobs)
    for script in FOLDER.glob("scripts/*"):  # the copies that killed jobs ran
        script.unlink()


def join() -> None:
    """Take part, as a job of the Snakemake that holds the folder; end when it ends, or now if it has."""
    end_with_parent()
    fcntl.flock(_open("jobs.lock"), fcntl.LOCK_SH)
    if sys.platform == "linux" and SNAKEMAKE in os.environ and int(os.environ[SNAKEMAKE]) not in _ancestors():
        raise UserError("the Snakemake that this job works for is gone")


def end_with_parent() -> None:
    """Have the kernel end this process, by SIGTERM, with the thread that started it. On Linux; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _ancestors() -> list[int]:
    """The processes above this one, the nearest first."""
    found = [os.getppid()]
    while found[-1] > 1:
        # The name, in brackets, may hold anything; after it come the state and the parent.
        status = Path(f"/proc/{found[-1]}/stat").read_text(encoding="utf-8", errors="replace")
        found.append(int(status.rpartition(")")[2].split()[1]))
    return found
