"""Ctrl-C: the last line says how to go on; and on a cluster, Snakemake ends soon.

Between two looks at a cluster's jobs Snakemake sleeps up to minutes, also when it is to end. install() cuts this sleep
short. Without this change, Ctrl-C takes that long on a cluster.
"""

import asyncio
import atexit
import signal
import sys
import time
from typing import Any

EXECUTOR = "snakemake_interface_executor_plugins.executors.remote:RemoteExecutor"
NAMES = tuple(f"{EXECUTOR}.{name}" for name in ("sleep", "wait", "next_seconds_between_status_checks"))
GO_ON = "Stopped. What is finished is kept, and trainings go on where they were: type the same command again."
NAP = 0.5  # seconds


class Stop:
    """A record of Ctrl-C. To be made in Snakemake's main thread, when its jobs are about to start."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, *arguments: Any) -> None:
        if not self.asked:
            atexit.register(print, GO_ON, file=sys.stderr)
        self.asked = True
        signal.default_int_handler(*arguments)


def install() -> None:
    """Have Snakemake wake up when it is to end."""
    from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

    async def sleep(self: Any) -> None:
        end = time.monotonic() + self.next_seconds_between_status_checks
        while self.wait and time.monotonic() < end:
            await asyncio.sleep(NAP)

    RemoteExecutor.sleep = sleep
