"""What a courier sends, and what is sent later of what a server did not take: the same as by the jobs themselves."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from test_run_log import METRICS, MILLISECONDS

from restoration.tracking import mirror, mlflow_run, mlflow_store, run_log, unsent

NAME = "task vae bce seed 0"
TRAINING, EVALUATION = 7, 7  # calls


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Iterator[Any]:
    """A store in a working directory with the files of a job."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("unsent"))
        Path("results/digits").mkdir(parents=True)
        for name in ("dataset.npz", "test.npz", "model.pt", "metrics.json"):
            Path("results/digits", name).write_text(f"contents of {name}")
        yield mlflow_store.connect(None)


@pytest.fixture
def clock(monkeypatch) -> None:
    """Times that are the same in every try."""
    times = iter(range(1_000_000, 2_000_000, 1000))
    monkeypatch.setattr(run_log, "now", lambda: next(times))


def run(experiment: str, identity: str = "0123456789abcdef") -> run_log.Run:
    files = {key: f"results/digits/{key}.npz" for key in ("dataset", "test")}
    return run_log.Run(None, experiment, NAME, identity, files)


def train(experiment: str) -> None:
    with run(experiment).start({"loss": "bce", "training": {"epochs": 2}}) as of:
        of.log_history(torch.arange(6.0).reshape(2, 3), first=1)
        of.log_file("results/digits/model.pt", "model")


def evaluate(experiment: str) -> None:
    of = run(experiment)
    reopened = of.reopen()
    with of if reopened else of.start({"loss": "bce", "training": {"epochs": 2}}):
        if not reopened:
            history = pd.DataFrame([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], columns=run_log.MEASURED)
            run_log.log_training(of, history, history[:0].assign(iteration=[]), "results/digits/model.pt")
        of.log_evaluation(METRICS, MILLISECONDS, ["results/digits/metrics.json"])


@contextmanager
def broken(monkeypatch: pytest.MonkeyPatch, first: int, last: int, lost_answer: bool = False) -> Iterator[list[str]]:
    """The calls from number `first` to `last` fail; where the answer alone is lost, the server has made the first of
    them. Yields what was asked for.
    """
    asked: list[str] = []
    real = mlflow_run.ServerRun.make

    def make(self: Any, call: mlflow_run.Call) -> Any:
        asked.append(call["do"])
        if first <= len(asked) <= last:
            if lost_answer:
                real(self, call)
            raise ConnectionError("nobody there")
        return real(self, call)

    with monkeypatch.context() as patch:
        patch.setattr(mlflow_run.ServerRun, "make", make)
        patch.setattr(mlflow_store, "is_away", lambda *_: True)
        yield asked


def runs(client: Any, experiment: str) -> list[dict[str, Any]]:
    """All that the server has of an experiment, without the ids, the oldest run first."""
    number = client.get_experiment_by_name(experiment).experiment_id
    return [
        {
            "name": one.info.run_name,
            "status": one.info.status,
            "times": (one.info.start_time, one.info.end_time),
            "params": one.data.params,
            "tags": one.data.tags,
            "points": {
                key: sorted((point.step, point.value, point.timestamp) for point in client.get_metric_history(id, key))
                for key in one.data.metrics
                if not key.startswith("system/")  # which no two processes have alike
            },
            "files": {
                file.path: Path(one.info.artifact_uri.removeprefix("file://"), file.path).read_text()
                for folder in client.list_artifacts(id)
                for file in client.list_artifacts(id, folder.path)
            },
            "data": sorted(
                (given.dataset.name, given.dataset.digest, given.tags[0].value) for given in one.inputs.dataset_inputs
            ),
        }
        for one in client.search_runs([number], order_by=["attributes.start_time ASC"])
        if (id := one.info.run_id)
    ]


@pytest.fixture(scope="module")
def whole(client) -> list[dict[str, Any]]:
    """What a server has that was there all the time."""
    with pytest.MonkeyPatch.context() as patch:
        times = iter(range(1_000_000, 2_000_000, 1000))
        patch.setattr(run_log, "now", lambda: next(times))
        train("whole")
        evaluate("whole")
    (one,) = found = runs(client, "whole")
    assert one["status"] == "FINISHED"
    assert one["files"].keys() == {"model/model.pt", "evaluation/metrics.json"}
    assert [context for _, _, context in one["data"]] == ["training", "evaluation"]
    return found


