"""A job's log file, and how a job ends: with its Snakemake, and with one line where a user can mend what is wrong."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from restoration.core import process_locks
from restoration.core.errors import UserError


@contextmanager
def logged(snakemake: Any) -> Iterator[logging.Logger]:
    """Log to the rule's log file, and warnings to stderr; turn every exception into an exit status."""
    process_locks.join()
    Path(snakemake.log[0]).parent.mkdir(parents=True, exist_ok=True)
    file, console = logging.FileHandler(snakemake.log[0], mode="w", encoding="utf-8"), logging.StreamHandler()
    console.setLevel(logging.WARNING)
    logging.basicConfig(format="%(message)s", level=logging.WARNING, handlers=[file, console])
    logging.raiseExceptions = False  # a full disk is reported once, below, not by each line that the log cannot take
    logger = logging.getLogger("restoration")
    logger.setLevel(logging.DEBUG)
    where = " ".join([snakemake.rule, *map(str, snakemake.wildcards)])
    try:
        yield logger
    except KeyboardInterrupt:  # Ctrl-C reaches all processes of the terminal, and Snakemake reports it
        raise SystemExit(130) from None
    except (UserError, ValueError) as error:
        logger.debug("", exc_info=True)
        logger.error("%s: %s", where, error)
        raise SystemExit(1) from None
    except OSError as error:
        logger.debug("", exc_info=True)
        logger.error(
            "%s: %s. Nothing that is finished is lost: mend the cause, then type the same command again", where, error
        )
        raise SystemExit(1) from None
    except Exception:
        logger.exception("%s: failed", where)
        raise SystemExit(1) from None
