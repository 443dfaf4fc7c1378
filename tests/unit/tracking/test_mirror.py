"""Whenever a mirror or a server is cut off, MLflow has the same in the end as if nothing had happened."""

import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import send_runs
import torch
from mlflow.exceptions import MlflowException
from test_run_log import METRICS, MILLISECONDS, NAME, REPORT

from restoration.core import artifacts
from restoration.core.errors import UserError
from restoration.tracking import mirror, mlflow_store, mlflow_writer, outbox, run_log

SETTINGS = {"loss": "bce", "training": {"epochs": 2}}
ROWS = [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
FILES = {
    "summary": "training.json",
    "history": "history.parquet",
    "validation": "validation.parquet",
    "model": "model.pt",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory) -> Iterator[Any]:
    """A store in a working directory with the files of a training and an evaluation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("mirror"))
        for name in ("results/digits/dataset.npz", "results/digits/test.npz", "model.pt", "metrics.json"):
            artifacts.write_text(name, f"contents of {name}")
        artifacts.write_json(FILES["summary"], {"settings": SETTINGS})
        columns = ["objective", "reconstruction", "kl"]
        history = pd.DataFrame(ROWS, columns=columns)
        history.insert(0, "iteration", [1, 2])
        artifacts.write_parquet(FILES["history"], history)
        artifacts.write_parquet(FILES["validation"], history[1:])
        yield mlflow_store.connect(None)


@pytest.fixture(autouse=True)
def empty(client) -> Iterator[None]:
    """The outbox is empty after each test."""
    yield
    assert outbox.logs() == []


def new(experiment: str, identity: str = "0123456789abcdef", uri: str | None = None) -> run_log.RunLog:
    time.sleep(0.002)  # a run is told from another by milliseconds
    return run_log.RunLog(uri, experiment, NAME, identity)


def begun(experiment: str, *of: str) -> run_log.RunLog:
    return new(experiment, *of).training(SETTINGS, "results/digits/dataset.npz")


def train(experiment: str, *of: str) -> None:
    with begun(experiment, *of) as run:
        run.log_history(torch.tensor(ROWS), first=1)
        run.log_validation([{"iteration": 2, "objective": 3.0, "reconstruction": 4.0, "kl": 5.0}])
        run.log_file("model.pt", "model")


def evaluate(experiment: str, *of: str) -> None:
    with new(experiment, *of).evaluation(FILES, "results/digits/dataset.npz", "results/digits/test.npz") as run:
        run.log_evaluation(METRICS, MILLISECONDS, ["metrics.json"], REPORT)


def go() -> None:
    mirror.Mirror(None).go()


def found(client: Any, experiment: str) -> list[Any]:
    """The runs of an experiment, the oldest first."""
    number = client.get_experiment_by_name(experiment).experiment_id
    return list(client.search_runs([number], order_by=["attributes.start_time ASC"]))


def contents(client: Any, experiment: str) -> list[dict[str, Any]]:
    """All that the server has of an experiment, without ids and times, and without what no two processes have alike."""
    return [
        {
            "name": run.info.run_name,
            "status": run.info.status,
            "params": run.data.params,
            "tags": {key: value for key, value in run.data.tags.items() if key != "evaluated"},
            "points": {
                key: sorted((point.step, point.value) for point in client.get_metric_history(id, key))
                for key in run.data.metrics
                if not key.startswith("system/")
            },
            "system": sorted(point.step for point in client.get_metric_history(id, "system/cpu_seconds")),
            "files": {
                file.path: Path(run.info.artifact_uri.removeprefix("file://"), file.path).read_text()
                for folder in client.list_artifacts(id)
                for file in client.list_artifacts(id, folder.path)
            },
            "data": sorted(
                (given.dataset.name, given.dataset.digest, given.tags[0].value) for given in run.inputs.dataset_inputs
            ),
        }
        for run in found(client, experiment)
        if (id := run.info.run_id)
    ]


def places(client: Any, experiment: str) -> list[tuple[str, str, str | None]]:
    """Identity, status, and the number of the run that each run is shown beneath."""
    runs = found(client, experiment)
    ids = {run.info.run_id: number for number, run in enumerate(runs)}
    told = [(run.data.tags["state"], run.data.tags.get(mlflow_writer.PARENT)) for run in runs]
    assert all((state == "current") == (parent is None) for state, parent in told)
    return [
        (run.data.tags["identity"], run.info.status, ids.get(run.data.tags.get(mlflow_writer.PARENT))) for run in runs
    ]


@pytest.fixture(scope="module")
def whole(client) -> list[dict[str, Any]]:
    """What MLflow has of a training and an evaluation that nothing befell."""
    train("whole")
    evaluate("whole")
    first, last = ([*log.unread()] for log in outbox.logs())
    go()
    (run,), (one,) = found(client, "whole"), contents(client, "whole")
    assert (run.info.start_time, run.info.end_time) == (first[0]["time"], first[-1]["time"])  # the training's
    assert run.info.run_name == NAME
    assert one["status"] == "FINISHED"
    assert one["params"] == {"loss": "bce", "training.epochs": "2"}
    assert (one["tags"]["identity"], one["tags"]["state"]) == ("0123456789abcdef", "current")
    assert one["points"]["train_kl"] == [(1, 2.0), (2, 5.0)]
    assert one["points"]["validation_objective"] == [(2, 3.0)]
    assert one["points"]["encode/raw/whole_mse"] == [(0, 0.1)]
    assert one["system"] == [0, 1]
    assert one["files"] == {
        "model/model.pt": "contents of model.pt",
        "evaluation/metrics.json": "contents of metrics.json",
    }
    assert [context for _, _, context in one["data"]] == ["training", "evaluation"]
    (point,) = client.get_metric_history(run.info.run_id, "test_kl")
    assert last[0]["time"] <= point.timestamp <= last[-1]["time"]
    return [one]


class Failing:
    """A client whose calls from number `first` to `last` fail. answer_lost: after the server did what they ask for."""

    def __init__(self, client: Any, first: int, last: float = float("inf"), answer_lost: bool = False) -> None:
        self.client, self.first, self.last, self.answer_lost, self.asked = client, first, last, answer_lost, 0

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any, **named: Any) -> Any:
            self.asked += 1
            fails = self.first <= self.asked <= self.last
            if not fails or self.answer_lost:
                made = getattr(self.client, name)(*arguments, **named)
            if fails:
                raise ConnectionError("nobody there")
            return made

        return call


@pytest.fixture
def away(monkeypatch) -> None:
    monkeypatch.setattr(mlflow_store, "is_away", lambda _, error: isinstance(error, ConnectionError))


@pytest.mark.parametrize(("answer_lost", "killed"), [(False, False), (True, True)], ids=["refused", "killed"])
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.long)])  # so manyth call
def test_a_pass_that_is_cut_off_at_any_call_is_made_up_for(client, whole, away, answer_lost, killed, every):
    """By the same mirror, or, where the mirror was killed in the middle of a call, by another one."""
    for number in range(1, 100, every):
        experiment = f"cut-{killed}-{every}-{number}"
        train(experiment)
        evaluate(experiment)
        one = mirror.Mirror(None)
        one.client = failing = Failing(client, number, answer_lost=answer_lost)
        try:
            one.go()
            break
        except ConnectionError:
            failing.last = 0
            (mirror.Mirror(None) if killed else one).go()
        assert contents(client, experiment) == whole, number
    assert failing.asked > 15
    assert contents(client, experiment) == whole


def test_a_pass_that_is_made_again_changes_nothing(client, whole, monkeypatch):
    """Where the logs could not be removed, and later jobs of the same model have been sent since."""
    train("again")
    evaluate("again")
    train("again", "another")
    with monkeypatch.context() as patch:
        patch.setattr(outbox.Log, "remove", lambda _: None)
        go()
        before = contents(client, "again"), places(client, "again")
        go()
        assert (contents(client, "again"), places(client, "again")) == before
    go()
    assert (contents(client, "again"), places(client, "again")) == before
    assert before[1] == [("0123456789abcdef", "FINISHED", 1), ("another", "FINISHED", None)]


def test_a_job_is_followed_while_it_runs(client):
    one = mirror.Mirror(None)
    with begun("followed") as run:
        for first in (1, 3):
            run.log_history(torch.ones(2, 3), first)
            one.go()
            (known,) = contents(client, "followed")
            assert [step for step, _ in known["points"]["train_kl"]] == [*range(1, first + 2)]
            assert known["status"] == "RUNNING"
    one.go()
    assert places(client, "followed") == [("0123456789abcdef", "FINISHED", None)]


def test_many_points_are_sent_in_parts(client, monkeypatch):
    monkeypatch.setattr(mlflow_writer, "BATCH", 7)
    with begun("many") as run:
        run.log_history(torch.arange(60.0).reshape(20, 3), first=1)
        run.log_validation([{"iteration": 1, "objective": float("nan"), "kl": float("inf")}])
    go()
    assert places(client, "many") == [("0123456789abcdef", "FINISHED", None)]
    assert contents(client, "many")[0]["points"]["train_kl"] == [(step, 3.0 * step - 1) for step in range(1, 21)]


def test_an_evaluation_waits_for_the_end_of_its_training(client, whole):
    one = mirror.Mirror(None)
    with begun("ordered") as run:
        evaluate("ordered")
        one.go()
        assert places(client, "ordered") == [("0123456789abcdef", "RUNNING", None)]
        run.log_history(torch.tensor(ROWS), first=1)
        run.log_validation([{"iteration": 2, "objective": 3.0, "reconstruction": 4.0, "kl": 5.0}])
        run.log_file("model.pt", "model")
    one.go()
    assert contents(client, "ordered") == whole


def test_killed_failed_and_later_jobs_take_their_places(client):
    killed = begun("places")
    killed.log_history(torch.ones(2, 3), first=1)
    outbox.end_killed()
    with pytest.raises(ZeroDivisionError), begun("places"):
        raise ZeroDivisionError
    train("places")
    go()
    train("places", "another")
    go()
    evaluate("places", "another")
    go()
    first = "0123456789abcdef"
    ended = [(first, "KILLED", 1), (first, "FAILED", 2), (first, "FINISHED", 3)]
    assert places(client, "places") == [*ended, ("another", "FINISHED", None)]
    assert len(contents(client, "places")[0]["points"]["train_kl"]) == 2
    assert "evaluation/metrics.json" in contents(client, "places")[3]["files"]


def test_a_run_that_never_ended_is_killed_by_the_next(client):
    """As of another folder that is gone."""
    begun("never")
    go()
    outbox.logs()[0].remove()
    train("never")
    go()
    assert places(client, "never") == [("0123456789abcdef", "KILLED", 1), ("0123456789abcdef", "FINISHED", None)]


def test_a_log_that_is_sent_late_does_not_take_the_place_of_a_later_one(client):
    train("late")
    evaluate("late")
    outbox.FOLDER.rename("aside")
    train("late", "another")
    go()
    for log in Path("aside").iterdir():
        log.rename(outbox.FOLDER / log.name)
    go()
    assert places(client, "late") == [("0123456789abcdef", "FINISHED", 1), ("another", "FINISHED", None)]
    assert "evaluation/metrics.json" in contents(client, "late")[0]["files"]


@pytest.mark.parametrize("case", ["nothing", "another", "failed", "deleted", "evaluated"])
def test_an_evaluation_whose_training_is_not_there_makes_the_run_from_files(client, whole, case):
    experiment = f"made-{case}"
    if case == "failed":
        with pytest.raises(ZeroDivisionError), begun(experiment):
            raise ZeroDivisionError
    elif case != "nothing":
        train(experiment, *(["another"] if case == "another" else []))
    if case == "evaluated":
        evaluate(experiment)
    go()
    if case == "deleted":
        client.delete_run(found(client, experiment)[0].info.run_id)
    evaluate(experiment)
    go()
    *before, made = contents(client, experiment)
    assert (made["system"], whole[0]["system"]) == ([1], [0, 1])
    assert made | {"system": [0, 1]} == whole[0]
    assert [parent for _, _, parent in places(client, experiment)] == [*([1] * len(before)), None]


def test_an_evaluation_that_was_cut_off_is_left_to_its_repetition(client, whole):
    train("repeated")
    new("repeated").evaluation(FILES, "results/digits/dataset.npz", "results/digits/test.npz")
    outbox.end_killed()
    evaluate("repeated")
    go()
    assert contents(client, "repeated") == whole


def test_a_part_that_the_server_will_never_take_is_left_out(client, caplog):
    with new("refused").training({"a name?": 1}, "results/digits/dataset.npz") as run:
        run.log_history(torch.ones(1, 3), first=1)
    go()
    assert "the server refuses a part of it" in caplog.text
    (one,) = contents(client, "refused")
    assert (one["params"], len(one["points"]["train_kl"])) == ({}, 1)


@pytest.mark.parametrize("harm", ["refused", "unreadable", "gone"])
def test_a_log_that_cannot_be_sent_says_why_and_stops_no_other(client, caplog, monkeypatch, harm):
    one, harmed = mirror.Mirror(None), f"harmed-{harm}"
    running = begun(harmed)
    one.go()
    run = found(client, harmed)[0].info.run_id
    real, text = mlflow_writer.RunWriter._metrics, ""

    def refuse(writer: Any, **line: Any) -> None:
        if writer.run_id == run:
            raise MlflowException("The run must be in the 'active' state", 0)
        real(writer, **line)

    with running:
        running.log_history(torch.ones(1, 3), first=1)
    train(f"other-{harm}")
    log, *_ = outbox.logs()
    with monkeypatch.context() as patch:
        if harm == "refused":
            patch.setattr(mlflow_writer.RunWriter, "_metrics", refuse)
        elif harm == "unreadable":
            text = log.path.read_text()
            log.path.write_text(text.replace('"do": "metrics"', '"do": "nonsense"'))
        else:
            one.writers[log.folder].run_id = "no such run"
        one.go()
        one.go()
        assert [record.levelno for record in caplog.records if "not sent (" in record.message] == [logging.WARNING]
    assert places(client, f"other-{harm}") == [("0123456789abcdef", "FINISHED", None)]
    if text:
        log.path.write_text(text)
    one.again.clear()
    one.go()
    assert places(client, harmed) == [("0123456789abcdef", "FINISHED", None)]
    assert len(contents(client, harmed)[0]["points"]["train_kl"]) == 1


def test_an_experiment_that_was_deleted_is_restored(client, caplog):
    train("deleted")
    go()
    client.delete_experiment(client.get_experiment_by_name("deleted").experiment_id)
    train("deleted")
    go()
    assert client.get_experiment_by_name("deleted").lifecycle_stage == "active"
    assert "deleted was deleted; it is restored" in caplog.text


def test_a_mirror_goes_on_until_the_execution_is_over_and_warns_once(client, whole, away, caplog, monkeypatch):
    clients, over = [Failing(client, 9, 9), Failing(client, 9, 9), client, client], iter([False] * 3 + [True])
    answering = lambda _: clients.pop(0)  # noqa: E731
    monkeypatch.setattr(mlflow_store, "answering", answering)
    train("goes-on")
    evaluate("goes-on")
    mirror.follow(None, lambda _: next(over))
    assert contents(client, "goes-on") == whole
    assert caplog.text.count("nobody there; logs wait in") == 1


def test_a_server_that_is_away_costs_one_warning_and_the_logs_wait(client, whole, caplog, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        dead = f"http://127.0.0.1:{probe.getsockname()[1]}"
    train("dead", "0123456789abcdef", dead)
    evaluate("dead", "0123456789abcdef", dead)
    mirror.follow(dead, lambda _: True)
    (record,) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert f"{dead} does not answer: Connection refused; logs wait in" in record.message
    go()  # of another server: the logs are not meant for it
    assert len(outbox.logs()) == 2
    with pytest.raises(UserError, match="does not answer: Connection refused; MLflow: 2 logs wait"):
        send_runs.main(None)
    monkeypatch.setattr(mirror, "Mirror", lambda _, redirect, real=mirror.Mirror: real(None, redirect))
    assert send_runs.main("another") == "2 logs"
    assert contents(client, "dead") == whole


def test_two_mirrors_do_not_work_in_one_folder(client, whole):
    train("alone")
    with mirror._alone():
        assert send_runs.main(None).startswith("nothing, for a mirror is at work")
    assert send_runs.main(None) == "1 log"


def test_a_mirror_starts_where_there_is_something_to_send(client, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: "started")
    assert mirror.start(None, {"download", "send_runs"}) is None
    assert mirror.start(None, {"download", "train"}) == "started"
    train("waits")
    assert mirror.start(None, {"send_runs"}) is None
    assert mirror.start(None, {"report"}) == "started"
    go()


def experiments(client: Any) -> int:
    return len(client.search_experiments(filter_string="name LIKE 'process-%'"))


def test_a_mirror_may_be_killed_at_any_moment(client, whole):
    """The next process ends after its standard input, and ends the log of a killed job."""
    count = 5
    for number in range(count):
        train(f"process-{number}")
        evaluate(f"process-{number}")
    process = mirror.start(None, {"train"})
    while experiments(client) < 2:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    process = mirror.start(None, {"train"})
    code = "import os; from restoration.tracking.run_log import RunLog\n"
    code += f"RunLog(None, 'killed', {NAME!r}, '0123456789abcdef').training({SETTINGS}, 'model.pt'); os._exit(1)"
    scripts = str(Path(run_log.__file__).parents[2])
    assert subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": scripts}).returncode == 1
    mirror.finish(process)
    assert process.returncode == 0
    for number in range(count):
        assert contents(client, f"process-{number}") == whole
    assert places(client, "killed") == [("0123456789abcdef", "KILLED", None)]
    assert Path("results/mlflow/mirror.log").read_text() == ""


def test_after_ctrl_c_a_server_that_never_answers_is_not_waited_for(client):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = mirror.start(uri, {"train"})
        train("silent", "0123456789abcdef", uri)
        silent.accept()  # the mirror has asked
        process.send_signal(signal.SIGINT)  # as a terminal sends it to all
        stopped = time.monotonic()
        mirror.finish(process, stopped=True)
    assert time.monotonic() - stopped < 2 * mirror.PATIENCE_STOPPED
    (log,) = outbox.logs()
    log.remove()


def test_a_job_of_another_workflow_has_a_mirror_of_its_own(client, whole, monkeypatch):
    """A training of another module runs meanwhile: its log stays open."""
    monkeypatch.setattr(mirror, "beside_job", [])
    monkeypatch.setenv(mirror.MIRROR, "1")
    mirror.start_beside_job(None)
    assert mirror.beside_job == []  # the execution has one
    monkeypatch.delenv(mirror.MIRROR)
    begun("other-module")
    train("own")
    mirror.start_beside_job(None)
    evaluate("own")
    (process,) = mirror.beside_job
    mirror.finish(process)
    assert contents(client, "own") == whole
    assert places(client, "other-module") == [("0123456789abcdef", "RUNNING", None)]
    outbox.end_killed()
    go()
