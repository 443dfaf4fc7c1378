"""A task's champion: chosen, registered in MLflow, and at work on pictures of a user."""

import json
import os
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from benchmarks.mlflow_pages import free_port, wait
from restoration.champion import picture_files

TASKS = ("representation", "denoising", "inpainting")


def champion(graph, task):
    return json.loads((graph.folder / f"results/digits/champion/{task}.json").read_text())["champion"]


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """Make folders: damaged/, three drawings with holes; masks/ of the holes; transparent/, with both; noisy/."""
    folder = tmp_path_factory.mktemp("drawings")
    for name in ("damaged", "masks", "transparent", "noisy"):
        (folder / name).mkdir()
    rng = np.random.default_rng(0)
    for number, points in enumerate([[(6, 6), (20, 20)], [(14, 5), (14, 22)], [(6, 20), (14, 6), (22, 20)]]):
        drawing = Image.new("L", (28, 28))
        ImageDraw.Draw(drawing).line(points, fill=255, width=3)
        noise = np.asarray(drawing) + rng.normal(0, 25, (28, 28))
        Image.fromarray(noise.clip(0, 255).astype(np.uint8)).save(folder / f"noisy/{number}.png")
        mask = Image.new("L", (28, 28))
        hole = (10 + number, 11, 15 + number, 16)
        ImageDraw.Draw(mask).rectangle(hole, fill=255)
        mask.save(folder / f"masks/{number}.png")
        ImageDraw.Draw(drawing).rectangle(hole, fill=99)  # what is under a hole must not matter
        drawing.save(folder / f"damaged/{number}.png")
        drawing.putalpha(Image.fromarray(255 - np.asarray(mask)))
        drawing.save(folder / f"transparent/{number}.png")
    return folder


def target(graph, *arguments):
    return graph.snakemake("--nocolor", "restore", *arguments)  # a name after --configfile would be taken for a file


def restore(graph, drawings, output, *arguments, task="inpainting", images="damaged", **keys):
    keys = {"task": task, "images": drawings / images, "output": output} | keys
    asked = ", ".join(f"{key}: {value}" for key, value in keys.items())
    return target(graph, *arguments, "--config", f"restore={{{asked}}}")


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("task", TASKS)
def test_the_champion_is_the_best_model_that_needs_no_label(graph, task):
    found, table = champion(graph, task), pd.read_csv(graph.folder / f"results/digits/compare/{task}/intervals.csv")
    place = ("pasted", "hole") if task == "inpainting" else ("raw", "whole")
    errors = table[(table["measure"] == "mse") & table["variant"].notna()]
    errors = errors[(errors["output"] == place[0]) & (errors["region"] == place[1])]
    errors = errors[(errors["variant"] != "cvae_label") | (errors["method"] == "inferred_label")]
    assert found["figure"]["mean"] == pytest.approx(errors["mean"].min(), rel=1e-12)
    model = graph.folder / f"results/digits/train/{task}/{found['variant']}/{found['loss']}/seed0/model.pt"
    assert model == graph.folder / found["model"]


def test_the_report_names_each_champion(graph):
    page = (graph.folder / "results/digits/report/report.html").read_text(encoding="utf-8")
    for task in TASKS:
        assert f"results/digits/champion/{task}.json" in page


def test_a_restored_folder_has_what_was_visible_and_a_sheet(graph, drawings, tmp_path):
    done = restore(graph, drawings, tmp_path / "restored", masks=drawings / "masks")
    assert done.returncode == 0, done.stdout
    assert f"3 pictures restored to {tmp_path / 'restored'}" in done.stdout
    assert sorted(files(tmp_path / "restored")) == ["0.png", "1.png", "2.png", "side_by_side.png"]
    for number in range(3):
        damaged, restored = (
            np.asarray(Image.open(folder / f"{number}.png")) for folder in (drawings / "damaged", tmp_path / "restored")
        )
        hidden = np.asarray(Image.open(drawings / f"masks/{number}.png")) > 127
        np.testing.assert_array_equal(restored[~hidden], damaged[~hidden])
        assert (restored[hidden] != 99).any()


@pytest.mark.long
def test_transparent_pictures_are_restored_as_with_masks(graph, drawings, tmp_path):
    for output, images, keys in (("masked", "damaged", {"masks": drawings / "masks"}), ("again", "transparent", {})):
        done = restore(graph, drawings, tmp_path / output, images=images, **keys)
        assert done.returncode == 0, done.stdout
    restored, again = files(tmp_path / "masked"), files(tmp_path / "again")
    assert [name for name in again if name != "side_by_side.png" and again[name] != restored[name]] == []


