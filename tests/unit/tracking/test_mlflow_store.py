import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from mlflow.exceptions import MlflowException

from restoration.tracking import mlflow_store

DEAD = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """The default store in a working directory of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("store"))
        yield mlflow_store.connect(None)


def test_the_store_is_made_once_beside_nothing_else(client):
    database = mlflow_store.STORE / "mlflow.db"
    before = database.stat().st_ino
    mlflow_store.connect(None)
    assert database.stat().st_ino == before
    assert not list(database.parent.glob("*.part*"))
    assert database.read_bytes()[18:20] == b"\2\2"  # write-ahead logging


def test_the_addresses_that_make_prints_are_those_of_the_experiments(client):
    number = mlflow_store.experiment(client, None, "digits/task")
    run = client.create_run(number)
    links = mlflow_store.addresses()
    assert links["digits/task"] == (
        f"http://127.0.0.1:5000/#/experiments/{number}/runs?workflowType=machine_learning"
        "&searchFilter=tags.state%20%3D%20%27current%27"
    )
    assert "Default" not in links  # MLflow makes this experiment, and it has no run
    artifacts = (mlflow_store.STORE / "artifacts/digits/task" / run.info.run_id / "artifacts").resolve()
    assert run.info.artifact_uri == artifacts.as_uri()


def test_a_server_that_refuses_one_thing_is_told_from_one_that_is_away(client, tmp_path, monkeypatch):
    with pytest.raises(MlflowException) as refused:
        client.get_run("no such run")
    assert not mlflow_store.is_away(None, refused.value)
    with pytest.raises(MlflowException) as failed:
        mlflow_store.answering(DEAD)
    assert mlflow_store.is_away(DEAD, failed.value)
    assert mlflow_store.why(failed.value) == f"{DEAD} does not answer: Connection refused"
    (tmp_path / "nowhere").touch()
    monkeypatch.setattr(mlflow_store, "STORE", tmp_path / "nowhere" / "else")
    assert mlflow_store.is_away(None, OSError("whatever it is"))


def test_a_server_that_never_answers_costs_seconds(monkeypatch):
    """As where a network is cut: MLflow's own bounds are some minutes."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(MlflowException) as failed:
            mlflow_store.answering(uri)
    assert mlflow_store.why(failed.value) == f"{uri} does not answer: Read timed out"


@pytest.mark.parametrize(
    ("number", "told"), [(503, "{} answers with error 503"), (401, "tracking.uri: {} does not let")]
)
def test_what_a_server_answers_is_told_in_a_line(number, told):
    class Unable(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(number)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Unable) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        uri = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(MlflowException) as failed:
            mlflow_store.answering(uri)
        server.shutdown()
    assert mlflow_store.is_away(uri, failed.value)
    assert mlflow_store.why(failed.value, uri).startswith(told.format(uri))


def test_mlflow_may_change_its_private_names(client, monkeypatch):
    from mlflow.store.db import utils

    monkeypatch.delattr(utils, "MAX_RETRY_COUNT")
    mlflow_store.answering(None)
    assert not hasattr(utils, "MAX_RETRY_COUNT")
