"""What may go wrong on a machine: each case ends in completion or in one clear line, and nothing is lost."""

import json
import os
import resource
import shutil
import sqlite3
import time

import pytest
from kills import Chaos, attack

from checkout import TINY, Checkout, differing, manifest

TWO_MODELS = "tests/workflow/two_models.yaml"
KILLS = 5


@pytest.fixture(scope="module")
def two_models(tmp_path_factory):
    """Run the graph of two models in a checkout of its own."""
    ours = Checkout(tmp_path_factory.mktemp("two"))
    ours.finish(configuration=TWO_MODELS)
    return ours


@pytest.fixture
def trial(two_models, tmp_path):
    """Copy that checkout, to damage it."""
    return two_models.clone(tmp_path)


def assert_made_again(trial, two_models) -> None:
    """Run Snakemake to its end, and compare all results with those of the undamaged checkout."""
    trial.finish(configuration=TWO_MODELS)
    assert differing(manifest(two_models.folder / "results"), manifest(trial.folder / "results")) == []


def runs(checkout) -> list[tuple[str, str]]:
    with sqlite3.connect(checkout.folder / "results/mlflow/mlflow.db") as database:
        return database.execute("SELECT name, status FROM runs").fetchall()


def test_kills_change_no_byte(graph, tmp_path):
    """Two models of the tiny graph are made again; a kill strikes a training, another an evaluation and Snakemake."""
    chaos = Chaos(graph.clone(tmp_path), TINY, seed=0, longest=60)
    for summary in (chaos.results / "digits/train/inpainting/vae").rglob("training.json"):
        shutil.rmtree(chaos.results / "checkpoints" / json.loads(summary.read_text())["identity"])
    for stage in ("train", "evaluate"):
        shutil.rmtree(chaos.results / "digits" / stage / "inpainting/vae")
    for rule, victim in (("train", "job"), ("evaluate", "both")):
        process = chaos.start()
        assert chaos.wait_for(process, rule, chaos.longest) == rule
        assert chaos.kill(process, rule, victim)
        assert process.wait() != 0
    assert chaos.start().wait() == 0
    assert chaos.faults(manifest(graph.folder / "results")) == []


@pytest.mark.long
def test_kills_at_random_moments_change_no_byte(tmp_path):
    chaos, faults = attack(tmp_path, KILLS, seed=0, configuration=TWO_MODELS)
    assert faults == []
    assert sum(chaos.killed.values()) >= KILLS


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("download/dataset.npz", "truncated"),
        ("corrupt/inpainting/test.npz", "garbage"),
        ("train/inpainting/vae_incomplete/bce/seed0/model.pt", "truncated"),
        ("train/inpainting/vae_incomplete/bce/seed0/history.parquet", "empty"),
        ("evaluate/inpainting/vae_incomplete/bce/seed0/metrics.json", "removed"),
        ("report/report.html", "truncated"),
    ],
)
def test_a_damaged_result_is_made_again(two_models, trial, name, harm):
    path = trial.folder / "results/digits" / name
    if harm == "removed":
        path.unlink()
    else:
        whole = path.read_bytes()
        path.write_bytes({"truncated": whole[: len(whole) // 2], "garbage": os.urandom(len(whole)), "empty": b""}[harm])
    assert_made_again(trial, two_models)


@pytest.mark.long
def test_all_results_damaged_at_once_are_made_again(two_models, trial):
    """Damage checkpoints too, but not what no stage reads: the record and the copy of the workflow."""
    results = trial.folder / "results"
    for path in results.rglob("*"):
        left = {"mlflow", "workflow", ".gitignore", "ro-crate-metadata.json"}
        if path.is_file() and left.isdisjoint(path.relative_to(results).parts):
            path.write_bytes(b"garbage")
    assert_made_again(trial, two_models)


@pytest.mark.long
def test_snakemakes_records_may_be_damaged(two_models, trial):
    """Empty all records, as a power cut may."""
    for path in (trial.folder / ".snakemake/metadata").rglob("*"):
        if path.is_file():
            path.write_bytes(b"")
    assert_made_again(trial, two_models)


@pytest.mark.long
def test_a_full_disk_ends_in_one_line_and_loses_nothing(two_models, trial):
    """Limit the size of a file below that of a model: a disk that has room for small files alone."""
    summary = trial.folder / "results/digits/train/inpainting/vae_incomplete/bce/seed0/training.json"
    identity = json.loads(summary.read_text())["identity"]
    shutil.rmtree(trial.folder / "results/digits/train/inpainting")
    shutil.rmtree(trial.folder / "results/checkpoints" / identity)
    process = trial.started(configuration=TWO_MODELS)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (500_000, resource.RLIM_INFINITY))
    said, _ = process.communicate()
    assert process.returncode == 1
    line = next(line for line in said.splitlines() if line.startswith("train inpainting vae_incomplete bce 0: "))
    assert "File too large: 'results/digits/train/inpainting/vae_incomplete/bce/seed0/model.pt'" in line
    assert_made_again(trial, two_models)


@pytest.mark.long
@pytest.mark.parametrize("harm", ["locked", "read-only", "gone", "garbage"])
def test_results_do_not_depend_on_mlflow(two_models, trial, harm):
    store = trial.folder / "results/mlflow"
    database = store / "mlflow.db"
    shutil.rmtree(trial.folder / "results/digits/evaluate")
    holder = None
    if harm == "locked":
        holder = sqlite3.connect(database, isolation_level=None)
        holder.execute("BEGIN EXCLUSIVE")
    elif harm == "read-only":
        database.chmod(0o444)
        store.chmod(0o555)
    elif harm == "gone":
        shutil.rmtree(store)
    else:
        database.write_bytes(b"garbage" * 1000)
    try:
        assert_made_again(trial, two_models)
    finally:
        if holder:
            holder.close()
        store.chmod(0o755)
    if harm == "gone":
        assert {status for _, status in runs(trial)} == {"FINISHED"}


@pytest.mark.long
def test_of_two_at_once_one_does_the_work(two_models, trial):
    shutil.rmtree(trial.folder / "results/digits/evaluate")
    pair = [trial.started("--cores", "1", configuration=TWO_MODELS) for _ in range(2)]
    said = [process.communicate()[0] for process in pair]
    assert sorted(process.returncode for process in pair) == [0, 1], said
    refused = said[[process.returncode for process in pair].index(1)]
    assert "another Snakemake" in refused.splitlines()[-1]
    assert differing(manifest(two_models.folder / "results"), manifest(trial.folder / "results")) == []


@pytest.mark.long
def test_a_killed_snakemake_leaves_no_job(trial):
    shutil.rmtree(trial.folder / "results/digits/train")
    shutil.rmtree(trial.folder / "results/checkpoints")
    process = trial.started(configuration=TWO_MODELS)
    while not list((trial.folder / ".snakemake/scripts").glob("*.train.py")):
        assert process.poll() is None
        time.sleep(0.1)
    process.kill()
    process.wait()
    trial.finish(configuration=TWO_MODELS)
    assert list((trial.folder / ".snakemake/scripts").iterdir()) == []
    names = [name for name, status in runs(trial) if status == "RUNNING"]
    assert names == []
