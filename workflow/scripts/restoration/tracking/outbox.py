"""The outbox: a folder for each job's log, on its way to MLflow.

A job appends lines to its log and waits for nobody. The mirror reads the lines, and removes the folder when MLflow has
all of it: so the mirror reads only what is new, and results/<data set> stays the one lasting record. Nothing else notes
how far the mirror got: it finds a run again by what the log's first line says, and may write each line again.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

FOLDER = Path("results/mlflow/outbox")
EARLIER = Path("results/mlflow/unsent")  # of versions before this one, in another format
COMMAND = "snakemake --cores 1 send_runs"

Line = dict[str, Any]  # `do` names the method of mlflow_writer.RunWriter that takes the others as arguments


def now() -> int:
    """Return the time in milliseconds, as MLflow counts it."""
    return int(time.time() * 1000)


class Log:
    """One job's folder: log.jsonl, and in `files` what the log's lines name."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "log.jsonl"
        self.begin: Line = {}  # the log's first line
        self.run = ("", "")  # an experiment and a name, which tell the runs of a server apart
        self.position = 0  # bytes of the log that MLflow has

    @classmethod
    def create(cls, name: str) -> "Log":
        """Make the folder of a new log. Raises OSError where that cannot be."""
        log = cls(FOLDER / f"{time.time_ns():020}-{re.sub('[^A-Za-z0-9]+', '-', name)}")
        (log.folder / "files").mkdir(parents=True)
        return log

    def append(self, do: str, **line: Any) -> None:
        with open(self.path, "a+b") as file:
            cut = do == "end" and not self.path.read_bytes().endswith(b"\n")  # the job was killed while it wrote
            file.write(b"\n" * cut + json.dumps({"do": do, **line}).encode() + b"\n")

    def keep(self, path: str | Path) -> str:
        """Keep a file as it is now, as another name of its bytes where the disk can do that; return the new name."""
        kept = self.folder / "files" / str(len(list((self.folder / "files").iterdir()))) / Path(path).name
        kept.parent.mkdir()
        try:
            os.link(path, kept)
        except OSError:
            shutil.copyfile(path, kept)
        return str(kept)

    def unread(self) -> Iterator[Line]:
        """Yield the lines from `position` on. A line counts as read when the next one is asked for."""
        with open(self.path, "rb") as file:
            file.seek(self.position)
            for text in file:
                if not text.endswith(b"\n"):  # the job is writing it
                    return
                with suppress(ValueError):  # the job was killed while it wrote
                    yield json.loads(text)
                self.position += len(text)

    def status(self) -> str:
        """Return how the job ended: FINISHED, FAILED or KILLED. Empty while it runs."""
        last = self.path.read_bytes().removesuffix(b"\n").rpartition(b"\n")[2]
        with suppress(ValueError):
            if (line := json.loads(last))["do"] == "end":
                return str(line["status"])
        return ""

    def remove(self) -> None:
        shutil.rmtree(self.folder)


def logs() -> list[Log]:
    """Return the logs that have begun, the oldest first."""
    found = []
    for path in sorted(FOLDER.glob("*/log.jsonl")):
        log = Log(path.parent)
        with suppress(OSError, ValueError, TypeError, KeyError), open(path, encoding="utf-8") as file:
            log.begin = json.loads(file.readline())
            log.run = (log.begin["experiment"], log.begin["name"])
            found.append(log)
    return found


def end_killed(jobs_may_run: bool = False) -> None:
    """Give each log of a killed job an end, KILLED at the time of its last line.

    A log without an end is one. Where jobs may run, only if a later log is of the same run.
    """
    begun, later = logs(), set()
    for log in reversed(begun):
        with suppress(OSError):
            if not log.status() and (log.run in later or not jobs_may_run):
                log.append("end", status="KILLED", time=int(log.path.stat().st_mtime * 1000))
        later.add(log.run)
    for folder in set() if jobs_may_run else set(FOLDER.glob("*")) - {log.folder for log in begun}:
        shutil.rmtree(folder, ignore_errors=True)  # a job was killed before its log's first line


def told() -> list[str]:
    """Return lines for the end of an execution, if something is not in MLflow."""
    count, earlier = len(logs()), len(list(EARLIER.glob("*/run.json")))
    lines = []
    if count:
        logs_wait = "1 log waits" if count == 1 else f"{count} logs wait"
        lines.append(f"MLflow: {logs_wait} in {FOLDER} to be sent: `{COMMAND}`, once the server answers")
    if earlier:
        lines.append(f"MLflow: {earlier} runs in {EARLIER} are of an earlier version, whose `{COMMAND}` can send them")
    return lines
