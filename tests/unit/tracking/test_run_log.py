import logging
import math
import socket
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from mlflow.exceptions import MlflowException

from restoration.tracking import mlflow_run, mlflow_store, run_links, run_log, unsent

DEAD = "http://127.0.0.1:9"
METRICS = {
    "images": 1000,
    "test": {"objective": 3.0, "reconstruction": 2.0, "kl": 1.0},
    "scores": {
        "encode": {
            "raw": {
                "whole": {"mse": 0.1, "psnr": 10.0, "ssim": 0.5, "accuracy": 0.9},
                "hole": {"mse": 0.2, "psnr": 7.0, "ssim": 0.4},
            }
        }
    },
    "cost": {"encode": {"multiply_adds": 1000}},
    "latent": {"kl": 0.5, "active_units": 3, "units": 5, "diversity": 0.25, "collapsed": False},
    "prior_draw": {"visible": 40.0, "hidden": None},
    "common": {"mse": 12.0, "bce": 85.0},
}
MILLISECONDS = {"encode": 0.125}
experiments = count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Iterator[Path]:
    """A working directory with a store of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("tracking"))
        mlflow_store.connect(None)
        yield Path.cwd()


@pytest.fixture(scope="module")
def client(folder) -> Any:
    return mlflow_store.connect(None)


@pytest.fixture
def open_run(client) -> Callable[..., run_log.Run]:
    """A run of an experiment that this test has for itself."""
    experiment = f"digits/task{next(experiments)}"
    return lambda name="task vae bce seed 0", identity="0123456789abcdef": run_log.Run(None, experiment, name, identity)


def stored(client: Any, run: run_log.Run) -> Any:
    return client.get_run(run.run_id)


def history(client: Any, run: run_log.Run, metric: str) -> list[tuple[int, float]]:
    return sorted((point.step, point.value) for point in client.get_metric_history(run.run_id, metric))


def test_the_store_is_made_once_beside_nothing_else(folder):
    database = folder / "results" / "mlflow" / "mlflow.db"
    before = database.stat().st_ino
    mlflow_store.connect(None)
    assert database.stat().st_ino == before
    assert {path.name for path in folder.iterdir()} == {"results"}
    assert not list(database.parent.glob("*.part*"))


def test_a_run_is_recorded_and_finished(open_run, client, folder, tmp_path):
    (tmp_path / "model.pt").write_text("weights")
    run = open_run()
    with run.start({"loss": "bce", "training": {"epochs": 2, "learning_rate": 0.001}, "list": [1, 2]}):
        assert stored(client, run).info.status == "RUNNING"
        run.log_history(torch.tensor([[3.0, 2.5, 0.5], [2.0, 1.75, 0.25]]), first=1)
        run.log_history(torch.tensor([[1.0, 0.5, 0.5]]), first=3)
        run.log_validation([{"iteration": 3, "objective": 1.5, "reconstruction": 1.0, "kl": 0.5}])
        run.log_file(tmp_path / "model.pt", "model")
    recorded = stored(client, run)
    assert recorded.info.status == "FINISHED"
    assert recorded.info.run_name == "task vae bce seed 0"
    assert client.get_experiment(recorded.info.experiment_id).name == run.experiment
    assert recorded.data.params == {
        "loss": "bce",
        "training.epochs": "2",
        "training.learning_rate": "0.001",
        "list": "[1, 2]",
    }
    assert recorded.data.tags["identity"] == "0123456789abcdef"
    assert recorded.data.tags["state"] == "current"
    assert history(client, run, "train_objective") == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert history(client, run, "train_kl") == [(1, 0.5), (2, 0.25), (3, 0.5)]
    assert history(client, run, "validation_reconstruction") == [(3, 1.0)]
    assert [file.path for file in client.list_artifacts(run.run_id, "model")] == ["model/model.pt"]
    artifact = folder / "results" / "mlflow" / "artifacts" / run.experiment / run.run_id / "artifacts" / "model"
    assert (artifact / "model.pt").read_text() == "weights"


def test_more_figures_than_one_call_takes_are_all_recorded(open_run, client, monkeypatch):
    monkeypatch.setattr(mlflow_run, "BATCH", 7)
    run = open_run()
    with run.start({}):
        run.log_history(torch.arange(60.0).reshape(20, 3), first=1)
    assert history(client, run, "train_kl") == [(step, 3.0 * step - 1) for step in range(1, 21)]


def test_a_run_whose_job_fails_has_failed(open_run, client):
    run = open_run()
    with pytest.raises(ZeroDivisionError), run.start({}):
        raise ZeroDivisionError
    assert stored(client, run).info.status == "FAILED"


def test_a_job_that_is_interrupted_has_failed(open_run, client):
    run = open_run()
    with pytest.raises(KeyboardInterrupt), run.start({}):
        raise KeyboardInterrupt
    assert stored(client, run).info.status == "FAILED"


def test_a_run_that_never_ended_is_killed_and_superseded_by_the_next(open_run, client):
    killed = open_run().start({})
    with open_run(name="task vae mse seed 0").start({}) as other:
        with open_run().start({}) as successor:
            assert stored(client, killed).info.status == "KILLED"
            assert stored(client, killed).data.tags["state"] == "superseded"
            assert stored(client, killed).data.tags["mlflow.parentRunId"] == successor.run_id
            assert stored(client, successor).info.status == "RUNNING"
        assert stored(client, other).info.status == "RUNNING"
    assert stored(client, other).data.tags["state"] == "current"
    assert stored(client, successor).data.tags["state"] == "current"
    assert [run.info.run_id for run in successor.server.earlier()] == [successor.run_id]


def test_a_run_that_ended_keeps_its_status_when_it_is_superseded(open_run, client):
    with open_run().start({}) as finished:
        pass
    with open_run().start({}):
        pass
    assert stored(client, finished).info.status == "FINISHED"
    assert stored(client, finished).data.tags["state"] == "superseded"


def test_a_finished_run_is_reopened_for_its_evaluation_and_once_only(open_run, client, tmp_path):
    (tmp_path / "metrics.json").write_text("{}")
    with open_run().start({"loss": "bce"}) as trained:
        pass
    run = open_run()
    assert run.reopen()
    assert run.run_id == trained.run_id
    assert stored(client, run).info.status == "RUNNING"
    with run:
        run.log_evaluation(METRICS, MILLISECONDS, [str(tmp_path / "metrics.json")])
    recorded = stored(client, run)
    assert recorded.info.status == "FINISHED"
    assert recorded.data.params == {"loss": "bce"}
    system = {key for key in recorded.data.metrics if key.startswith("system/")}
    for metric in ("system/peak_memory_mb", "system/cpu_seconds"):
        system.remove(metric)
        (_, training), (_, evaluation) = found = history(client, run, metric)
        assert [step for step, _ in found] == [0, 1]
        assert 1 < training <= evaluation < 100_000
    assert not system
    assert {key: value for key, value in recorded.data.metrics.items() if not key.startswith("system/")} == {
        "test_objective": 3.0,
        "test_reconstruction": 2.0,
        "test_kl": 1.0,
        "encode/raw/whole_mse": 0.1,
        "encode/raw/whole_psnr": 10.0,
        "encode/raw/whole_ssim": 0.5,
        "encode/raw/whole_accuracy": 0.9,
        "encode/raw/hole_mse": 0.2,
        "encode/raw/hole_psnr": 7.0,
        "encode/raw/hole_ssim": 0.4,
        "encode/multiply_adds": 1000,
        "encode/milliseconds_per_image": 0.125,
        "latent/kl": 0.5,
        "latent/active_units": 3,
        "latent/units": 5,
        "latent/diversity": 0.25,
        "latent/collapsed": 0,
        "prior_draw/visible": 40.0,
        "common/mse": 12.0,
        "common/bce": 85.0,
    }
    assert [file.path for file in client.list_artifacts(run.run_id, "evaluation")] == ["evaluation/metrics.json"]
    assert not open_run().reopen()


def test_only_a_finished_run_of_the_same_identity_and_name_is_reopened(open_run, client):
    assert not open_run().reopen()
    with pytest.raises(ZeroDivisionError), open_run().start({}):
        raise ZeroDivisionError
    assert not open_run().reopen()
    running = open_run().start({})
    assert not open_run().reopen()
    with running:
        pass
    assert not open_run(identity="another").reopen()
    assert not open_run(name="task vae mse seed 0").reopen()
    assert open_run().reopen()


def test_a_superseded_run_is_not_reopened(open_run):
    with open_run().start({}):
        pass
    with open_run(identity="newer").start({}):
        pass
    assert not open_run().reopen()


def test_the_addresses_that_make_prints_are_those_of_the_experiments(open_run, client, folder):
    with open_run().start({}) as run:
        pass
    number = client.get_experiment_by_name(run.experiment).experiment_id
    links = run_links.links(folder / "results/mlflow/mlflow.db")
    assert links[run.experiment] == (
        f"http://127.0.0.1:5000/#/experiments/{number}/runs?workflowType=machine_learning"
        "&searchFilter=tags.state%20%3D%20%27current%27"
    )
    assert "Default" not in links  # which MLflow makes, and has no run


def test_a_training_can_be_logged_from_its_files(open_run, client, tmp_path):
    (tmp_path / "model.pt").write_text("weights")
    steps = pd.DataFrame(np.arange(12.0).reshape(4, 3), columns=run_log.MEASURED)
    steps.insert(0, "iteration", range(1, 5))
    validation = pd.DataFrame([{"iteration": 4, "objective": 1.5, "reconstruction": 1.0, "kl": 0.5}])
    with open_run().start({}) as run:
        run_log.log_training(run, steps, validation, tmp_path / "model.pt")
    assert history(client, run, "train_objective") == [(1, 0.0), (2, 3.0), (3, 6.0), (4, 9.0)]
    assert history(client, run, "validation_kl") == [(4, 0.5)]


def test_the_run_of_a_model_is_named_by_it(client):
    model = SimpleNamespace(task=f"task{next(experiments)}", variant="vae", loss="bce", seed=3)
    run = run_log.model_run({"dataset": {"name": "digits"}}, model, "identity")
    assert run.name == f"{model.task} vae bce seed 3"
    assert run.experiment == f"digits/{model.task}"


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == run_log.logger.name]


def test_a_server_that_cannot_be_reached_costs_one_warning_and_little_time(caplog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.pt").write_text("weights")
    mlflow_store.connect(DEAD)  # MLflow's import is not what is measured
    start = time.monotonic()
    with caplog.at_level(logging.WARNING):
        run = run_log.Run(DEAD, "digits/task", "task vae bce seed 0", "0123456789abcdef")
        assert not run.reopen()
        with run.start({"loss": "bce"}):
            run.log_history(torch.ones(5, 3), first=1)
            run.log_validation([{"iteration": 3, "objective": 1.5, "reconstruction": 1.0, "kl": 0.5}])
            run.log_file(tmp_path / "model.pt", "model")
            run.log_evaluation(METRICS, MILLISECONDS, [str(tmp_path / "model.pt")])
    assert time.monotonic() - start < 15
    (warning,) = warnings_of(caplog)
    assert warning.startswith(f"MLflow: task vae bce seed 0: not sent ({DEAD} does not answer: Connection refused); ")
    assert warning.endswith("until `snakemake --cores 1 send_runs`; the results are not affected")
    assert "\n" not in warning
    (told,) = unsent.told()
    assert told.startswith("MLflow: 1 run waits in results/mlflow/unsent to be sent: `snakemake --cores 1 send_runs`")


def test_a_server_that_takes_a_call_and_never_answers_costs_seconds(caplog, tmp_path, monkeypatch):
    """As where a network is cut: MLflow's own bounds are some minutes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        start = time.monotonic()
        with caplog.at_level(logging.WARNING), run_log.Run(uri, "digits/task", "name", "identity").start({}) as run:
            run.log_history(torch.ones(5, 3), first=1)
    assert time.monotonic() - start < 15
    (warning,) = warnings_of(caplog)
    assert f"({uri} does not answer: Read timed out); it waits" in warning