@pytest.mark.long
def test_noise_needs_no_mask(graph, drawings, tmp_path):
    done = restore(graph, drawings, tmp_path, task="denoising", images="noisy")
    assert done.returncode == 0, done.stdout
    assert len(files(tmp_path)) == 4


@pytest.mark.long
@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"images": "large"}, "large/a.png: has 30 x 28 pixels"),
        ({"images": "noisy", "task": "inpaintnig"}, "restore.task: "),
    ],
)
def test_what_cannot_be_restored_is_one_line_before_anything_runs(keys, line, graph, drawings, tmp_path):
    (drawings / "large").mkdir(exist_ok=True)
    Image.new("LA", (28, 30)).save(drawings / "large/a.png")
    refused = restore(graph, drawings, tmp_path / "new", "--forcerun", "champion", **keys)
    assert refused.returncode != 0
    assert len([printed for printed in refused.stdout.splitlines() if line in printed]) == 1
    assert "Traceback" not in refused.stdout
    assert "rule champion" not in refused.stdout
    assert not (tmp_path / "new").exists()


@pytest.mark.long
def test_the_target_alone_says_what_it_needs(graph):
    refused = target(graph)
    assert refused.returncode != 0
    assert "--config restore=" in refused.stdout


@contextmanager
def served(graph, name, log):
    """Run `mlflow models serve` on a free port; yield its address."""
    port = free_port()
    store = f"sqlite:///{graph.folder}/results/mlflow/mlflow.db"
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", f"models:/{name}@champion"]
    command += ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {"MLFLOW_TRACKING_URI": store, "PYTHONPATH": ""}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"  # it starts uvicorn by its name
    with open(log, "w") as file:
        server = subprocess.Popen(command, cwd=log.parent, env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        wait(server, f"http://127.0.0.1:{port}/ping", log)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        server.terminate()
        server.wait(timeout=60)


@pytest.mark.long
def test_over_http_and_by_the_target_the_same_bytes(graph, drawings, tmp_path):
    """MLflow serves a registered model with the code that was registered."""
    assert restore(graph, drawings, tmp_path / "restored", masks=drawings / "masks").returncode == 0
    request = {}
    for key, folder in (("images", "damaged"), ("mask", "masks")):
        request[key] = [np.asarray(Image.open(drawings / f"{folder}/{number}.png")).tolist() for number in range(3)]
    request["images"] = np.array(request["images"])[..., None].tolist()
    body = json.dumps({"inputs": request}).encode()
    with served(graph, "digits-inpainting", tmp_path / "serve.log") as address:
        posted = urllib.request.Request(address, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(posted, timeout=60) as answer:
            predictions = np.array(json.load(answer)["predictions"], np.uint8)
    for number, image in enumerate(predictions):
        picture_files.write(tmp_path / f"served/{number}.png", image.transpose(2, 0, 1))
    restored = files(tmp_path / "restored")
    del restored["side_by_side.png"]
    assert files(tmp_path / "served") == restored


@pytest.mark.long
def test_a_registry_that_was_away_is_written_later(graph, tmp_path):
    ours = graph.clone(tmp_path)
    request = ours.folder / "results/mlflow/register/digits.json"
    before = {path: path.read_bytes() for path in (request, *(ours.folder / "results/digits/champion").iterdir())}
    assert json.loads(before[request]).keys() == {f"digits-{task}" for task in TASKS}
    versions = "SELECT name, version FROM model_versions ORDER BY name"
    with sqlite3.connect(ours.folder / "results/mlflow/mlflow.db") as database:
        registered = database.execute(versions).fetchall()
    assert registered == [(f"digits-{task}", 1) for task in sorted(TASKS)]
    away = ours.snakemake("--forcerun", "register", "--config", "tracking={uri: 'http://127.0.0.1:9'}")
    assert away.returncode == 0, away.stdout
    assert "MLflow: http://127.0.0.1:9 does not answer" in away.stdout
    assert "MLflow: 1 log waits" in away.stdout
    assert ours.pending() == {}
    uri = f"sqlite:///{ours.folder}/results/mlflow/mlflow.db"
    back = ours.snakemake("--config", f"tracking={{uri: '{uri}'}}", "--", "send_runs")
    assert "MLflow: sent: 1 log." in back.stdout
    assert {path: path.read_bytes() for path in before} == before
    with sqlite3.connect(ours.folder / "results/mlflow/mlflow.db") as database:
        assert database.execute(versions).fetchall() == registered  # no new version, for the champion is the same
