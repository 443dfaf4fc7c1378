"""The real graph on a user's images, in colour, not square and without labels, and their champion at work."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from checkout import Checkout, executed

CONFIGURATION = "tests/workflow/folder.yaml"
RESULTS = "results/folder"
COUNT = 40
TASKS = ("representation", "denoising", "inpainting")


def draw(path: Path, seed: int) -> None:
    """Draw a bright box on a dark ground, each in a random colour."""
    rng = np.random.default_rng(seed)
    image = np.empty((24, 30, 3), np.uint8)
    image[:] = rng.integers(0, 120, 3)
    top, left = rng.integers(2, 10, 2)
    image[top : top + 11, left : left + 14] = rng.integers(120, 256, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Checkout:
    """Make a checkout with the folder pictures/."""
    checkout = Checkout(tmp_path_factory.mktemp("folder"))
    for number in range(COUNT):
        draw(checkout.folder / "pictures" / f"my {number:02}.{('png', 'jpg')[number % 2]}", number)
    return checkout


@pytest.fixture(scope="module")
def graph(pictures) -> Checkout:
    """Run the whole graph on the folder pictures/."""
    pictures.finish(configuration=CONFIGURATION)
    return pictures


def pending(graph: Checkout, *arguments: str) -> dict[str, int]:
    return graph.pending(*arguments, configuration=CONFIGURATION)


@pytest.fixture(scope="module")
def everything(graph) -> dict[str, int]:
    """Return the number of all jobs by rule, without the rule that makes MLflow's store."""
    return pending(graph, "--forceall")


def test_a_model_is_trained_and_evaluated_on_a_folder(pictures):
    evaluated = f"{RESULTS}/evaluate/inpainting/vae/bce/seed0/scores.parquet"
    pictures.finish("--nocolor", evaluated, configuration=CONFIGURATION)
    assert {"encode", "map_latent"} <= set(pd.read_parquet(pictures.folder / evaluated)["method"])
    with np.load(pictures.folder / RESULTS / "download/dataset.npz") as stored:
        shapes = {name: stored[f"{name}_images"].shape for name in ("train", "validation", "test")}
    assert shapes == {"train": (28, 3, 16, 20), "validation": (4, 3, 16, 20), "test": (8, 3, 16, 20)}


@pytest.mark.long
def test_every_stage_leaves_its_files(graph):
    results = graph.folder / RESULTS
    assert len(list(results.glob("evaluate/*/*/bce/seed0/metrics.json"))) == 5
    figures = [f"figures/{task}/{name}.png" for task in TASKS for name in ("grid", "loss", "error", "hard", "cases")]
    figures += ["figures/representation/latent.png", "figures/inpainting/likelihood.png"]
    for name in (*figures, "report/report.html", "claims/claims.json", "ro-crate-metadata.json"):
        assert (results / name).is_file()


@pytest.mark.long
def test_what_needs_labels_is_left_out_and_the_report_says_so(graph):
    results = graph.folder / RESULTS
    assert not (results / "classifier").exists()
    assert not list(results.glob("*/*/cvae_label"))
    for path in results.glob("evaluate/*/*/bce/seed0/scores.parquet"):
        assert "accuracy" not in pd.read_parquet(path)
        assert "inferred_label" not in set(pd.read_parquet(path)["method"])
    claims = [claim["id"] for claim in json.loads((results / "claims" / "claims.json").read_text())["claims"]]
    assert claims == ["removes_noise", "beats_classical_filters"]
    page = (results / "report" / "report.html").read_text(encoding="utf-8")
    assert "The images have no labels" in page
    assert "Reads as its class" not in page
    assert "The first test images" in page


