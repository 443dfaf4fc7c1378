"""The exceptions that a user is meant to read, and the shortening of what they quote."""

from pathlib import Path
from typing import Any


class UserError(Exception):
    """Something a user can mend. Its message is one line: what is wrong, where, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.splitlines()))


class DamagedFile(UserError):
    """A file that a job wrote, and that has changed or was damaged since."""

    def __init__(self, path: str | Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}; remove it and run snakemake again")


def quoted(value: Any, most: int = 60) -> str:
    """Write the value as in Python, cut where it is long."""
    text = repr(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def reason(error: Exception, most: int = 120) -> str:
    """Return the first line of an error's message, cut where it is long."""
    text = (str(error).splitlines() or [""])[0] or type(error).__name__
    return text if len(text) <= most else f"{text[: most - 1]}…"
