"""What MLflow's server did not take: a folder for each run, with its calls and its files, until they are sent."""

import fcntl
import json
import logging
import os
import re
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from restoration.core import artifacts
from restoration.core.errors import reason
from restoration.tracking import mlflow_store
from restoration.tracking.mlflow_run import Call, ServerRun

COMMAND = "snakemake --cores 1 send_runs"
BEGINNINGS = ("create", "reopen")  # calls without which there is no run that others could be for

logger = logging.getLogger("restoration.unsent")


def folder() -> Path:
    return mlflow_store.STORE / "unsent"


class Entry:
    """One run's folder: run.json tells whose it is and how much of it the server has, calls.jsonl has all its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "calls.jsonl"
        self.about: dict[str, Any] = {}
        self.lock = -1
        self.run: ServerRun | None = None
        self.made, self.reopened = 0, False  # how many calls; whether an earlier run was

    @classmethod
    def new(cls, about: dict[str, Any], calls: Iterable[Call]) -> "Entry":
        """about: `uri`, `experiment`, `name`, `identity`; the `run` that the server began or "", how many of its calls
        are `done`, and whether an earlier run was `reopened` by them. The folder is held.
        """
        slug = re.sub(r"[^A-Za-z0-9]+", "-", about["name"])
        own = folder() / f"{time.time_ns():020}-{slug}"
        (own / "files").mkdir(parents=True)
        try:
            entry = cls(own)
            entry.take()
            for call in calls:
                entry.append(call)
            entry.note(**about)
        except OSError:
            shutil.rmtree(own, ignore_errors=True)
            raise
        return entry

    def take(self) -> bool:
        """Hold this folder until it is released or the process ends; False if the job that writes it still runs."""
        self.lock = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def release(self) -> None:
        os.close(self.lock)

    def note(self, **about: Any) -> None:
        self.about |= about
        artifacts.write_json(self.folder / "run.json", self.about)

    def append(self, call: Call) -> None:
        """Write a call down; a file comes along, as another name of its bytes where the disk can do that."""
        if call["do"] == "file":
            kept = self.folder / "files" / str(len(list((self.folder / "files").iterdir()))) / Path(call["path"]).name
            kept.parent.mkdir()
            try:
                os.link(call["path"], kept)
            except OSError:
                shutil.copyfile(call["path"], kept)
            call = call | {"path": str(kept)}
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(call) + "\n")

    def read(self, ended: bool) -> list[Call]:
        """Its calls. A line that is not finished is left out; where the job has `ended` without an end, it was killed,
        and that is its end.
        """
        calls: list[Call] = []
        with suppress(ValueError):
            calls.extend(json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines())
        if ended and calls and calls[-1]["do"] != "end":
            last = max(call.get("time", 0) for call in calls)
            calls.append({"do": "end", "of": "evaluation", "status": "KILLED", "time": last})
        return calls

    def send(self, uri: str | None, ended: bool = True) -> None:
        """Make the calls that the server has not got; where the job that writes them has ended, remove the folder.

        Raises what MLflow raises, and LookupError where the server that has the run's beginning is another one.
        """
        about, calls = self.about, self.read(ended)
        if self.run is None:
            self.run = ServerRun(uri, about["experiment"], about["name"], about["identity"], late=True)
            if about["run"] and self.run.is_there(about["run"]):
                self.run.run_id, self.made, self.reopened = about["run"], about["done"], about["reopened"]
        run = self.run
        for number, call in enumerate(calls[self.made :], start=self.made + 1):
            if self.reopened and call["of"] == "training":
                continue  # what an evaluation tells of its training, for a server that has not got it
            begins = call["do"] in BEGINNINGS
            if not begins and not run.run_id:
                if call["do"] == "end":
                    break
                raise LookupError("its training is not on this server")
            made = _made(run, call)
            if begins:
                self.reopened = bool(made)
                if run.run_id:
                    self.note(run=run.run_id, done=number, reopened=self.reopened)
            self.made = number
        if ended:
            shutil.rmtree(self.folder)

    def refused(self, uri: str | None, error: Exception) -> str:
        """A line that says why this run is not sent, though others may be; the reason is noted.

        Raises `error` where the server does not answer: then no other can be sent either.
        """
        if not isinstance(error, LookupError) and mlflow_store.is_away(uri, error):
            raise error
        why = mlflow_store.why(error)
        self.note(refused=why)
        return f"MLflow: {self.about['name']}: not sent ({why}); it stays in {self.folder}"


def _made(run: ServerRun, call: Call) -> Any:
    """What a call returns; what the server will never take is left out, with a warning, unless the run begins by it."""
    from mlflow.exceptions import MlflowException

    try:
        return run.make(call)
    except MlflowException as error:
        if error.error_code != "INVALID_PARAMETER_VALUE" or call["do"] in BEGINNINGS:
            raise
        logger.warning("MLflow: %s: the server refuses a part of it (%s); the rest is sent", run.name, reason(error))
        return None


def entries(**about: Any) -> list[Entry]:
    """All that are complete, or those of which run.json says that; the oldest first."""
    found = []
    for path in sorted(folder().glob("*/run.json")):
        with suppress(OSError, ValueError):
            entry = Entry(path.parent)
            entry.about = json.loads(path.read_text(encoding="utf-8"))
            if about.items() <= entry.about.items():
                found.append(entry)
    return found


def send(uri: str | None, chosen: Iterable[Entry] | None = None) -> int:
    """Send what is unsent, or what is chosen of it, to the server at `uri`, or, where that is None, to the one it was
    meant for; how many runs that were. One that the server refuses is a warning. Raises what MLflow raises where a
    server does not answer.
    """
    sent = 0
    for entry in entries() if chosen is None else chosen:
        if entry.take():
            to = uri or entry.about["uri"]
            try:
                entry.send(to)
            except Exception as error:
                logger.debug("", exc_info=True)
                logger.warning(entry.refused(to, error))
                continue
            finally:
                entry.release()
            logger.info("%s: sent", entry.about["name"])
            sent += 1
    return sent


def told() -> list[str]:
    """A line for the end of an execution, if something is unsent."""
    count = len(list(folder().glob("*/run.json")))
    runs = "1 run waits" if count == 1 else f"{count} runs wait"
    return [f"MLflow: {runs} in {folder()} to be sent: `{COMMAND}`, once the server answers"] if count else []