@pytest.mark.long
def test_the_record_names_every_image(graph):
    record = json.loads((graph.folder / RESULTS / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    named = [entity["@id"] for entity in record["@graph"] if entity["@id"].startswith("#my%20")]
    assert len(named) == COUNT


@pytest.mark.long
def test_the_champion_restores_damaged_pictures_in_colour(graph, tmp_path):
    (tmp_path / "damaged").mkdir()
    rng, hidden = np.random.default_rng(0), np.zeros((16, 20), bool)
    hidden[5:11, 8:14] = True
    for number in range(3):
        pixels = np.full((16, 20, 4), rng.integers(0, 256, 4), np.uint8)
        pixels[..., 3] = np.where(hidden, 0, 255)
        Image.fromarray(pixels).save(tmp_path / "damaged" / f"{number}.png")

    def restored(images: str, more: str = "") -> subprocess.CompletedProcess:
        where = f"images: {tmp_path / images}, output: {tmp_path / 'restored'}"
        asked = f"restore={{task: inpainting, {where}{more}}}"
        return graph.snakemake("--nocolor", "restore", "--config", asked, configuration=CONFIGURATION)

    run = restored("damaged")
    assert run.returncode == 0, run.stdout
    for number in range(3):
        before, after = (np.asarray(Image.open(tmp_path / at / f"{number}.png")) for at in ("damaged", "restored"))
        assert after.shape == (16, 20, 3)
        np.testing.assert_array_equal(after[~hidden], before[~hidden][:, :3])
    assert Image.open(tmp_path / "restored" / "side_by_side.png").mode == "RGB"
    (tmp_path / "large").mkdir()
    large = Image.new("RGBA", (30, 24), (90, 120, 150, 255))
    large.paste((0, 0, 0, 0), (10, 8, 20, 16))
    large.save(tmp_path / "large" / "a.png")
    refused = restored("large")
    assert refused.returncode != 0
    assert "a.png: has 24 x 30 pixels" in refused.stdout
    run = restored("large", ", fit: crop")
    assert run.returncode == 0, run.stdout
    after = np.asarray(Image.open(tmp_path / "restored" / "a.png"))
    assert after.shape == (16, 20, 3)
    assert after[0, 0].tolist() == [90, 120, 150]


@pytest.mark.long
def test_nothing_changed_reruns_nothing(graph):
    """Other timestamps, hidden files and files that are no images are no changes."""
    assert pending(graph) == {}
    for path in (graph.folder / "pictures").iterdir():
        os.utime(path, (0, 0))
    (graph.folder / "pictures" / ".DS_Store").write_text("")
    (graph.folder / "pictures" / "notes.txt").write_text("")
    assert pending(graph) == {}


@pytest.mark.long
@pytest.mark.parametrize("change", ["changed", "added", "removed"])
def test_an_image_more_less_or_changed_makes_everything_anew(change, graph, everything):
    path = graph.folder / "pictures" / ("my 99.png" if change == "added" else "my 06.png")
    before = path.read_bytes() if path.exists() else None
    try:
        if change == "removed":
            path.unlink()
        else:
            draw(path, 1000)
        assert pending(graph) == everything
    finally:
        path.unlink(missing_ok=True)
        if before:
            path.write_bytes(before)


@pytest.mark.long
@pytest.mark.parametrize("key", ["size: [20, 16]", "fit: stretch", "channels: 1", "test: 0.25"])
def test_a_key_of_the_images_makes_everything_anew(key, graph, everything):
    assert pending(graph, "--config", f"dataset={{{key}}}") == everything


@pytest.mark.long
def test_folders_within_are_classes(graph, everything, tmp_path):
    ours = graph.clone(tmp_path)
    for number, path in enumerate(sorted((ours.folder / "pictures").glob("my*"))):
        (ours.folder / "pictures" / f"kind {number % 2}").mkdir(exist_ok=True)
        path.rename(ours.folder / "pictures" / f"kind {number % 2}" / path.name)
    assert pending(ours) == everything | {"classifier": 1, "train": 6, "evaluate": 6, "likelihood": 4}


@pytest.mark.long
def test_a_renamed_image_reruns_the_first_stage_alone(graph, tmp_path):
    ours = graph.clone(tmp_path)
    (ours.folder / "pictures" / "my 07.jpg").rename(ours.folder / "pictures" / "other.jpg")
    assert executed(ours.finish(configuration=CONFIGURATION)) == ["download", "provenance", "all"]
    assert pending(ours) == {}


@pytest.mark.long
def test_a_broken_image_ends_the_run_in_a_line_before_anything_long(graph, tmp_path):
    ours = graph.clone(tmp_path)
    path = ours.folder / "pictures" / "my 08.png"
    path.write_bytes(path.read_bytes()[:50])
    run = ours.snakemake(configuration=CONFIGURATION)
    assert run.returncode != 0
    assert any(line.startswith("download: 'my 08.png': ") for line in run.stdout.splitlines())
    assert set(executed(run.stdout)) == {"download"}


@pytest.mark.long
def test_a_folder_that_is_not_there_is_one_line_before_anything_runs(graph):
    refused = graph.snakemake("--config", "dataset={source: nowhere}", configuration=CONFIGURATION)
    assert refused.returncode != 0
    assert any("dataset.source: 'nowhere' " in line for line in refused.stdout.splitlines())
    assert "Traceback" not in refused.stdout