@pytest.mark.parametrize("lost_answer", [False, True], ids=["refused", "answer lost"])
@pytest.mark.parametrize("first", range(1, TRAINING + EVALUATION + 1))
def test_a_server_that_fails_at_any_call_is_sent_the_rest(client, whole, monkeypatch, first, lost_answer):
    experiment = f"{first}-{lost_answer}"
    with broken(monkeypatch, first, 10**6, lost_answer):
        train(experiment)
        evaluate(experiment)
    assert runs_waiting() == (2 if first <= TRAINING else 1)
    assert unsent.send(None) == (2 if first <= TRAINING else 1)
    assert runs_waiting() == 0
    assert same(runs(client, experiment), whole)


def runs_waiting() -> int:
    return len(unsent.entries())


def same(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    """Whether all is the same but the times."""

    def without(found: list[dict[str, Any]]) -> list[Any]:
        return [
            {
                **run,
                "times": None,
                "points": {key: [point[:2] for point in points] for key, points in run["points"].items()},
            }
            for run in found
        ]

    return without(one) == without(other)


def test_a_server_that_is_back_for_the_evaluation_has_the_training_first(client, whole, monkeypatch):
    with broken(monkeypatch, 2, 10**6):
        train("back")
    evaluate("back")
    assert runs_waiting() == 0
    assert same(runs(client, "back"), whole)


def test_sending_that_is_cut_off_goes_on(client, whole, monkeypatch):
    with broken(monkeypatch, 1, 10**6):
        train("cut")
        evaluate("cut")
    for number in range(1, TRAINING + 1):
        with broken(monkeypatch, number, number), pytest.raises(ConnectionError):
            unsent.send(None)
    assert unsent.send(None) == 1  # the other has been sent meanwhile
    assert same(runs(client, "cut"), whole)


def test_the_place_of_an_earlier_run_is_taken_where_that_was_cut_off(client, monkeypatch):
    """The new run was made, and then the server was gone."""
    with run("place").start({}) as earlier:
        pass
    with monkeypatch.context() as patch:
        patch.setattr(mlflow_run.ServerRun, "_tag", lambda *_: 1 / 0)
        with run("place", "newer").start({}):
            pass
    assert unsent.send(None) == 1
    one, other = runs(client, "place")
    assert (one["tags"]["state"], other["tags"]["state"]) == ("superseded", "current")
    assert client.get_run(earlier.run_id).data.tags["mlflow.parentRunId"] != earlier.run_id


def test_what_is_sent_has_the_times_of_the_job(client, whole, clock, monkeypatch):
    with broken(monkeypatch, 3, 10**6):
        train("times")
    evaluate("times")
    assert runs(client, "times") == whole


def test_a_server_that_lost_the_beginning_is_sent_it_again(client, whole, clock, monkeypatch):
    with broken(monkeypatch, 4, 10**6):
        train("emptied")
    number = client.get_experiment_by_name("emptied").experiment_id
    for one in client.search_runs([number]):
        client.delete_run(one.info.run_id)
    evaluate("emptied")
    assert runs(client, "emptied") == whole


def test_an_evaluation_whose_training_is_on_another_server_is_not_lost(client, monkeypatch, caplog):
    train("elsewhere")
    with broken(monkeypatch, 2, 10**6):
        evaluate("elsewhere")
    number = client.get_experiment_by_name("elsewhere").experiment_id
    (one,) = client.search_runs([number])
    client.delete_run(one.info.run_id)
    with caplog.at_level(logging.WARNING):
        assert unsent.send(None) == 0
    assert "not sent (its training is not on this server); it stays in " in caplog.text
    client.restore_run(one.info.run_id)
    assert unsent.send(None) == 1
    assert client.get_run(one.info.run_id).info.status == "FINISHED"


def test_what_is_sent_late_does_not_take_the_place_of_what_came_after(client, monkeypatch):
    with broken(monkeypatch, 1, 10**6):
        train("late")
    other = run("late", "another")
    with other.start({}):
        pass
    assert unsent.send(None) == 1
    states = [(one["tags"]["identity"], one["tags"]["state"], one["status"]) for one in runs(client, "late")]
    assert states == [("0123456789abcdef", "superseded", "FINISHED"), ("another", "current", "FINISHED")]
    assert runs(client, "late")[0]["tags"]["mlflow.parentRunId"] == other.run_id


def test_a_job_that_was_killed_is_sent_as_that(client, monkeypatch):
    with broken(monkeypatch, 1, 10**6):
        of = run("killed").start({})
        of.log_history(torch.ones(2, 3), first=1)
    with open(of.unsent.path, "a") as file:
        file.write('{"do": "met')
    of.unsent.release()  # as the end of its process does
    assert unsent.send(None) == 1
    (one,) = runs(client, "killed")
    assert one["status"] == "KILLED"
    assert [point[:2] for point in one["points"]["train_kl"]] == [(1, 1.0), (2, 1.0)]


def test_a_job_that_still_writes_is_left_alone(client, monkeypatch):
    with broken(monkeypatch, 1, 10**6):
        running = run("running").start({})
        assert unsent.send(None) == 0
        with running:
            pass
    assert unsent.send(None) == 1


def test_what_the_server_will_never_take_is_left_out(client, monkeypatch, caplog):
    with broken(monkeypatch, 1, 10**6), run("refused").start({"a name?": 1}) as of:
        of.log_history(torch.ones(1, 3), first=1)
    with caplog.at_level(logging.WARNING):
        assert unsent.send(None) == 1
    assert "the server refuses a part of it" in caplog.text
    (one,) = runs(client, "refused")
    assert one["params"] == {}
    assert "train_kl" in one["points"]


@contextmanager
def refusing(monkeypatch: pytest.MonkeyPatch, experiment: str) -> Iterator[None]:
    """The server answers, and begins no run of this experiment."""
    real = mlflow_run.ServerRun.create
    refused = mlflow_store.experiment(mlflow_store.connect(None), None, experiment)

    def create(self: Any, **given: Any) -> None:
        if self.experiment_id == refused:
            raise MlflowException("The experiment must be in the 'active' state", INVALID_PARAMETER_VALUE)
        real(self, **given)

    with monkeypatch.context() as patch:
        patch.setattr(mlflow_run.ServerRun, "create", create)
        yield


def test_a_run_that_the_server_will_not_begin_says_why_and_stops_no_other(client, whole, monkeypatch, caplog):
    with broken(monkeypatch, 1, 10**6):
        train("refused-first")
        train("taken-after")
    caplog.clear()
    with refusing(monkeypatch, "refused-first"):
        assert unsent.send(None) == 1
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"MLflow: {NAME}: not sent (The experiment must be in the 'active' state); it stays in ")
    assert [one["status"] for one in runs(client, "taken-after")] == ["FINISHED"]
    assert unsent.send(None) == 1
    assert [one["status"] for one in runs(client, "refused-first")] == ["FINISHED"]


