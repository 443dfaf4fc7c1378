"""Terminal lines: a line for each job that ends, with what is left and for how long, instead of Snakemake's own.

Whole lines, not one that is overwritten: trainings write lines of their own to the same terminal. Without this change,
where stderr is no terminal, and in the log file, Snakemake's own lines stay as they are.
"""

import logging
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Container
from datetime import timedelta
from statistics import mean
from typing import Any, TextIO

from restoration.execution.interrupt import Stop

SILENCE = 20.0  # seconds without a line, after which one tells what is at work
REPLACED = {"job_info", "group_info", "job_started", "job_finished", "progress", "resources_info"}
CHATTER = "Select jobs to execute"
ERRORS = {"job_error", "group_error", "error"}
EVENTS = ("JOB_INFO", "JOB_FINISHED", "JOB_ERROR", "GROUP_ERROR", "PROGRESS")
NAMES = ("snakemake.logging:logger", *(f"snakemake_interface_logger_plugins.common:LogEvent.{name}" for name in EVENTS))


def watch(workflow: Any, stop: Stop) -> "Watch | None":
    """Replace Snakemake's lines about jobs, if they would go to a terminal; return what does, to be ended by `over`.

    Errors of jobs that end because of Ctrl-C are not shown.
    """
    logger = logging.getLogger("snakemake.logging")
    consoles = [handler for handler in logger.handlers if getattr(handler, "stream", None) is sys.stderr]
    if not sys.stderr.isatty() or not consoles or workflow.output_settings.quiet or workflow.output_settings.verbose:
        return None
    due = {workflow.dag.jobid(job): job for job in workflow.dag.needrun_jobs()}
    jobs = {number: (job.rule.name, *job.wildcards) for number, job in due.items()}
    watch = Watch(jobs, sys.stderr, grouped={number for number, job in due.items() if job.group is not None})
    logger.addHandler(watch)
    for console in consoles:
        console.addFilter(lambda record: _shown(record, stop))
    return watch


def _shown(record: logging.LogRecord, stop: Stop) -> bool:
    event = str(getattr(record, "event", None))
    return not (event in REPLACED or (stop.asked and event in ERRORS) or str(record.msg).startswith(CHATTER))


class Watch(logging.Handler):
    """A handler of Snakemake's log events that writes lines to `stream`.

    jobs: the number of each due job to its rule and wildcards. grouped: the numbers of jobs in a group, on a cluster:
    they begin and end together, so that how long each took is not known, and not shown.
    """

    def __init__(self, jobs: dict[int, tuple[str, ...]], stream: TextIO, grouped: Container[int] = ()) -> None:
        super().__init__()
        self.jobs, self.stream, self.grouped = jobs, stream, grouped
        self.started: dict[int, float] = {}
        self.took: dict[str, list[float]] = defaultdict(list)
        self.ended: list[int] = []  # since the last line
        self.gone: set[int] = set()
        self.done, self.total = 0, len(jobs)
        self.last = time.monotonic()
        self.over = threading.Event()  # set after the last job, when no more lines are to come
        threading.Thread(target=self._break_silence, daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        event, now = str(getattr(record, "event", None)), time.monotonic()
        if event == "job_info":
            self.started[record.__dict__["jobid"]] = now
        elif event in ("job_error", "group_error"):
            for failed in record.__dict__["job_error_info"] if event == "group_error" else [record.__dict__]:
                self.gone.add(failed["jobid"])
                self.started.pop(failed["jobid"], None)
        elif event == "job_finished":
            self.ended.append(record.__dict__["job_id"])
        elif event == "progress":
            self.done, self.total = record.__dict__["done"], record.__dict__["total"]
            took = {job: now - self.started.pop(job, now) for job in self.ended}
            for job, seconds in took.items():
                self.took[self._rule(job)].append(seconds)
            self.gone.update(took)
            for job, seconds in took.items():
                name = " ".join(map(str, self.jobs.get(job, ("?",))))
                self._write(name if job in self.grouped else f"{name}, {seconds:.1f} s")
            self.ended.clear()

    def left(self) -> float | None:
        """Return the seconds that the rest may take; None while too few jobs of its rules have ended.

        A job is taken to last as long as those of its rule did, or of all rules if none of them has ended, and as many
        jobs to run side by side as do now.
        """
        waited_for = [job for job in self.jobs if job not in self.gone]
        if 2 * sum(self._rule(job) in self.took for job in waited_for) < len(waited_for) or not self.took:
            return None
        of_any = mean(took for several in self.took.values() for took in several)
        expected = {rule: mean(several) for rule, several in self.took.items()}
        now, running = time.monotonic(), dict(self.started)
        rest = [max(0.0, expected.get(self._rule(job), of_any) - (now - running.get(job, now))) for job in waited_for]
        return sum(rest) / max(1, len(running))

    def _rule(self, job: int) -> str:
        return self.jobs.get(job, ("?",))[0]

    def _write(self, what: str) -> None:
        left, running = self.left(), len(self.started)
        now = f", {running} running" if running else ""
        when = "" if left is None or self.done == self.total else f", about {timedelta(seconds=round(left))} left"
        print(f"{self.done} of {self.total} jobs{now}{when}: {what}", file=self.stream, flush=True)
        self.last = time.monotonic()

    def _break_silence(self) -> None:
        while not self.over.wait(SILENCE / 10):
            if self.started and time.monotonic() - self.last >= SILENCE:
                counts = Counter(map(self._rule, list(self.started)))
                self._write("at work on " + ", ".join(f"{rule} x {count}" for rule, count in counts.items()))
