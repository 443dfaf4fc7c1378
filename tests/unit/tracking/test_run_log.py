"""What jobs write into the outbox. Nothing here loads MLflow."""

import json
import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from restoration.tracking import outbox, run_log

NAME = "task vae bce seed 0"
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
SCRIPTS = str(Path(run_log.__file__).parents[2])
REPORT = Path("results/digits/report/report.html")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """The working directory, with the files of a job."""
    monkeypatch.chdir(tmp_path)
    Path("results/digits").mkdir(parents=True)
    for name in ("dataset.npz", "test.npz", "model.pt", "metrics.json", "history.parquet"):
        Path("results/digits", name).write_text(f"contents of {name}")
    return tmp_path


def new() -> run_log.RunLog:
    return run_log.RunLog(None, "digits/task", NAME, "0123456789abcdef")


def training(run: run_log.RunLog) -> run_log.RunLog:
    return run.training({"loss": "bce", "training": {"epochs": 2}}, "results/digits/dataset.npz")


def lines() -> list[dict]:
    (log,) = outbox.logs()
    return [*log.unread()]


def test_a_training_writes_what_it_did():
    with training(new()) as run:
        run.log_history(torch.tensor([[3.0, 2.5, 0.5], [2.0, 1.75, 0.25]]), first=4)
        run.log_history(torch.empty(0, 3), first=6)
        run.log_validation([{"iteration": 5, "objective": 1.5, "reconstruction": 1.0, "kl": 0.5}])
        run.log_file("results/digits/model.pt", "model")
    begin, params, dataset, history, validation, file, system, end = lines()
    assert (begin["part"], begin["name"], begin["identity"]) == ("training", NAME, "0123456789abcdef")
    assert params["values"] == {"loss": "bce", "training.epochs": "2"}
    assert (dataset["name"], dataset["context"], len(dataset["sha256"])) == ("digits dataset", "training", 64)
    assert history["names"] == ["train_objective", "train_reconstruction", "train_kl"]
    assert (history["steps"], history["values"]) == ([4, 5], [[3.0, 2.5, 0.5], [2.0, 1.75, 0.25]])
    assert validation["names"] == ["validation_objective", "validation_reconstruction", "validation_kl"]
    assert (validation["steps"], validation["values"]) == ([5], [[1.5, 1.0, 0.5]])
    assert (Path(file["path"]).read_text(), file["folder"]) == ("contents of model.pt", "model")
    assert system["names"] == ["system/peak_memory_mb", "system/cpu_seconds"]
    assert (system["steps"], all(1 < value < 100_000 for value in system["values"][0])) == ([0], True)
    assert end["status"] == "FINISHED"
    assert begin["time"] <= history["time"] <= end["time"]


def test_an_evaluation_writes_metrics_files_and_a_description():
    files = {"model": "results/digits/model.pt", "history": "results/digits/history.parquet"}
    with new().evaluation(files, "results/digits/dataset.npz", "results/digits/test.npz") as run:
        run.log_evaluation(METRICS, MILLISECONDS, ["results/digits/metrics.json"], REPORT)
    begin, test, metrics, file, tags, system, end = lines()
    assert begin["part"] == "evaluation"
    assert {key: Path(path).read_text() for key, path in begin["files"].items()} == {
        "model": "contents of model.pt",
        "history": "contents of history.parquet",
    }
    assert (test["name"], test["context"]) == ("digits test", "evaluation")
    assert metrics["steps"] == [0]
    assert dict(zip(metrics["names"], metrics["values"][0], strict=True)) == {
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
    assert Path(file["path"]).read_text() == "contents of metrics.json"
    assert "results/digits/report/report.html" in tags["values"]["mlflow.note.content"]
    assert (system["steps"], end["status"]) == ([1], "FINISHED")


def test_the_description_of_a_run_has_its_figures():
    note = run_log.description(NAME, METRICS, str(REPORT))
    assert note.split("\n") == [
        "**task vae bce seed 0**, measured on 1,000 test images.",
        "",
        "Objective 3: reconstruction 2, KL 1.",
        "",
        "| inference | output | MSE, whole | PSNR, whole | SSIM, whole | accuracy, whole | MSE, hole | PSNR, hole | "
        "SSIM, hole |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| encode | raw | 0.1 | 10 | 0.5 | 0.9 | 0.2 | 7 | 0.4 |",
        "",
        "Beside the others: `results/digits/report/report.html`",
    ]


def test_a_figure_that_one_method_has_not_is_left_empty():
    scores = {**METRICS["scores"], "other": {"raw": {"whole": {"mse": 0.3}}}}
    note = run_log.description(NAME, {**METRICS, "scores": scores}, str(REPORT))
    assert "\n| other | raw | 0.3 |  |  |  |  |  |  |\n" in note


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_a_job_that_fails_or_is_interrupted_has_failed(error):
    with pytest.raises(error), training(new()):
        raise error
    assert lines()[-1]["status"] == "FAILED"


def test_files_are_kept_as_they_were(monkeypatch):
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError))  # as between two disks
    with training(new()) as run:
        run.log_file("results/digits/model.pt", "model")
    Path("results/digits/model.pt").write_text("another")
    (path,) = [line["path"] for line in lines() if line["do"] == "file"]
    assert Path(path).read_text() == "contents of model.pt"


