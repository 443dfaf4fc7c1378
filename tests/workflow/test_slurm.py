"""The graph through workflow/profiles/slurm, on a Slurm of one machine: each job by sbatch, a failure, a Ctrl-C.

In this order: each test goes on where the one before it ended, or begins if it is run alone.
"""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

import slurm
from checkout import Checkout
from restoration.execution import interrupt

pytestmark = pytest.mark.long

CONFIGURATION = "tests/workflow/one_model.yaml"
LIMIT = 1200  # seconds


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with slurm.Slurm(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("trial"))


def of(jobs, name) -> list[slurm.Job]:
    """Return the jobs of a group or rule."""
    return [job for job in jobs if job.comment.startswith(f"rule_{name}")]


@pytest.fixture
def start(cluster, trial):
    """Start Snakemake with the profile and these arguments, and kill it after the test."""
    started = []

    def starting(*arguments) -> subprocess.Popen:
        profile = ("--profile", "workflow/profiles/slurm", "--configfile", CONFIGURATION)
        run = subprocess.Popen(
            [sys.executable, "-m", "snakemake", *profile, *arguments],
            cwd=trial.folder,
            env=os.environ | {"PYTHONPATH": str(slurm.PLUGIN)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(run)
        return run

    yield starting
    for run in started:
        run.kill()
        run.communicate()


def test_a_job_that_fails_is_reported_as_failed(cluster, trial, start):
    with trial.edited(
        "workflow/scripts/train.py", "loop = main(", 'raise ValueError("no luck")\n            loop = main('
    ):
        run = start()
        said = run.communicate(timeout=LIMIT)[0]
    assert run.returncode == 1
    assert "message: Error in group models" in said, said
    assert "train inpainting vae_incomplete bce 0: no luck" in said
    assert [job.state for job in of(cluster.jobs(), "models")] == ["FAILED"]
    assert of(cluster.jobs(), "conclude") == []
    assert cluster.left(60) == []


def test_ctrl_c_leaves_no_job_in_the_queue(cluster, trial, start):
    run = start("--config", "training={epochs: 100000}")
    end = time.monotonic() + LIMIT
    while not list((trial.folder / "results/checkpoints").glob("*/state.pt")):
        assert run.poll() is None, run.communicate()[0]
        assert time.monotonic() < end
        time.sleep(0.2)
    assert len(of(cluster.queue(), "models")) == 1
    run.send_signal(signal.SIGINT)
    asked = time.monotonic()
    said = run.communicate(timeout=LIMIT)[0]
    assert time.monotonic() - asked < 30
    assert run.returncode == 1
    assert said.splitlines()[-1] == interrupt.GO_ON
    assert cluster.left(60) == []


def test_every_job_goes_through_slurm(cluster, trial, start):
    with trial.edited("workflow/profiles/slurm/config.yaml", "  train:\n", "  train:\n    gpu: 1\n"):
        run = start()
        said = run.communicate(timeout=LIMIT)[0]
    assert run.returncode == 0, said
    assert re.findall("^localrule (.*):", said, re.MULTILINE) == ["all"]
    (models,) = of(cluster.jobs("COMPLETED"), "models")
    assert {job.state for job in cluster.jobs()} <= {"COMPLETED", "CANCELLED", "FAILED"}
    assert (models.cores, models.memory, models.limit, models.devices) == ("1", "3000M", "40:00", "gres:gpu:1")
    assert of(cluster.jobs("COMPLETED"), "conclude")
    assert (trial.folder / "results/digits/report/report.html").stat().st_size > 10_000
