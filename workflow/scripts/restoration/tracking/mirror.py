"""The mirror: one process beside an execution of Snakemake, which writes what jobs log into MLflow.

So MLflow is loaded once, in 1.3 s, and not by each of many jobs, and no job waits for a server. The mirror ends after
the execution, when all is sent or the server does not answer. Then the logs stay in the outbox for the next execution's
mirror, or for the rule `send_runs`, which is one pass of the same.
"""

import fcntl
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from restoration.tracking import mlflow_store, outbox

PAUSE, PAUSE_AFTER_FAILURE = 1, 30  # seconds between two passes
PATIENCE, PATIENCE_STOPPED = 120, 5  # seconds after an execution, or after Ctrl-C, for what is not sent by then
MIRROR = "RESTORATION_MIRROR"  # the environment variable that tells a job that a mirror follows its execution
LAST_BREATH = 2  # seconds in which jobs end whose Snakemake was killed
POLITENESS = 5  # the jobs come first
WRITING = {"train", "evaluate", "register"}  # rules whose jobs write a log
NOT_AFFECTED = f"`{outbox.COMMAND}` sends them; the results are not affected"

beside_job: list["subprocess.Popen[bytes]"] = []  # kept, for a mirror ends when its standard input is closed

logger = logging.getLogger("restoration.mirror")


def start(uri: str | None, due: Collection[str]) -> "subprocess.Popen[bytes] | None":
    """Start a mirror before an execution's first job, if something is or will be to send. due: rules that will run."""
    outbox.end_killed()
    os.environ[MIRROR] = str(os.getpid())
    if WRITING.isdisjoint(due) and ("send_runs" in due or not outbox.logs()):
        return None
    return _start("execution", uri)


def start_beside_job(uri: str | None) -> None:
    """Start a mirror that ends after this job, where none follows the execution: another workflow imports this one."""
    if MIRROR not in os.environ:
        beside_job.append(_start("job", uri))


def _start(beside: str, uri: str | None) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", __name__, beside, *([uri] if uri else [])]
    found = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]  # MLflow may be there alone
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(found), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)


def finish(process: "subprocess.Popen[bytes] | None", stopped: bool = False) -> None:
    """Let the mirror send the rest, for PATIENCE seconds at most. stopped: by Ctrl-C, after which nobody waits."""
    if process is None:
        return
    assert process.stdin
    process.stdin.close()
    try:
        process.wait(PATIENCE_STOPPED if stopped else PATIENCE)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


class Mirror:
    """What a process knows of the logs on their way to a server."""

    def __init__(self, uri: str | None, redirect: bool = False) -> None:
        """uri: the server's, None for the default store; redirect: send there also what is meant for another."""
        self.uri, self.redirect = uri, redirect
        self.client: Any = None
        self.logs: dict[Path, outbox.Log] = {}
        self.writers: dict[Path, Any] = {}  # a RunWriter for each log's folder
        self.again: dict[Path, float] = {}  # when refused logs are tried again, of time.monotonic()
        self.sent = 0  # logs

    def go(self) -> None:
        """Make one pass: send what is new in the logs, champions last. Of a run, a log waits for an earlier log's end.

        Warn of a log that the server refuses, and send the others. Raises what MLflow raises where no server answers.
        """
        self.client = self.client or mlflow_store.answering(self.uri)
        running = set()
        for found in sorted(outbox.logs(), key=lambda log: log.begin["part"] == "champions"):
            log = self.logs.setdefault(found.folder, found)
            mine = self.redirect or log.begin["uri"] == self.uri
            if not mine or log.run in running or time.monotonic() < self.again.get(log.folder, 0):
                continue
            try:
                if self._send(log):
                    log.remove()
                    self.sent += 1
                else:
                    running.add(log.run)
            except Exception as error:
                logger.debug("", exc_info=True)
                if mlflow_store.is_away(self.uri, error):
                    raise
                level = logging.DEBUG if log.folder in self.again else logging.WARNING
                why = mlflow_store.why(error, self.uri)
                logger.log(level, "MLflow: %s: not sent (%s); it stays in %s", log.begin["name"], why, log.folder)
                self.again[log.folder] = time.monotonic() + PAUSE_AFTER_FAILURE
                self.writers.pop(log.folder, None)  # the server may have lost the run: begin it again
                log.position = 0

    def _send(self, log: outbox.Log) -> bool:
        """Send a log's new lines; return whether all of it is sent."""
        if log.begin["part"] != "training" and (status := log.status()) != "FINISHED":
            return bool(status)  # short, so sent when whole. A job that was cut off runs again, and writes another
        if log.begin["part"] == "champions":
            from restoration.tracking import model_registry  # loads pandas, which other jobs do not need

            model_registry.register_all(self.uri, log.begin["champions"], log.begin["tests"])
            return True
        if log.folder not in self.writers:
            from restoration.tracking.mlflow_writer import RunWriter  # loads MLflow, which jobs do not need

            experiment = mlflow_store.experiment(self.client, self.uri, log.begin["experiment"])
            self.writers[log.folder] = RunWriter(self.client, experiment, log.begin)
        ended = False
        for line in log.unread():
            self.writers[log.folder].write(line)
            ended = line["do"] == "end"
        return ended