def test_the_log_of_a_model_is_named_by_it():
    model = SimpleNamespace(task="holes", variant="vae", loss="bce", seed=3)
    run = run_log.model_log({"dataset": {"name": "digits"}}, model, "identity")
    assert (run.of["experiment"], run.name, run.of["uri"]) == ("digits/holes", "holes vae bce seed 3", None)


def warning(caplog: pytest.LogCaptureFixture) -> str:
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    return record.getMessage()


def test_an_outbox_that_cannot_be_written_costs_one_warning(caplog):
    Path("results/mlflow").write_text("no folder")
    with training(new()) as run:
        run.log_history(torch.ones(1, 3), first=1)
        run.log_file("results/digits/model.pt", "model")
    assert "not recorded (" in warning(caplog)


@pytest.mark.parametrize("harm", ["full disk", "no file"])
def test_a_log_that_cannot_be_gone_on_with_costs_one_warning(caplog, monkeypatch, harm):
    with training(new()) as run:
        if harm == "full disk":
            monkeypatch.setattr(json, "dumps", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        run.log_file("results/digits/nothing.pt", "model")
        run.log_history(torch.ones(1, 3), first=1)
    assert "the results are not affected" in warning(caplog)
    assert [line["do"] for line in lines()] == ["begin", "params", "dataset"]  # without an end, as of a killed job


def test_a_number_that_is_none_is_written():
    with training(new()) as run:
        run.log_history(torch.tensor([[np.nan, np.inf, 1.0]]), first=1)
    assert str(lines()[3]["values"]) == "[[nan, inf, 1.0]]"


def test_a_line_that_is_being_written_waits_for_its_end():
    run = training(new())
    (log,) = outbox.logs()
    assert [line["do"] for line in log.unread()] == ["begin", "params", "dataset"]
    with log.path.open("a") as file:
        file.write('{"do": "tags"')
    assert [*log.unread()] == []
    with log.path.open("a") as file:
        file.write(', "values": {}}\n')
    run.log_history(torch.ones(1, 3), first=1)
    assert [line["do"] for line in log.unread()] == ["tags", "metrics"]
    assert log.status() == ""


def test_a_log_that_is_not_read_to_a_lines_end_is_read_from_that_line_again():
    training(new())
    (log,) = outbox.logs()
    for line in log.unread():
        if line["do"] == "params":
            break
    assert [line["do"] for line in log.unread()] == ["params", "dataset"]


def test_logs_of_killed_jobs_get_an_end():
    with training(new()):
        pass
    cut_off, alive = training(new()).log, training(new())
    with cut_off.path.open("a") as file:
        file.write('{"do": "met')
    (outbox.FOLDER / "empty/files").mkdir(parents=True)  # of a job that was killed before its first line
    outbox.end_killed(jobs_may_run=True)
    assert [log.status() for log in outbox.logs()] == ["FINISHED", "KILLED", ""]
    outbox.end_killed()
    assert [log.status() for log in outbox.logs()] == ["FINISHED", "KILLED", "KILLED"]
    *_, last = cut_off.unread()
    assert last["do"] == "end"
    assert abs(last["time"] / 1000 - time.time()) < 60
    assert not (outbox.FOLDER / "empty").exists()
    alive.log.remove()
    with alive:  # on another machine after Ctrl-C, say
        alive.log_history(torch.ones(1, 3), first=1)


def test_what_waits_is_told():
    assert outbox.told() == []
    training(new())
    assert outbox.told()[0].startswith("MLflow: 1 log waits in results/mlflow/outbox to be sent: `snakemake --cores 1 ")
    (outbox.EARLIER / "one").mkdir(parents=True)
    (outbox.EARLIER / "one/run.json").write_text("not read")
    assert "earlier version" in outbox.told()[1]


def test_a_job_does_not_load_mlflow():
    code = "import sys, torch, train, evaluate, register\n"
    code += "with train.run_log.RunLog(None, 'a', 'b', 'c').training({}, 'results/digits/dataset.npz') as run:\n"
    code += "    run.log_history(torch.ones(1, 3), first=1)\n"
    code += "sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": SCRIPTS}).returncode == 0
    assert outbox.logs()[0].status() == "FINISHED"
