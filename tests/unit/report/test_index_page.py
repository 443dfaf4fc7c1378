import copy
import csv
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from restoration.core import artifacts
from restoration.report import index_page
from restoration.tracking import mlflow_store

PAGE = Path(__file__).parents[3] / "workflow" / "report"
CONFIGURATION = {"dataset": {"name": "mnist"}, "tasks": {"inpainting": {"seeds": [0]}}}
VERSIONS = {"torch": "2.0"}
FIELDS = ["variant", "loss", "method", "output", "region", "measure", "mean", "low", "high"]
ERRORS = [
    ("vae", "bce", "map_latent", "raw", "hole", "mse", 0.1, 0.09, 0.11),
    ("vae", "mse", "map_latent", "raw", "hole", "mse", 0.3, 0.2, 0.4),
    ("vae", "bce", "map_latent", "raw", "whole", "mse", 0.01, 0.0, 0.02),
    ("vae", "bce", "map_latent", "pasted", "hole", "mse", 9, 9, 9),
    ("vae", "bce", "map_latent", "raw", "hole", "psnr", 9, 9, 9),
    ("", "", "mean_image", "raw", "hole", "mse", 0.2, 0.19, 0.21),
]


@pytest.fixture
def folder(tmp_path) -> Path:
    """Write a data set's results, as far as the page reads them."""
    folder = tmp_path / "results" / "mnist"
    champion = {"variant": "vae", "loss": "bce", "method": "map_latent"}
    artifacts.write_json(folder / "champion" / "inpainting.json", {"champion": champion})
    claim = {"id": "a", "sentence": "It <b>holds</b>.", "reading": "as read", "verdict": "supported"}
    artifacts.write_json(folder / "claims" / "claims.json", {"claims": [claim]})
    path = folder / "compare" / "inpainting" / "intervals.csv"
    path.parent.mkdir(parents=True)
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([FIELDS, *ERRORS])
    artifacts.write_text(folder / "report" / "report.html", "")
    return folder


@pytest.fixture
def summary(folder) -> dict:
    return index_page.summarise(folder, CONFIGURATION, "abc", VERSIONS)


def written(folder: Path) -> str:
    path = index_page.write(folder.parent, *(PAGE / name for name in ("index.html.j2", "report.css", "theme.js")))
    return path.read_text(encoding="utf-8")


def test_each_task_links_to_its_runs_in_mlflow(folder, summary):
    index_page.record(folder, summary)
    assert "make mlflow" not in written(folder)
    store = folder.parent / "mlflow" / "mlflow.db"
    store.parent.mkdir()
    with closing(sqlite3.connect(store)) as database, database:
        database.execute("CREATE TABLE experiments (name, experiment_id, lifecycle_stage)")
        database.execute("CREATE TABLE runs (experiment_id, lifecycle_stage)")
        for number, name in enumerate(["mnist/inpainting", "mnist/gone", "digits/inpainting", "mnist/empty"]):
            database.execute("INSERT INTO experiments VALUES (?, ?, 'active')", (name, number))
            if name != "mnist/empty":
                database.execute("INSERT INTO runs VALUES (?, 'active')", (number,))
    page = written(folder)
    assert re.findall(r'href="http://127.0.0.1:5000/#/experiments/(\d)/runs[^"]*">(.*?)<', page) == [
        ("0", "inpainting")
    ]
    mlflow_store.note_address(store.parent, "mnist/inpainting", "http://me:secret@my-server:5000/", 7)
    page = written(folder)
    assert re.findall(r'href="(http:[^"?]*)', page) == ["http://my-server:5000/#/experiments/7/runs"]
    assert "Runs on MLflow's server: <a" in page
    assert "make mlflow" not in page
    mlflow_store.note_address(store.parent, "mnist/inpainting", "postgresql://my-server/mlflow", 7)
    assert "experiments/" not in written(folder)  # neither there nor where they were before
    mlflow_store.note_address(store.parent, "mnist/inpainting", None, 0)
    assert "make mlflow" in written(folder)


