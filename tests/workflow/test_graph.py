"""The real graph, end to end through Snakemake, on little data."""

import json
import os
import re
import sqlite3

import numpy as np
import pandas as pd
import pytest

from benchmarks.suite.graph import run_graph

MODELS = [
    *(f"representation/vae/{loss}" for loss in ("bce", "mse")),
    *(f"denoising/{variant}/{loss}" for variant in ("ae", "vae") for loss in ("bce", "mse")),
    *(
        f"inpainting/{variant}/{loss}"
        for variant in ("vae", "vae_incomplete", "cvae_label", "cvae_incomplete")
        for loss in ("bce", "mse")
    ),
]


def test_every_stage_leaves_its_files(graph):
    results = graph.folder / "results" / "digits"
    expected = ["download/dataset.npz", "report/report.html", "report/models.csv", "figures/representation/latent.svg"]
    for task in ("representation", "denoising", "inpainting"):
        expected += [f"corrupt/{task}/test.npz", f"baselines/{task}/metrics.json", f"figures/{task}/loss.png"]
        expected += [f"figures/{task}/{part}.png" for part in ("originals", "corrupted", "reconstructed", "grid")]
    for model in MODELS:
        expected += [f"train/{model}/seed0/{name}" for name in ("model.pt", "history.parquet", "training.json")]
        expected += [f"evaluate/{model}/seed0/{name}" for name in ("scores.parquet", "metrics.json", "examples.npz")]
    assert [name for name in expected if not (results / name).is_file()] == []
    assert list(results.rglob(".*.part*")) == []  # nothing half-written


def test_a_second_run_does_nothing(graph):
    assert graph.pending() == {}


def test_most_jobs_come_from_the_nursery(tmp_path):
    usage, jobs = run_graph(["--configfile", "tests/workflow/two_models.yaml"], tmp_path)
    nursed = [job for job in jobs if job["nursery"]]
    assert len(nursed) > len(jobs) / 2
    assert {"train", "evaluate"} <= {job["rule"] for job in jobs}
    assert usage.cpu > sum(job["cpu"] for job in jobs)


def test_a_null_on_the_command_line_is_none_for_the_scripts_too(graph, tmp_path):
    copy = graph.clone(tmp_path / "clone")
    run = copy.snakemake("--forcerun", "register", "--until", "register", "--config", "tracking={uri: null}")
    assert run.returncode == 0, run.stdout
    assert "MLflow:" not in run.stdout  # it would have been a folder of that name, or a server


def test_the_history_holds_every_iteration(graph):
    history = pd.read_parquet(graph.folder / "results/digits/train/inpainting/vae/bce/seed0/history.parquet")
    assert history["iteration"].tolist() == list(range(1, 11))  # 1,257 images in batches of 128, once
    np.testing.assert_allclose(history["objective"], history["reconstruction"] + history["kl"], rtol=1e-5)


def test_scores_of_images_average_to_the_metrics(graph):
    folder = graph.folder / "results/digits/evaluate/inpainting/cvae_label/mse/seed0"
    scores = pd.read_parquet(folder / "scores.parquet")
    metrics = json.loads((folder / "metrics.json").read_text())
    assert set(scores["method"]) == {"encode", "best_prior", "inferred_label", "map_latent", "posterior_mean"}
    chosen = scores[(scores["method"] == "encode") & (scores["output"] == "pasted") & (scores["region"] == "hole")]
    assert len(chosen) == metrics["images"] == 360
    assert chosen["mse"].mean() == pytest.approx(metrics["scores"]["encode"]["pasted"]["hole"]["mse"])
    raw = scores[(scores["output"] == "raw") & (scores["region"] == "hole")]
    pasted = scores[(scores["output"] == "pasted") & (scores["region"] == "hole")]
    np.testing.assert_array_equal(raw["mse"], pasted["mse"])  # inside the hole there is nothing to put back


def test_all_models_are_shown_the_same_corrupted_images(graph):
    corrupted = np.load(graph.folder / "results/digits/corrupt/inpainting/test.npz")
    (complete,) = (np.load(graph.folder / "results/digits/download/dataset.npz")[name] for name in ("test_images",))
    visible = ~np.broadcast_to(corrupted["mask"], complete.shape)
    np.testing.assert_array_equal(corrupted["corrupted"][visible], complete[visible])
    assert not corrupted["corrupted"][~visible].any()
    assert (corrupted["mask"].sum(axis=(1, 2, 3)) == 36).all()


