"""Defects that were mended: each test shows one."""

import logging
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from helpers import changed, read

from restoration.config import configuration
from restoration.core import fingerprint
from restoration.core.errors import UserError
from restoration.data import idx
from restoration.models import model_file, training_progress
from restoration.tracking import mirror


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "1.0e-3", ".001"])
def test_any_notation_of_a_number_is_a_number(text):
    config = changed(read("config.yaml"), "training.learning_rate", text)
    assert configuration.resolve(config)["training"]["learning_rate"] == 0.001


def test_a_folder_may_be_called_by_a_number():
    assert configuration.resolve(changed(read("config.yaml"), "dataset.source", "2024"))["dataset"]["source"] == "2024"


def serving(reply):
    server = socket.create_server(("127.0.0.1", 0))

    def answer():
        while True:
            connection, _ = server.accept()
            connection.recv(4096)
            connection.sendall(reply)
            connection.close()

    threading.Thread(target=answer, daemon=True).start()
    return f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.mark.parametrize(
    "source",
    [
        "http://localhost:port/",
        "http://exa mple/",
        "http://[::1/",
        "://x",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 301 Moved\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n",
    ],
    ids=repr,
)
def test_whatever_a_mirror_is_its_failure_is_one_line(source):
    source = serving(source) if isinstance(source, bytes) else source
    with pytest.raises(UserError) as caught:
        idx.load("MNIST", {}, source)
    assert len(str(caught.value).splitlines()) == 1
    assert source in str(caught.value)


def test_more_than_an_hour_left_is_told(monkeypatch, capsys):
    shown = training_progress.Progress("task", epochs=1, iterations=10_000, batch_size=1)
    shown.watched, shown.start, shown.last = True, time.monotonic() - 10, time.monotonic() - 10
    shown.show(10, 1.0)
    assert "2:46:" in capsys.readouterr().err


def test_a_mirror_warns_where_mlflow_cannot_be_imported(monkeypatch, tmp_path, caplog):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in sys.modules if name.split(".")[0] == "mlflow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with caplog.at_level(logging.WARNING):
        mirror.follow(None, lambda _: True)
    assert "MLflow: " in caplog.text


def test_no_method_that_applies_is_told(build_model, tmp_path, strokes):
    from types import SimpleNamespace

    import evaluate

    from restoration.core import artifacts
    from restoration.models import classifier

    images, labels = strokes(8)
    artifacts.write_npz(
        tmp_path / "d.npz", test_images=images, test_labels=labels, train_images=images, train_labels=labels, classes=4
    )
    artifacts.write_npz(tmp_path / "t.npz", corrupted=images, mask=np.zeros((8, 1, 12, 12), bool))
    model_file.save(build_model("ae"), tmp_path / "m.pt")
    classifier.save(classifier.Classifier((1, 12, 12), 4), tmp_path / "c.pt")
    files = {"dataset": "d.npz", "test": "t.npz", "model": "m.pt", "classifier": "c.pt"}
    inputs = SimpleNamespace(**{name: tmp_path / file for name, file in files.items()})
    outputs = SimpleNamespace(**{name: tmp_path / f"{name}.x" for name in ("scores", "examples", "latents", "metrics")})
    with pytest.raises(UserError, match="inference"):
        evaluate.main({"inference": [["best_prior", {}]]}, inputs, outputs, 0)


def test_an_unexpected_value_error_leaves_its_traceback_in_the_log(tmp_path):
    program = f"""
import sys; sys.path.insert(0, {str(fingerprint.SCRIPTS)!r})
from types import SimpleNamespace
from restoration.core import script as jobs
def deep(): raise ValueError("unforeseen")
with jobs.running(SimpleNamespace(log=[{str(tmp_path / "log")!r}], rule="rule", wildcards=["a"], input={{}})):
    deep()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1
    assert ended.stderr.splitlines() == ["rule a: unforeseen"]
    assert "in deep" in (tmp_path / "log").read_text()
