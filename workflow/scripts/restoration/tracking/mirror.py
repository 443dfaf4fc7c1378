"""The courier: one process beside an execution, which makes the calls to MLflow that its jobs write down.

So MLflow is loaded once and not by each of many short jobs, in 1.3 s, and no job waits for a server. It follows the
jobs while they run, and ends after the execution, when all is sent or the server does not answer. Where there is none,
as in a job on another machine, jobs make their calls themselves.
"""

import fcntl
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from restoration.tracking import mlflow_store, unsent

PAUSE, PAUSE_AFTER_FAILURE = 1, 30  # seconds between two rounds
PATIENCE, PATIENCE_STOPPED = 120, 5  # seconds after an execution, or after Ctrl-C, for what is not sent by then
POLITENESS = 5  # its jobs come first

logger = logging.getLogger("restoration.courier")


def at_work() -> bool:
    """Whether a courier takes what jobs of this folder write down."""
    try:
        lock = os.open(_lock(), os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def flush(uri: str | None) -> None:
    """Have sent what jobs of this folder have written down: by the courier, or, where there is none, now.

    Raises what MLflow raises. Of a courier that has trouble with the server nothing is expected.
    """
    if not at_work():
        unsent.send(uri, unsent.entries(uri=uri))
    end = time.monotonic() + PATIENCE
    while at_work() and not _lock().read_text() and time.monotonic() < end:
        if all("refused" in entry.about for entry in unsent.entries(uri=uri)):
            return
        time.sleep(0.2)


def start(uri: str | None) -> "subprocess.Popen[bytes]":
    """A courier for this folder, to be ended with `finish`; it ends as well when this process does."""
    command = [sys.executable, "-m", __name__, *([uri] if uri else [])]
    found = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]  # MLflow may be there alone
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(found)}
    return subprocess.Popen(command, env=environment, stdin=subprocess.PIPE)


def finish(process: "subprocess.Popen[bytes]", stopped: bool = False) -> None:
    """Let it send the rest; for PATIENCE seconds at most, after which the rest waits for `unsent.COMMAND`.

    stopped: by Ctrl-C, after which nobody wants to wait for a server.
    """
    assert process.stdin
    process.stdin.close()
    try:
        process.wait(PATIENCE_STOPPED if stopped else PATIENCE)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()


class Rounds:
    """What is known of the runs that are being sent. uri: None for the default store."""

    def __init__(self, uri: str | None) -> None:
        self.uri = uri
        self.entries: dict[Path, unsent.Entry] = {}
        self.again: dict[Path, float] = {}  # when those that were refused are tried again, of time.monotonic()

    def go(self) -> None:
        """Send what jobs have written since. Of one model, a later job's comes after an earlier one's.

        One that the server refuses is a warning, and the others are sent. Raises what MLflow raises where the server
        does not answer.
        """
        busy = set()
        for found in unsent.entries(uri=self.uri):
            entry = self.entries.setdefault(found.folder, found)
            name = entry.about["name"]
            if name in busy or time.monotonic() < self.again.get(entry.folder, 0):
                continue
            ended = entry.take()
            try:
                entry.send(self.uri, ended)
            except Exception as error:
                logger.debug("", exc_info=True)
                line = entry.refused(self.uri, error)
                logger.log(logging.DEBUG if entry.folder in self.again else logging.WARNING, line)
                self.again[entry.folder] = time.monotonic() + PAUSE_AFTER_FAILURE
            finally:
                if ended:
                    entry.release()
            if not ended:
                busy.add(name)


def carry(uri: str | None, over: Callable[[float], bool], trouble: Callable[[str], object]) -> None:
    """Go on until over(seconds), which waits as long if it is not; then send the rest once more.

    trouble: is told why nothing can be sent, or "" when it can be again.
    """
    rounds, told, pause = Rounds(uri), False, 0.0
    while True:
        last = over(pause)
        try:
            rounds.go()
            trouble("")
            pause = PAUSE
        except Exception as error:
            logger.debug("", exc_info=True)
            why = mlflow_store.why(error)
            trouble(why)
            if not told:
                where = f"{why}; runs wait in {unsent.folder()}"
                logger.warning("MLflow: %s, and `%s` sends them; the results are not affected", where, unsent.COMMAND)
            told, pause = True, PAUSE_AFTER_FAILURE
        if last:
            return


def main(uri: str | None = None) -> None:
    """Until standard input ends. Nothing is done twice: one courier waits for another of the same folder."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # which is for the execution, whose end ends this
    os.nice(POLITENESS)
    _lock().parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(_lock(), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    file, console = logging.FileHandler(mlflow_store.STORE / "courier.log", mode="w"), logging.StreamHandler()
    console.setLevel(logging.WARNING)
    logging.basicConfig(format="%(message)s", level=logging.INFO, handlers=[file, console])

    def over(seconds: float) -> bool:
        return bool(select.select([sys.stdin], [], [], seconds)[0])

    carry(uri, over, lambda why: _lock().write_text(why, encoding="utf-8"))


def _lock() -> Path:
    """The file that it holds, and in which it says what troubles it."""
    return mlflow_store.STORE / ".courier"


if __name__ == "__main__":
    main(*sys.argv[1:])