def test_a_server_whose_database_is_away_is_said_to_answer_with_an_error(caplog, tmp_path, monkeypatch):
    class Unable(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(503)

        def log_message(self, *_):
            pass

    monkeypatch.chdir(tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), Unable) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        uri = f"http://127.0.0.1:{server.server_port}"
        with caplog.at_level(logging.WARNING), run_log.Run(uri, "digits/task", "name", "identity").start({}):
            pass
        server.shutdown()
    (warning,) = warnings_of(caplog)
    assert f"not sent ({uri} answers with error 503); it waits" in warning


def test_what_cannot_be_kept_either_costs_one_warning(open_run, client, caplog, tmp_path):
    run = open_run()
    with caplog.at_level(logging.WARNING), run.start({}):
        run.log_file(tmp_path / "nothing", "model")
        run.log_history(torch.ones(1, 3), first=1)
        run.log_file(tmp_path / "nothing", "model")
    (warning,) = warnings_of(caplog)
    assert "not recorded (" in warning
    assert warning.endswith("the results are not affected")
    assert "train_kl" not in stored(client, run).data.metrics
    assert unsent.entries() == []


def test_a_failed_job_is_not_hidden_by_a_broken_store(open_run, caplog):
    run = open_run()

    def fail() -> None:
        with run.start({}):
            run.server.run_id = "no such run"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(warnings_of(caplog)) == 1