def follow(uri: str | None, over: Callable[[float], bool], jobs_may_run: bool = False) -> None:
    """Make passes until over(seconds), which waits so long if it is not over; then make the last pass.

    jobs_may_run: afterwards, for it is one job that is over, and not an execution.
    """
    mirror, told, last, pause = Mirror(uri), False, False, 0.0
    while not last:
        if last := over(pause):
            outbox.end_killed(jobs_may_run)
        try:
            mirror.go()
            pause = PAUSE
        except Exception as error:
            logger.debug("", exc_info=True)
            if not told:
                why = mlflow_store.why(error, uri)
                logger.warning("MLflow: %s; logs wait in %s, and %s", why, outbox.FOLDER, NOT_AFFECTED)
            told, pause = True, PAUSE_AFTER_FAILURE


def send(uri: str | None) -> int:
    """Make one pass over all logs; return how many were sent. uri: None for each log's own server.

    Raises what MLflow raises where a server does not answer, and BlockingIOError where a mirror is at work.
    """
    with _alone(fcntl.LOCK_NB):
        outbox.end_killed(jobs_may_run=True)
        mirrors = [Mirror(to, bool(uri)) for to in ([uri] if uri else {log.begin["uri"] for log in outbox.logs()})]
        for mirror in mirrors:
            mirror.go()
    return sum(mirror.sent for mirror in mirrors)


def main(beside: str, uri: str | None = None) -> None:
    """Follow the logs until standard input ends. beside: an `execution` or a `job`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the execution, whose end ends the mirror
    os.nice(POLITENESS)
    try:
        with _alone():
            file, console = logging.FileHandler(mlflow_store.STORE / "mirror.log", mode="w"), logging.StreamHandler()
            console.setLevel(logging.WARNING)
            logging.basicConfig(format="%(message)s", level=logging.INFO, handlers=[file, console])
            follow(uri, _is_over, beside == "job")
    except OSError as error:
        sys.exit(f"MLflow: {error}; logs wait in {outbox.FOLDER}, and {NOT_AFFECTED}")


def _is_over(seconds: float) -> bool:
    """Wait so long for standard input's end, and then for the jobs of a killed Snakemake; return whether it came."""
    ended = bool(select.select([sys.stdin], [], [], seconds)[0])
    until = time.monotonic() + LAST_BREATH
    while ended and time.monotonic() < until and not all(log.status() for log in outbox.logs()):
        time.sleep(0.1)
    return ended


@contextmanager
def _alone(flags: int = 0) -> Iterator[None]:
    """Be the one mirror of this folder: two would make a run twice. flags: LOCK_NB raises BlockingIOError at once."""
    mlflow_store.STORE.mkdir(parents=True, exist_ok=True)
    with open(mlflow_store.STORE / ".mirror", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | flags)
        yield


if __name__ == "__main__":
    main(*sys.argv[1:])