def changed(summary: dict) -> dict:
    other = copy.deepcopy(summary)
    other["settings"]["tasks.inpainting.seeds"] = "[0, 1]"
    other["verdicts"]["a"][-1] = "undecided"
    other["champions"]["inpainting"] = "unet, BCE, encode"
    errors = other["errors"]
    errors["inpainting: vae, BCE, map latent"] = [0.05, 0.04, 0.06]
    errors["inpainting: vae, MSE, map latent"] = [0.33, 0.2, 0.4]
    errors["inpainting: unet, BCE, encode"] = [0.01, 0.01, 0.01]
    return other


def test_a_summary_holds_what_the_task_is_judged_by(summary):
    assert summary["errors"] == {
        "inpainting: vae, BCE, map latent": [0.1, 0.09, 0.11],
        "inpainting: vae, MSE, map latent": [0.3, 0.2, 0.4],
        "inpainting: mean image": [0.2, 0.19, 0.21],
    }
    assert summary["champions"] == {"inpainting": "vae, BCE, map latent"}
    assert summary["verdicts"] == {"a": ["It <b>holds</b>.", "as read", "supported"]}
    assert summary["settings"]["tasks.inpainting.seeds"] == "[0]"
    assert summary["settings"]["packages.torch"] == '"2.0"'


def test_results_without_claims_or_champion_have_a_summary(folder):
    (folder / "claims" / "claims.json").unlink()
    artifacts.write_json(folder / "champion" / "inpainting.json", {"champion": None})
    summary = index_page.summarise(folder, CONFIGURATION, "", VERSIONS)
    assert (summary["verdicts"], summary["champions"]) == ({}, {"inpainting": "none"})
    index_page.record(folder, summary)
    assert "inpainting</b>: none" in written(folder)


def test_a_run_that_changed_nothing_is_no_run_before(folder, summary):
    index_page.record(folder, summary)
    index_page.record(folder, summary | {"when": "later", "commit": "def"})
    assert [path.name for path in (folder / "logs" / "runs").iterdir()] == ["000001.json"]
    assert "There is no run before it" in written(folder)


def test_only_the_last_runs_are_kept(folder, summary):
    for number in range(index_page.KEPT + 3):
        index_page.record(folder, summary | {"champions": {"inpainting": str(number)}})
    names = sorted(path.name for path in (folder / "logs" / "runs").iterdir())
    assert names == [f"{number:06}.json" for number in range(4, index_page.KEPT + 4)]


def test_what_changed_is_told_most_of_all_first(summary):
    found = index_page.compare(summary, changed(summary))
    assert found.settings == [("tasks.inpainting.seeds", "[0]", "[0, 1]")]
    assert found.verdicts == [("It <b>holds</b>. (as read)", "supported", "undecided")]
    assert found.champions == [("inpainting", "vae, BCE, map latent", "unet, BCE, encode")]
    assert [(name, round(percent), apart) for name, _, _, percent, apart in found.figures] == [
        ("inpainting: vae, BCE, map latent", -50, True),
        ("inpainting: vae, MSE, map latent", 10, False),
    ]
    assert (found.alike, found.new, found.gone) == (1, ["inpainting: unet, BCE, encode"], [])
    back = index_page.compare(changed(summary), summary)
    assert (back.new, back.gone) == ([], ["inpainting: unet, BCE, encode"])
    same = vars(index_page.compare(summary, summary))
    assert {key: value for key, value in same.items() if value} == {"when": summary["when"], "alike": 3}


def test_the_page_lists_the_data_sets_and_what_changed(folder, summary):
    index_page.record(folder, summary)
    index_page.record(folder, changed(summary))
    page = written(folder)
    assert '<a href="mnist/report/report.html">' in page
    assert "It &lt;b&gt;holds&lt;/b&gt;." in page
    assert "<td>0.1 [0.09, 0.11]</td><td>0.05 [0.04, 0.06]</td><td>\N{MINUS SIGN}50.0 %</td>" in page
    assert re.findall(r"https?://", page) == []
    (folder / "report" / "report.html").unlink()
    assert "Its report is no longer there" in written(folder)


def test_a_damaged_summary_is_passed_over(folder, summary):
    index_page.record(folder, summary)
    (folder / "logs" / "runs" / "000001.json").write_text("{")
    assert "<section" not in written(folder)
    index_page.record(folder, summary)
    assert "There is no run before it" in written(folder)
