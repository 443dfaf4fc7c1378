"""Locks for one Snakemake at a time in a folder, and for no job of a killed Snakemake beside it.

Snakemake's own lock is a file, which stays after Snakemake is killed and then has to be removed by hand. These locks
are the kernel's: they end with the process that holds them, however it ends.
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
    """Return a descriptor: unlike a file object, nothing closes it, and so frees its lock, before the process ends."""
    FOLDER.mkdir(exist_ok=True)
    return os.open(FOLDER / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def announce() -> None:
    """Tell this Snakemake's jobs which process they work for. To be called before the first."""
    os.environ[SNAKEMAKE] = str(os.getpid())


def take_folder() -> None:
    """Hold this folder until this process ends, and wait until the jobs of a killed Snakemake have ended.

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
    """Join, as a job, the Snakemake that holds the folder: end with it. Raises UserError if it has ended."""
    end_with_parent()
    fcntl.flock(_open("jobs.lock"), fcntl.LOCK_SH)
    if sys.platform == "linux" and SNAKEMAKE in os.environ and int(os.environ[SNAKEMAKE]) not in _ancestors():
        raise UserError("the Snakemake that this job works for is gone")


def end_with_parent() -> None:
    """Have the kernel end this process, by SIGTERM, with the thread that started it. Does nothing beyond Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _ancestors() -> list[int]:
    """Return the processes above this one, the nearest first."""
    found = [os.getppid()]
    while found[-1] > 1:
        # The name, in brackets, may hold anything; after it come the state and the parent.
        status = Path(f"/proc/{found[-1]}/stat").read_text(encoding="utf-8", errors="replace")
        found.append(int(status.rpartition(")")[2].split()[1]))
    return found