def test_the_report_is_one_page_with_the_figures_of_the_source(graph):
    page = (graph.folder / "results/digits/report/report.html").read_text(encoding="utf-8")
    assert re.findall(r"<b>(Figure \d)\.</b>", page) == [f"Figure {number}" for number in range(2, 8)]
    assert set(re.findall(r'(?:src|href)="([a-z]*:|#)', page)) == {"data:", "#"}  # nothing from elsewhere
    assert re.findall(r"https?://(?!www\.w3\.org)", page) == []
    for name in ("cvae_incomplete", "best prior", "Inside the hole", "torch", "mean image"):
        assert name in page
    for model in MODELS:
        assert f"{model.replace('/', ' ')} seed 0" in page
    assert all(re.findall(r'<img [^>]*alt="([^"]+)"', page))


def test_every_file_that_the_report_names_is_there(graph):
    page = (graph.folder / "results/digits/report/report.html").read_text(encoding="utf-8")
    named = re.findall(r"<code>(results/[^<]+?)(?: \((\d+) files\))?</code>", page)
    assert len(set(named)) > 30
    for name, count in set(named):
        assert len(list(graph.folder.glob(name))) >= int(count or 1), name


def test_the_report_is_small_enough_to_be_sent(graph):
    assert (graph.folder / "results/digits/report/report.html").stat().st_size < 10_000_000


def test_mlflow_has_a_finished_run_for_every_model(graph):
    with sqlite3.connect(graph.folder / "results/mlflow/mlflow.db") as database:
        runs = database.execute("SELECT name, status, run_uuid, artifact_uri FROM runs").fetchall()
        experiments = {name for (name,) in database.execute("SELECT name FROM experiments")}
        points = dict(
            database.execute("SELECT run_uuid, COUNT(*) FROM metrics WHERE key = 'train_objective' GROUP BY run_uuid")
        )
        errors = dict(
            database.execute("SELECT run_uuid, value FROM latest_metrics WHERE key = 'encode/raw/whole_mse'").fetchall()
        )
        settings = dict(database.execute("SELECT run_uuid, value FROM params WHERE key = 'variant.parameters.latent'"))
    assert {name for name, *_ in runs} == {f"{model.replace('/', ' ')} seed 0" for model in MODELS}
    assert {status for _, status, *_ in runs} == {"FINISHED"}
    assert {f"digits/{task}" for task in ("representation", "denoising", "inpainting")} <= experiments
    for name, _, run, artifacts in runs:
        task, variant, loss = name.split()[:3]
        metrics = json.loads(
            (graph.folder / f"results/digits/evaluate/{task}/{variant}/{loss}/seed0/metrics.json").read_text()
        )
        assert points[run] == 10
        assert errors[run] == pytest.approx(metrics["scores"]["encode"]["raw"]["whole"]["mse"])
        assert settings[run] == ("2" if task == "representation" else "20")
        folder = graph.folder / "results/mlflow" / artifacts.split("/results/mlflow/")[1]
        assert {path.name for path in folder.rglob("*") if path.is_file()} >= {
            "model.pt",
            "metrics.json",
            "examples.png",
        }


def test_where_cores_are_named_that_are_not_there_no_more_jobs_compute_at_once(graph):
    processors = len(os.sched_getaffinity(0))
    for cores, taken in ((processors, 1), (3 * processors, 3)):
        dry = graph.snakemake("--dry-run", "--cores", str(cores), "--forcerun", "evaluate")
        threads = re.findall(r"^rule evaluate:\n(?:    .+\n)*?    threads: (\d+)$", dry.stdout, re.MULTILINE)
        assert [int(number) for number in threads] == ([taken] * len(MODELS) if taken > 1 else []), dry.stdout


def test_snakemakes_own_report_is_made(graph):
    made = graph.snakemake("--report", "report.zip")
    assert made.returncode == 0, made.stdout
    assert (graph.folder / "report.zip").stat().st_size > 100_000


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("tasks={inpainting: {corruption: {sise: 6}}}", "tasks.inpainting.corruption.sise: 'stroke_hole' has no such"),
        ("training={epochs: 0}", "training.epochs: 0 is less than the minimum of 1"),
        ("sead=[1]", "the configuration: unknown key 'sead'"),
        ("variants={vae: {network: vea}}", "variants.vae: there is no 'vea' among the networks"),
    ],
)
def test_a_bad_configuration_is_one_line_before_anything_runs(graph, setting, line):
    refused = graph.snakemake("--config", setting)
    assert refused.returncode != 0
    assert any(line in printed for printed in refused.stdout.splitlines())
    assert "Traceback" not in refused.stdout


def test_a_name_that_is_given_twice_in_a_file_is_one_line_before_anything_runs(checkout):
    (checkout.folder / "twice.yaml").write_text("dataset: {name: digits}\nseeds: [0]\nseeds: [1]\n")
    refused = checkout.snakemake(configuration="twice.yaml")
    (checkout.folder / "twice.yaml").unlink()
    assert refused.returncode != 0
    assert "twice.yaml: 'seeds' is there twice, line 2 and 3; keep one of them" in refused.stdout
    assert "Traceback" not in refused.stdout