def test_a_run_that_cannot_be_read_stops_no_other(client, monkeypatch):
    with broken(monkeypatch, 1, 10**6):
        train("unreadable")
        train("readable")
    path = unsent.entries(experiment="unreadable")[0].path
    kept = path.read_text()
    path.write_text('{"do": "create", "of": "training"}\n')
    assert unsent.send(None) == 1
    path.write_text(kept)
    assert unsent.send(None) == 1


def test_files_are_kept_as_they_were(client, monkeypatch, tmp_path):
    path = tmp_path / "model.pt"
    path.write_text("first")
    with broken(monkeypatch, 1, 10**6), run("files").start({}) as of:
        of.log_file(path, "model")
    path.unlink()
    path.write_text("second")
    unsent.send(None)
    (one,) = runs(client, "files")
    assert one["files"] == {"model/model.pt": "first"}


@pytest.fixture
def carried(monkeypatch) -> mirror.Rounds:
    """The rounds of a courier in this process, for which jobs write down what they do."""
    monkeypatch.setattr(mirror, "at_work", lambda: True)
    return mirror.Rounds(None)


def test_a_courier_makes_the_calls_that_a_job_would(client, whole, carried):
    train("carried")
    evaluate("carried")
    assert runs_waiting() == 2
    carried.go()
    assert runs_waiting() == 0
    assert same(runs(client, "carried"), whole)


