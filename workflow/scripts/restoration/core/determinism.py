"""Settings that make a job write the same bytes each time: one thread, seeds that are derived, the allocator.

This module counts in the code of every script (`fingerprint.py`): a change here runs every job again.
"""

import ctypes
import hashlib
import sys
from contextlib import suppress


def set_up() -> None:
    """Prepare this process for a job's computation, once torch is imported where the job uses torch."""
    keep_freed_memory()
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)  # whatever the rule's threads: several threads may add in another order


def keep_freed_memory() -> None:
    """Let glibc keep up to 256 MB of freed memory, and ask the system for single blocks of 64 MB or more.

    By default glibc returns the arrays of each step to the system, which clears every page again for the next step: up
    to a third of a training's time. Other C libraries stay as they are.
    """
    trim_threshold, mmap_threshold = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(mmap_threshold, 64 * 2**20)  # glibc refuses more
        library.mallopt(trim_threshold, 256 * 2**20)


def derived_seed(seed: int, *purpose: str) -> int:
    """Return a seed, 0 to 2**56 - 1, for one purpose, so that each use of randomness has a stream of its own."""
    return int.from_bytes(hashlib.sha256("/".join([str(seed), *purpose]).encode()).digest()[:7], "big")
