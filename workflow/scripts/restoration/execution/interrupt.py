"""Ctrl-C: it ends soon, and the last line says how to go on."""

import asyncio
import atexit
import signal
import sys
import time
from types import FrameType
from typing import Any

from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

GO_ON = "Stopped. What is finished is kept, and trainings go on where they were: type the same command again."
NAP = 0.5  # seconds


class Stop:
    """Whether Ctrl-C was pressed. To be made in Snakemake's main thread, when its jobs are about to start."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGINT, self._ask)
        RemoteExecutor.sleep = _sleep

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if not self.asked:
            atexit.register(print, GO_ON, file=sys.stderr)
        self.asked = True
        signal.default_int_handler(number, frame)


async def _sleep(self: Any) -> None:
    """The time between two looks at a cluster's jobs, cut short at the end, which Snakemake's own sleeps through."""
    end = time.monotonic() + self.next_seconds_between_status_checks
    while self.wait and time.monotonic() < end:
        await asyncio.sleep(NAP)