def test_a_courier_follows_a_job_that_runs(client, carried):
    with run("followed").start({"loss": "bce"}) as of:
        for first in (1, 3):
            of.log_history(torch.ones(2, 3), first)
            carried.go()
            (one,) = runs(client, "followed")
            assert [step for step, *_ in one["points"]["train_kl"]] == [*range(1, first + 2)]
            assert one["status"] == "RUNNING"
    carried.go()
    assert [one["status"] for one in runs(client, "followed")] == ["FINISHED"]


def test_a_courier_sends_a_later_job_of_a_model_after_an_earlier_one(client, whole, carried):
    with run("ordered").start({"loss": "bce", "training": {"epochs": 2}}) as of:
        evaluate("ordered")
        carried.go()
        assert [one["status"] for one in runs(client, "ordered")] == ["RUNNING"]
        of.log_history(torch.arange(6.0).reshape(2, 3), first=1)
        of.log_file("results/digits/model.pt", "model")
    carried.go()
    assert same(runs(client, "ordered"), whole)


@pytest.mark.parametrize("first", range(1, TRAINING + EVALUATION + 1, 2))
def test_a_courier_goes_on_where_the_server_failed(client, whole, carried, monkeypatch, first, caplog):
    experiment, troubles, over = f"courier{first}", [], iter([False] * 3 + [True])
    train(experiment)
    evaluate(experiment)
    with broken(monkeypatch, first, first), caplog.at_level(logging.WARNING):
        mirror.carry(None, lambda _: next(over), troubles.append)
    assert troubles[:2] == ["nobody there", ""]
    assert caplog.text.count("nobody there; runs wait in") == 1
    assert same(runs(client, experiment), whole)


def test_a_courier_goes_on_with_others_where_the_server_refuses_one(client, carried, monkeypatch, caplog):
    train("courier-refused")
    train("courier-taken")
    with refusing(monkeypatch, "courier-refused"):
        for _ in range(3):
            carried.go()
        mirror._lock().write_text("")
        mirror.flush(None)  # and what registers the champions does not wait for it
    assert caplog.text.count("not sent (The experiment must be in the 'active' state)") == 1
    assert [one["status"] for one in runs(client, "courier-taken")] == ["FINISHED"]
    carried.again.clear()
    carried.go()
    assert runs_waiting() == 0


def test_a_courier_ends_with_the_execution_though_the_server_is_gone(client, carried, monkeypatch):
    train("gone")
    with broken(monkeypatch, 1, 10**6) as asked:
        mirror.carry(None, lambda _: True, lambda _: None)
    assert len(asked) == 1
    assert unsent.told() == [
        f"MLflow: 1 run waits in {unsent.folder()} to be sent: `{unsent.COMMAND}`, once the server answers"
    ]
    assert unsent.send(None) == 1


def test_after_ctrl_c_a_server_that_never_answers_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = mirror.start(uri)
        while not mirror.at_work():
            assert process.poll() is None
            time.sleep(0.05)
        with run_log.Run(uri, "digits/task", NAME, "identity").start({}):
            pass
        silent.accept()  # it has asked
        stopped = time.monotonic()
        mirror.finish(process, stopped=True)
    assert time.monotonic() - stopped < 2 * mirror.PATIENCE_STOPPED
    assert runs_waiting() == 1


def test_a_courier_of_its_own_process_takes_what_a_job_writes_that_does_not_load_mlflow(client, whole):
    process = mirror.start(None)
    while not mirror.at_work():
        assert process.poll() is None
        time.sleep(0.05)
    code = (
        "import sys, torch; from restoration.tracking import run_log as tracking\n"
        f"files = {{'dataset': 'results/digits/dataset.npz'}}; name, identity = {NAME!r}, '0123456789abcdef'\n"
        "run = tracking.Run(None, 'process', name, identity, files)\n"
        "with run.start({'loss': 'bce', 'training': {'epochs': 2}}) as of:\n"
        "    of.log_history(torch.arange(6.0).reshape(2, 3), first=1)\n"
        "    of.log_file('results/digits/model.pt', 'model')\n"
        "sys.exit('mlflow' in sys.modules)"
    )
    scripts = Path(run_log.__file__).parents[2]
    job = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(scripts)})
    assert job.returncode == 0
    evaluate("process")
    mirror.finish(process)
    assert process.returncode == 0
    assert not mirror.at_work()
    assert runs_waiting() == 0
    assert same(runs(client, "process"), whole)
