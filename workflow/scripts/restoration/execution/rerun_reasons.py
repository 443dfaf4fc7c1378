"""Why did this run? The account of a run of Snakemake: what ran, for which reason, how long, what was reused.

Where another Snakemake keeps its records otherwise, the reasons are in its own words, and seconds are left out.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from restoration.execution import tamper_check

SHOWN = 4  # reasons of a job, on the terminal


class Account:
    """The account of one run. To be made before the first job, which overwrites its record; `lines` is for the end."""

    def __init__(self, dag: Any) -> None:
        self.dag = dag
        due = set(dag.needrun_jobs())
        self.reasons = {}
        for job in (job for level in dag.toposorted() for job in level if job in due and job.output):
            try:
                self.reasons[job] = _reasons(dag, job)
            except AttributeError:
                self.reasons[job] = [*dag.reason(job).get_names()]
        self.idle = [job for job in dag.jobs if job.output and job not in self.reasons]
        self.started = {job: record.starttime for job in self.reasons if (record := self._record(job))}

    def lines(self, stopped: bool = False) -> list[str]:
        """Return the account; jobs of one rule with one reason share a line. stopped: by hand, before the end."""
        with suppress(AttributeError):
            self.dag.workflow.persistence.deactivate_cache()  # which holds records of before the last job
        ran = [job for job in self.reasons if self.dag.finished(job)]
        pruned = [job for job in self.reasons if not self.dag.finished(job) and not self.dag.needrun(job)]
        failed = [job for job in self.reasons if not self.dag.finished(job) and self.dag.needrun(job)]
        alike: dict[tuple[str, tuple[str, ...]], list[Any]] = defaultdict(list)
        for job in ran:
            alike[job.rule.name, tuple(self.reasons[job])].append(job)
        text = ["Why did this run?"]
        for (rule, why), jobs in alike.items():
            in_all = sum(seconds(self._record(job), self.started.get(job)) for job in jobs)
            took = f"{in_all:7.1f} s" if in_all else " " * 9
            whose = " ".join(jobs[0].wildcards) if len(jobs) == 1 else f"x {len(jobs)}"
            shown = why if len(why) <= SHOWN else (*why[: SHOWN - 1], f"and {len(why) - SHOWN + 1} more")
            text.append(f"  {f'{rule} {whose}'.strip():<50} {took}   {'; '.join(shown)}")
        logs = [Path(log) for job in ran for log in job.log if Path(log).is_file()]
        said = [line for log in logs for line in log.read_text(encoding="utf-8").splitlines()]
        text += [f"  taken up where a checkpoint stood: {line}" for line in said if "checkpoint" in line]
        if failed:
            text.append(f"  {'still to do' if stopped else 'failed, or waits for one that did'}: {_counted(failed)}")
        if pruned:
            text.append(f"  not run after all, for what came before wrote the same bytes again: {_counted(pruned)}")
        text.append(f"  reused as it was: {_counted(self.idle)}")
        return text

    def _record(self, job: Any) -> Any:
        """Return Snakemake's record of the job; None if there is none that can be read."""
        with suppress(AttributeError):
            return self.dag.workflow.persistence.metadata(job.output[0])
        return None


def seconds(record: Any, before: float | None) -> float:
    """Return the seconds that the job of this record took, 0 if unknown. before: when its last run but this started.

    Of jobs on a cluster, Snakemake keeps no start: it records when it was told of their end, or `before` once more.
    """
    if not record or not record.endtime or record.starttime in (None, before):
        return 0.0
    return max(0.0, record.endtime - record.starttime)


def _counted(jobs: Iterable[Any]) -> str:
    counts = Counter(job.rule.name for job in jobs)
    return ", ".join(f"{rule} {count}" for rule, count in sorted(counts.items())) or "nothing"


def _reasons(dag: Any, job: Any) -> list[str]:
    """Return why `job` is to run, its own causes first; with values where Snakemake's record has them."""
    reason, record = dag.reason(job), dag.workflow.persistence
    found = []
    if dag.workflow.async_run(record.incomplete(job)):
        found.append("was stopped while it ran")
    elif changed := tamper_check.changed.intersection(job.output):
        found.append(f"changed from outside: {', '.join(sorted(changed))}")
    elif reason.forced:
        found.append("asked for by hand")
    elif not record.has_metadata(job):
        found.append("not made before")
    elif reason.missing_output:
        found.append("its files, or some of them, are not there")
    if not reason.missing_output and record.has_metadata(job):
        params = record.params_changed(job)
        if params:
            found += changes(sorted(params.only_old), sorted(params.only_new))
        before, now = set(record.input(job.output[0]) or []), set(map(str, job.input))
        found += [f"new input {file}" for file in sorted(now - before)]
        found += [f"no input any more: {file}" for file in sorted(before - now)]
        if any(record.software_stack_changed(job)):
            found.append("the environment changed")
        found += [f"contents changed: {file}" for file in sorted(map(str, reason.updated_input))]
    before_it = sorted({other.rule.name for other in dag.dependencies[job] if dag.needrun(other)})
    return found or [f"follows {', '.join(before_it)}"]


def changes(old: Iterable[str], new: Iterable[str]) -> list[str]:
    """Return what differs between two records of parameters, each of texts that hold a list of lines `name = value`."""
    before, after = _lines(old), _lines(new)
    told = []
    for name in [*before, *(name for name in after if name not in before)]:
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        if name.endswith(".py") or name.startswith("restoration."):  # whose value is a digest
            told.append(f"{name} {'changed' if one and other else 'new' if other else 'not used any more'}")
        else:
            told.append(f"{name}: {one or 'nothing'} -> {other or 'nothing'}")
    return told


def _lines(record: Iterable[str]) -> dict[str, str]:
    pairs = {}
    for text in record:
        entries: Any = text
        with suppress(ValueError, SyntaxError):
            entries = ast.literal_eval(text)
        for line in entries if isinstance(entries, list) else [entries]:
            name, _, value = str(line).partition(" = ")
            pairs[name] = value
    return pairs
