"""Kill the workflow at random moments and compare its results with an undisturbed run's: `make kills`, or

    .venv/bin/python tests/kills.py --kills 50 --seed 0 --configfile config/digits.yaml

The script runs the graph once undisturbed. Then, in a copy, it starts Snakemake, kills (SIGKILL) one of its jobs,
Snakemake alone, or both, and starts Snakemake again with the same command, and so on to the end of the graph. Half of
the kills come at a random moment, half while a rule runs that no kill has struck yet. At the end no file may differ
from the undisturbed run's or be half-written, no process may be left over, no MLflow run may be RUNNING, and no metric
point may be logged twice. Then the script begins again with nothing, until there were enough kills.
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import psutil

from checkout import ROOT, Checkout, differing, manifest

VICTIMS = ("job", "snakemake", "both")
RULES = {script.stem for script in (ROOT / "workflow/scripts").glob("*.py")}  # a script a rule
SHORTEST_JOB = 0.2  # seconds, about
NAME_LENGTH = 15  # of a process, at most
RUNS = """SELECT name, status, tags.value FROM runs
          LEFT JOIN tags ON tags.run_uuid = runs.run_uuid AND tags.key = 'state'"""
TWICE = "SELECT run_uuid, key, step FROM metrics GROUP BY run_uuid, key, step HAVING COUNT(*) > 1"


class Cut(NamedTuple):
    """A killed training: its log, its start, the kill, and the timestamp of each checkpoint."""

    log: str
    started: float
    killed: float
    checkpoints: dict[str, float]


class Chaos:
    """A checkout of the workflow whose processes are killed."""

    def __init__(self, checkout: Checkout, configuration: str, seed: int, longest: float) -> None:
        self.checkout, self.results = checkout, checkout.folder / "results"
        self.configuration, self.longest = configuration, longest
        self.random = random.Random(seed)
        self.killed: Counter[str] = Counter()
        self.running: Counter[str] = Counter()  # rules whose jobs a kill ended
        self.cuts: list[Cut] = []
        self.lost: list[float] = []  # seconds of a killed training that its checkpoint did not hold

    def start(self) -> subprocess.Popen:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", self.configuration]
        environment = os.environ | {"PYTHONPATH": ""}
        log = open(self.checkout.folder / "output.txt", "a")  # noqa: SIM115  # the child's
        return subprocess.Popen(
            command, cwd=self.checkout.folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )

    def round(self, kills: int) -> int:
        """Run one graph to its end, with up to `kills` kills on the way; return how many there were."""
        done, process = 0, self.start()
        while True:
            while done < kills and (aim := self.moment(process)) is not None:
                done += self.kill(process, aim)
            if process.wait() == 0:
                return done
            process = self.start()

    def moment(self, process: subprocess.Popen) -> str | None:
        """Wait for the moment of the next kill: any, or one at which a job of a rule runs that no kill has struck yet.

        Return the rule, '' for any moment or where no such job came, or None when Snakemake has ended.
        """
        spared = sorted(RULES - self.running.keys())
        aim = self.random.choice(["", *spared]) if self.random.random() < 0.5 else ""
        return self.wait_for(process, aim, self.longest if aim else self.random.uniform(0, self.longest))

    def wait_for(self, process: subprocess.Popen, aim: str, seconds: float) -> str | None:
        """Wait for a job of the rule `aim`, for so many seconds at most; return what `moment` returns."""
        until = time.monotonic() + seconds
        while process.poll() is None:
            if aim and any(rule_of(job) == aim for job in jobs_of(process.pid)):
                time.sleep(self.random.uniform(0, SHORTEST_JOB))
                return aim
            if time.monotonic() > until:
                return ""
            time.sleep(0.02)
        return None

    def kill(self, process: subprocess.Popen, aim: str, victim: str = "") -> int:
        """Kill the victim, by default a random one; a job of the rule `aim` goes first. Return the number of kills."""
        victim = victim or self.random.choice(VICTIMS)
        jobs = sorted(jobs_of(process.pid), key=lambda job: rule_of(job) != aim)
        if process.poll() is not None:
            return 0
        if victim == "job" and not jobs:
            victim = "snakemake"
        now = time.time()
        checkpoints = {path.parent.name: path.stat().st_mtime for path in self.results.glob("checkpoints/*/state.pt")}
        struck = [jobs[0] if aim else self.random.choice(jobs)] if victim == "job" else jobs
        for job in struck:
            self.note(job, now, checkpoints)
        if victim == "job":
            struck[0].kill()
        elif victim == "snakemake":
            process.kill()
            process.wait()
        else:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.killed[victim] += 1
        return 1

    def note(self, job: psutil.Process, now: float, checkpoints: dict[str, float]) -> None:
        try:
            rule = rule_of(job)
            if not rule:
                return
            logs = [file.path for file in job.open_files() if file.path.endswith(".log")]
            self.running[rule] += 1
            if rule == "train" and logs:
                self.cuts.append(Cut(logs[0], job.create_time(), now, checkpoints))
        except psutil.Error:
            pass  # the job ended by itself just now

    def faults(self, reference: dict[str, str]) -> list[str]:
        """Return what is wrong with the finished graph."""
        found = [f"differs: {name}" for name in differing(reference, manifest(self.results))]
        found += [f"half-written: {path}" for path in self.results.rglob(".*.part*")]
        found += [f"left over: {process}" for process in psutil.process_iter() if self.works_here(process)]
        with sqlite3.connect(self.results / "mlflow/mlflow.db") as database:
            runs = database.execute(RUNS).fetchall()
            twice = database.execute(TWICE).fetchall()
        found += [f"MLflow: {name} is left {status}" for name, status, _ in runs if status == "RUNNING"]
        current = Counter(name for name, _, state in runs if state == "current")
        found += [f"MLflow: {name} has {count} current runs" for name, count in current.items() if count > 1]
        found += [f"MLflow: logged twice: {point}" for point in twice]
        found += [f"MLflow: not sent: {log}" for log in (self.results / "mlflow/outbox").iterdir()]
        return found

    def works_here(self, process: psutil.Process) -> bool:
        try:
            return process.cwd() == str(self.checkout.folder)
        except psutil.Error:
            return False

    def weigh(self) -> None:
        """Compute how much of each killed training was lost: the finished training names its checkpoint."""
        for cut in self.cuts:
            dataset, model = cut.log.removeprefix(f"{self.results}/").removesuffix(".log").split("/logs/")
            summary = self.results / dataset / model / "training.json"
            identity = summary.read_text().split('"identity": "')[1].split('"')[0]
            self.lost.append(cut.killed - max(cut.started, cut.checkpoints.get(identity, 0)))
        self.cuts.clear()


def jobs_of(snakemake: int) -> list[psutil.Process]:
    try:
        children = psutil.Process(snakemake).children(recursive=True)
        return [child for child in children if rule_of(child)]
    except psutil.Error:
        return []


def rule_of(process: psutil.Process) -> str:
    """Return the rule whose job the process is, or ''.

    The script in its command tells, or the name that the fork server gave it.
    """
    try:
        *_, last = process.cmdline()
        script = Path(last.split()[-1])
        if script.parent.match(".snakemake/scripts"):
            return script.name.split(".")[1]
        return next((rule for rule in RULES if rule[:NAME_LENGTH] == process.name()), "")
    except (psutil.Error, ValueError, IndexError):  # the process ended just now
        return ""


def attack(folder: Path, kills: int, seed: int, configuration: str, longest: float = 12.0) -> tuple[Chaos, list[str]]:
    """Kill the graph in `folder` `kills` times; return the faults that followed."""
    undisturbed = Checkout(folder / "undisturbed")
    chaos = Chaos(Checkout(folder / "killed"), configuration, seed, longest)
    undisturbed.finish(configuration=configuration)
    reference = manifest(undisturbed.folder / "results")
    faults, done, rounds = [], 0, 0
    while done < kills:
        for remains in (*chaos.results.glob("[!.]*"), chaos.checkout.folder / ".snakemake"):
            shutil.rmtree(remains, ignore_errors=True)
        done += chaos.round(kills - done)
        rounds += 1
        chaos.weigh()
        faults += chaos.faults(reference)
        print(f"round {rounds}: {done} kills so far, {len(reference)} files compared, {len(faults)} faults", flush=True)
    return chaos, faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--configfile", default="config/digits.yaml")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    chaos, faults = attack(folder, arguments.kills, arguments.seed, arguments.configfile)
    print(f"killed: {dict(chaos.killed)}; jobs that this ended: {dict(chaos.running)}")
    if chaos.lost:
        print(
            f"{len(chaos.lost)} trainings cut; seconds lost, imports included: "
            f"median {statistics.median(chaos.lost):.1f}, most {max(chaos.lost):.1f}"
        )
    print("\n".join(faults) or "0 differing bytes, nothing left over.")
    print(f"The copies are in {folder}" if faults else "")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
