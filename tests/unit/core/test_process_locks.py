import os
import subprocess
import sys
import time

import pytest
from helpers import gone

from restoration.core import process_locks

PRELUDE = f"import sys, os, time; sys.path.insert(0, {str(process_locks.Path(process_locks.__file__).parents[2])!r})\n"
PRELUDE += "from restoration.core import process_locks as locking\n"


@pytest.fixture
def start(python):
    """Start Python with `code`; it says 'ready' on a line."""
    return lambda code: python("-c", PRELUDE + code)


HOLD = "locking.announce(); locking.take_folder(); print('ready', flush=True); time.sleep(60)"


def test_a_second_one_is_refused_by_the_process_that_holds_the_folder(start):
    first = start(HOLD)
    assert first.stdout.readline() == "ready\n"
    _, said = start(HOLD).communicate()
    assert f"another Snakemake (process {first.pid}) is at work in this folder" in said.splitlines()[-1]


def test_a_killed_one_holds_nothing(start):
    first = start(HOLD)
    assert first.stdout.readline() == "ready\n"
    first.kill()
    first.wait()
    assert start(HOLD).stdout.readline() == "ready\n"


def test_a_job_ends_with_its_snakemake(start):
    job = PRELUDE + "locking.join(); print(os.getpid(), flush=True); time.sleep(60)"
    first = start(f"import subprocess; locking.announce(); subprocess.run([sys.executable, '-c', {job!r}])")
    pid = int(first.stdout.readline())
    first.kill()
    first.wait()
    assert gone(pid)


def test_a_job_whose_snakemake_is_gone_does_not_begin(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    job = subprocess.run(
        [sys.executable, "-c", PRELUDE + "locking.join(); print('began')"],
        cwd=tmp_path,
        env=os.environ | {process_locks.SNAKEMAKE: str(ended.pid)},
        capture_output=True,
        text=True,
    )
    assert job.stdout == ""
    assert "is gone" in job.stderr.splitlines()[-1]


def test_one_waits_for_the_jobs_of_a_killed_one(start):
    job = start("locking.join(); print('ready', flush=True); time.sleep(1); print('done', flush=True)")
    assert job.stdout.readline() == "ready\n"
    start_time = time.monotonic()
    next_one = start(HOLD)
    assert next_one.stdout.readline() == "ready\n"
    assert time.monotonic() - start_time > 0.5
    assert job.wait() == 0
