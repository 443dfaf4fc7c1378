"""A tracking server of one's own, as config/README.md sets it up: PostgreSQL, MLflow's server, and the artifacts on it.

Left out where PostgreSQL is not installed (tests/conftest.py).
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from mlflow.exceptions import MlflowException
from tracking_server import servers

from restoration.tracking import mirror, mlflow_store, outbox, run_log

FOUR = ["representation/vae/bce", "denoising/ae/mse", "inpainting/vae/bce", "inpainting/cvae_label/mse"]
TWO = FOUR[1:3]
# A job and a mirror in a folder of their own; the mirror begins when it is told to.
FOLDER = """
import sys
from pathlib import Path
import torch
from restoration.tracking import mirror, mlflow_store, run_log

uri, number = sys.argv[1:]
Path("data.npz").touch()
with run_log.RunLog(uri, "race/task", f"task vae bce seed {number}", "identity").training({"a": 1}, "data.npz") as run:
    run.log_history(torch.ones(50, 3), first=1)
mlflow_store.connect(uri)
print("ready", flush=True)
sys.stdin.readline()
assert mirror.send(None) == 1
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with servers(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def ours(graph, tmp_path_factory):
    """The whole graph as it has run without a server, to run parts of it again with one."""
    return graph.clone(tmp_path_factory.mktemp("ours"))


def runs(uri, models, folder):
    """All that MLflow has of the models' current runs, but ids, times and what is measured in time."""
    from mlflow.artifacts import download_artifacts

    client, found = mlflow_store.connect(uri), {}
    names = [f"{model.replace('/', ' ')} seed 0" for model in models]
    ids = [one.experiment_id for one in client.search_experiments() if one.name.startswith("digits/")]
    for run in client.search_runs(ids, "tags.state = 'current'"):
        if run.info.run_name not in names:
            continue
        id = run.info.run_id
        kept = Path(download_artifacts(run_id=id, tracking_uri=uri, dst_path=str(folder / id)))
        assert run.info.run_name not in found
        found[run.info.run_name] = {
            "status": run.info.status,
            "params": run.data.params,
            "tags": {key: value for key, value in run.data.tags.items() if key != "evaluated"},
            "points": {
                key: sorted((point.step, point.value) for point in client.get_metric_history(id, key))
                for key in run.data.metrics
                if not key.endswith("milliseconds_per_image") and not key.startswith("system/")
            },
            "files": {
                path.relative_to(kept).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in kept.rglob("*")
                if path.is_file()
            },
            "data": sorted((given.dataset.name, given.dataset.digest) for given in run.inputs.dataset_inputs),
        }
    return found


def made_anew(ours, models):
    """The files that are missing now, so that these models are trained and measured again."""
    for model in models:
        for stage in ("train", "evaluate"):
            shutil.rmtree(ours.folder / "results/digits" / stage / model)
    return [f"results/digits/evaluate/{model}/seed0/metrics.json" for model in models]


def test_four_jobs_at_once_write_to_a_server(graph, ours, server, tmp_path):
    targets = made_anew(ours, FOUR)
    run = ours.snakemake("--cores", "4", "--config", f"tracking={{uri: '{server.uri}'}}", "--", *targets)
    assert run.returncode == 0, run.stdout
    assert "MLflow:" not in run.stdout
    written = runs(server.uri, FOUR, tmp_path / "server")
    assert {one["status"] for one in written.values()} == {"FINISHED"}
    local = f"sqlite:///{graph.folder}/results/mlflow/mlflow.db"
    assert written == runs(local, FOUR, tmp_path / "local")  # the same as in the file that is used without a server
    on_server = [path.name for path in (server.folder / "artifacts").rglob("*") if path.is_file()]
    assert on_server.count("model.pt") == len(FOUR)


def test_a_server_that_is_killed_in_the_middle_costs_nothing(graph, ours, server, tmp_path):
    targets = made_anew(ours, TWO)
    client = mlflow_store.connect(server.uri)
    ids = [one.experiment_id for one in client.search_experiments()]
    before = len(client.search_runs(ids))
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "tests/workflow/tiny.yaml"]
    process = subprocess.Popen(
        [*command, "--config", f"tracking={{uri: '{server.uri}'}}", "--", *targets],
        cwd=ours.folder,
        env=os.environ | {"PYTHONPATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while len(client.search_runs(ids)) == before:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.1)
    server.kill()
    said, _ = process.communicate()
    assert process.returncode == 0, said
    assert re.search(rf"^MLflow: .*{server.uri} does not answer: ", said, re.MULTILINE)
    (told,) = re.findall(r"^MLflow: (\d+) logs wait in results/mlflow/outbox to be sent", said, re.MULTILINE)
    assert int(told) >= len(TWO)  # no evaluation found the server

    away = ours.snakemake("--", "send_runs")
    assert away.returncode == 1
    assert f"send_runs: {server.uri} does not answer: Connection refused; MLflow: {told} logs wait" in away.stdout
    server.start()
    sent = ours.snakemake("--", "send_runs")
    assert sent.returncode == 0, sent.stdout
    assert f"MLflow: sent: {told} logs." in sent.stdout
    assert "wait in" not in sent.stdout
    local = f"sqlite:///{graph.folder}/results/mlflow/mlflow.db"
    assert runs(server.uri, TWO, tmp_path / "server") == runs(local, TWO, tmp_path / "local")
    again = ours.snakemake("--", "send_runs")
    assert "MLflow: sent: 0 logs." in again.stdout


def test_four_folders_make_an_experiment_at_once(server, tmp_path):
    """No lock of a file holds their mirrors apart."""
    scripts, mirrors = str(Path(mirror.__file__).parents[2]), []
    for number in range(4):
        (folder := tmp_path / str(number)).mkdir()
        command = [sys.executable, "-c", FOLDER, server.uri, str(number)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        mirrors.append(subprocess.Popen(command, cwd=folder, env=os.environ | {"PYTHONPATH": scripts}, **pipes))
    assert [one.stdout.readline() for one in mirrors] == ["ready\n"] * 4
    for one in mirrors:
        one.stdin.write("\n")
        one.stdin.flush()
    assert [one.communicate()[0] for one in mirrors] == [""] * 4  # no warning
    assert [one.returncode for one in mirrors] == [0] * 4
    client = mlflow_store.connect(server.uri)
    found = client.search_runs([client.get_experiment_by_name("race/task").experiment_id])
    assert sorted(run.info.run_name for run in found) == [f"task vae bce seed {number}" for number in range(4)]
    for run in found:
        assert (run.info.status, run.data.tags["state"]) == ("FINISHED", "current")
        assert len(client.get_metric_history(run.info.run_id, "train_kl")) == 50


def test_a_database_that_is_killed_beneath_the_server_costs_nothing(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.npz").touch()
    one = mirror.Mirror(server.uri)
    with run_log.RunLog(server.uri, "database/task", "task vae bce seed 0", "identity").training({}, "data.npz") as run:
        run.log_history(torch.ones(5, 3), first=1)
        one.go()
        server.database.kill()
        run.log_history(torch.ones(5, 3), first=6)
    with pytest.raises(MlflowException):
        one.go()  # the server answers, but cannot take any run: none is passed over
    assert len(outbox.logs()) == 1
    server.database.start()
    one.go()
    client = mlflow_store.connect(server.uri)
    (found,) = client.search_runs([client.get_experiment_by_name("database/task").experiment_id])
    assert found.info.status == "FINISHED"
    assert len(client.get_metric_history(found.info.run_id, "train_kl")) == 10
