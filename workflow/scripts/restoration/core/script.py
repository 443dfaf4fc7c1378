"""The frame that each script's guarded part runs in."""

import ctypes
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from restoration.core import fingerprint, process_locks
from restoration.core.errors import UserError

inputs: dict[str, str] = {}  # of the job that is running: the named ones, for what tells of it


def settings(snakemake: Any) -> dict[str, Any]:
    """What the rule passed to `job` in common.smk, nested as it was there."""
    return fingerprint.read_settings(snakemake.params.settings)


def keep_freed_memory() -> None:
    """Let glibc keep up to 256 MB that are free, and ask the system for 64 MB or more alone at once.

    With its own bounds the arrays of each step go back to the system, which has to clear each page of the next: up to
    a third of a training's time. Other C libraries are left as they are.
    """
    trim_threshold, mmap_threshold = -1, -3  # of malloc.h
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        library.mallopt(mmap_threshold, 64 * 2**20)  # more is not taken
        library.mallopt(trim_threshold, 256 * 2**20)


@contextmanager
def running(snakemake: Any) -> Iterator[logging.Logger]:
    """Log to the rule's log file, and warnings to stderr; end with one line on a UserError; end with Snakemake."""
    process_locks.join()
    inputs.update((name, str(path)) for name, path in snakemake.input.items())
    keep_freed_memory()
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)  # whatever the rule's threads: more may add in another order
    Path(snakemake.log[0]).parent.mkdir(parents=True, exist_ok=True)
    file, console = logging.FileHandler(snakemake.log[0], mode="w", encoding="utf-8"), logging.StreamHandler()
    console.setLevel(logging.WARNING)
    logging.basicConfig(format="%(message)s", level=logging.WARNING, handlers=[file, console])
    logging.raiseExceptions = False  # a full disk is told once, below, not by each line that the log file cannot take
    logger = logging.getLogger("restoration")
    logger.setLevel(logging.DEBUG)
    where = " ".join([snakemake.rule, *map(str, snakemake.wildcards)])
    try:
        yield logger
    except KeyboardInterrupt:  # Ctrl-C reaches all processes of the terminal, and Snakemake tells of it
        raise SystemExit(130) from None
    except (UserError, ValueError) as error:
        logger.debug("", exc_info=True)
        logger.error("%s: %s", where, error)
        raise SystemExit(1) from None
    except OSError as error:
        logger.debug("", exc_info=True)
        logger.error(
            "%s: %s. Nothing that is finished is lost: see to it, then type the same command again", where, error
        )
        raise SystemExit(1) from None
    except Exception:
        logger.exception("%s: failed", where)
        raise SystemExit(1) from None
