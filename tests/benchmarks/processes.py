"""A command, and what it and all that it starts take: wall clock, CPU, memory."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

INTERVAL = 0.25  # seconds between two looks at the memory


class Usage(NamedTuple):
    """seconds: of the wall clock; cpu: of the command and all that it waited for; own: the peak of the command's own
    resident memory, in bytes; together: the peak of what all its processes hold, what they share counted once.
    """

    seconds: float
    cpu: float
    own: int
    together: int
    output: str


class Memory(threading.Thread):
    """A thread that looks at the memory of a process and all below it."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self.process, self.own, self.together = psutil.Process(process), 0, 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(INTERVAL):
            try:
                self.own = max(self.own, self.process.memory_info().rss)
                below = self.process.children(recursive=True)
            except psutil.Error:
                return
            self.together = max(self.together, sum(held(process) for process in [self.process, *below]))


def held(process: psutil.Process) -> int:
    """Return the bytes that a process holds, with its part of shared memory if known; 0 if it has just ended."""
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(memory, "pss", memory.uss)


def measured(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end; exit with its output if it fails."""
    variables = {**os.environ, "PYTHONPATH": "", **(environment or {})}
    with (folder / "printed.txt").open("w+") as printed:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=variables, stdout=printed, stderr=subprocess.STDOUT)
        memory = Memory(process.pid)
        memory.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        memory.stopped.set()
        memory.join()
        printed.seek(0)
        output = printed.read()
    if process.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{output}")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, memory.own, memory.together, output)