def test_a_figure_that_is_no_number_does_not_stop_the_job(open_run, client, caplog):
    with open_run().start({}) as run:
        run.log_history(torch.tensor([[math.nan, math.inf, 1.0]]), first=1)
    assert warnings_of(caplog) == []
    assert stored(client, run).info.status == "FINISHED"


def test_an_experiment_that_was_deleted_on_mlflows_page_is_restored_for_a_new_run(open_run, client, caplog):
    with open_run().start({}) as before:
        pass
    client.delete_experiment(stored(client, before).info.experiment_id)
    with caplog.at_level(logging.WARNING):
        with open_run().start({}) as run:
            pass
        with open_run().start({}):
            pass
    assert stored(client, run).info.lifecycle_stage == "active"
    assert stored(client, before).data.tags["state"] == "superseded"
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"MLflow: experiment {run.experiment} was deleted; it is restored")


def test_a_server_that_refuses_one_thing_is_told_from_one_that_is_away(client, tmp_path, monkeypatch):
    with pytest.raises(MlflowException) as refused:
        client.get_run("no such run")
    assert not mlflow_store.is_away(None, refused.value)
    monkeypatch.setattr(mlflow_store, "STORE", tmp_path / "nowhere" / "else")
    (tmp_path / "nowhere").touch()
    assert mlflow_store.is_away(None, OSError("whatever it is"))
    with pytest.raises(MlflowException) as failed:
        mlflow_store.connect(DEAD).search_experiments()
    assert mlflow_store.is_away(DEAD, failed.value)
