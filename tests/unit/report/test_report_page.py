import base64
import json
import logging
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import compare as compare_script
import numpy as np
import pandas as pd
import pytest
import report as report_script
from PIL import Image

from restoration.comparison import (
    champion_choice,
    interval_table,
    likelihood_estimates,
    models_table,
    published_figures,
)
from restoration.comparison.claims import VERDICTS
from restoration.comparison.differences import read_differences
from restoration.core import artifacts
from restoration.core.errors import DamagedFile
from restoration.report import (
    claim_verdicts,
    embedded_figures,
    model_tables,
    page,
    restoration_tables,
    table_cells,
    task_results,
    task_sentences,
)
from restoration.report.task_results import Task, TaskFiles

REPOSITORY = Path(__file__).parents[3]
IMAGES = 40
HOLE = {"name": "stroke_hole", "size": 6}
MODELS = [
    ("inpainting", "vae", "bce", 0),
    ("inpainting", "vae", "bce", 1),
    ("inpainting", "cvae_label", "mse", 0),
    ("inpainting", "cvae_label", "mse", 1),
    ("inpainting", "unet", "bce", 0),
    ("quiet", "ae", "bce", 0),
]
TASKS: dict[str, Any] = {
    "inpainting": {
        "corruption": HOLE,
        "inference": {"encode": {}, "inferred_label": {}, "map_latent": {"steps": 9}},
        "variants": {"vae": {"condition": "none"}, "cvae_label": {"condition": "label"}, "unet": {"condition": "mask"}},
        "likelihood": {"samples": 10, "images": 5, "targets": ["grey", "stochastic"]},
    },
    "quiet": {
        "corruption": {"name": "none"},
        "inference": {"encode": {}},
        "variants": {"ae": {"condition": "none"}},
    },
}
GRIDS = {"kernel_neighbours": {"neighbours": [10, 20], "bandwidth": [0.5, 0.8]}, "median": {"size": [3, 5, 7]}}
TABLE = "results/mnist/report/models.csv"
SIZES = {"train": 100, "validation": 10, "test": IMAGES}
EXPERIMENT = {"dataset": {"name": "mnist"}, "seeds": [0, 1], "tasks": TASKS}
# The mean error of each way to restore.
ERRORS = {
    "vae": {"encode": 0.2, "map_latent": 0.1},
    "cvae_label": {"encode": 0.05, "inferred_label": 0.3},
    "unet": {"encode": 0.04},
    "ae": {"encode": 0.02},
    "": {"identity": 0.4, "mean_image": 0.25, "kernel_neighbours": 0.08},
}


def scores(errors: dict[str, float], hole: bool, seed: int) -> pd.DataFrame:
    """Return a scores.parquet as `evaluate` writes it."""
    rng = np.random.default_rng(seed)
    frames = []
    for method, error in errors.items():
        for output in ("raw", "pasted") if hole else ("raw",):
            for region in ("whole", "hole") if hole else ("whole",):
                mse = error * rng.uniform(0.9, 1.1, IMAGES) * (1 if error else 0)
                frame = pd.DataFrame({"image": np.arange(IMAGES), "mse": mse, "psnr": 20 - 10 * mse, "ssim": 1 - mse})
                frame["accuracy"] = np.float32(0.975) if region == "whole" else np.nan
                frames.append(frame.assign(method=method, output=output, region=region))
    return pd.concat(frames, ignore_index=True)


def metrics(frame: pd.DataFrame, variant: str) -> dict[str, Any]:
    means: dict[str, Any] = {}
    for (method, output, region), rows in frame.groupby(["method", "output", "region"], sort=False):
        place = means.setdefault(method, {}).setdefault(output, {}).setdefault(region, {})
        place |= {name: float(rows[name].mean()) for name in ("mse", "psnr", "ssim")}
        place |= {"accuracy": 0.975} if region == "whole" else {}
    if not variant:
        return {"scores": means, "parameters": {"kernel_neighbours": {"bandwidth": 0.5}, "identity": {}}}
    latent = {"kl": 0.004, "active_units": 0, "units": 20, "diversity": 0.001, "collapsed": True}
    variational = variant in ("vae", "cvae_label")
    if variant == "vae":
        latent |= {"kl": 25.0, "active_units": 13, "collapsed": False}
    return {
        "scores": means,
        "test": {"objective": 110.5, "reconstruction": 85.25, "kl": 25.25},
        "cost": {method: {"multiply_adds": 650_000} for method in means},
        "latent": latent if variational else None,
        "prior_draw": {"visible": 389.39, "hidden": 12.5} if variational else None,
        "common": {"mse": 11.75, "bce": 99.5},
    }


def claim(verdict: str, name: str, **test: Any) -> dict[str, Any]:
    detail = {"name": "vae/bce against unet/bce", "figure": -0.07, "low": None, "high": None, "seeds": 1}
    tested = {
        "kind": "better",
        "verdict": verdict,
        "finding": f"Finding of {name}.",
        "seeds": 2,
        "unit": "MSE",
        "threshold": 0.25,
        "parameters": {"task": "inpainting"},
        "evidence": {
            "tasks": ["inpainting"],
            "files": [f"results/mnist/evaluate/inpainting/vae/bce/seed{seed}/metrics.json" for seed in (0, 1)],
        },
        "details": [detail | {"verdict": verdict}],
    }
    head = {"id": name, "sentence": f"Sentence of {name}.", "source": "section 3.4", "reading": "read so"}
    return {**head, "verdict": verdict, "tests": [tested | test]}


CLAIMS = [
    claim("supported", "decreasing", kind="decreasing"),
    claim("not supported", "lowest", kind="lowest", parameters={"quantity": "prior_draw"}),
    claim("undecided", "another", kind="of a user"),
    claim("not tested", "separates", kind="separates", seeds=0, evidence={"tasks": [], "files": []}, details=[]),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Write files as the stages before the report do."""
    folder = tmp_path_factory.mktemp("report")
    for number, model in enumerate(MODELS):
        task, variant, _, seed = model
        frame = scores(ERRORS[variant], task == "inpainting", number)
        path = folder / "-".join(map(str, model))
        artifacts.write_parquet(path / "scores.parquet", frame)
        artifacts.write_json(path / "metrics.json", metrics(frame, variant))
        trained = {"run": " ".join(map(str, model)), "identity": f"id{seed}", "parameters": 600_000}
        artifacts.write_json(path / "training.json", trained | {"train": {"objective": 81.24 + number}})
    for task in TASKS:
        frame = scores(
            ERRORS[""] if task == "inpainting" else {"identity": 0.0, "mean_image": 0.2}, task != "quiet", 99
        )
        artifacts.write_parquet(folder / task / "baselines.parquet", frame)
        artifacts.write_json(folder / task / "baselines.json", metrics(frame, ""))
        here = [model for model in MODELS if model[0] == task]
        outputs = {
            name: folder / task / name for name in ("intervals", "intervals_csv", "differences", "differences_csv")
        }
        outputs["replicates"] = folder / task / "replicates.npz"
        paths = [str(folder / "-".join(map(str, model)) / "scores.parquet") for model in here]
        job = {"models": [model[1:] for model in here], "labelled": ["cvae_label"]}
        compare_script.main(job, paths, str(folder / task / "baselines.parquet"), outputs)
    figure = {"output": "pasted", "region": "hole", "measure": "mse", "mean": 0.1, "low": 0.09, "high": 0.11}
    of = {"variant": "vae", "loss": "bce", "seed": 1, "network": "vae", "model": "model.pt", "sha256": "0"}
    of |= {"identity": "id1", "run": "", "method": "map_latent", "parameters": {"steps": 9}}
    kept = champion_choice.Champion(
        dataset="mnist", task="inpainting", **of, figure=figure | {"seeds": 2, "images": IMAGES}
    )
    champion_choice.write(folder / "inpainting" / "champion.json", kept)
    champion_choice.write(folder / "quiet" / "champion.json", None)
    for seed in (0, 1):
        artifacts.write_json(folder / f"likelihood{seed}.json", likelihood(seed))
    artifacts.write_json(folder / "claims.json", {"claims": CLAIMS})
    artifacts.write_json(folder / "classifier.json", {"accuracy": {"test": 0.986}})
    panels = [{"title": "vae", "told": 0.5, "told_of_class": {"a": 0.9, "b": 0.1}}]
    artifacts.write_json(folder / "latent.json", {"panels": panels, "images": [], "labels": [], "neighbours": 15})
    artifacts.write_json(folder / "loss.json", {"panels": [{"title": "</script>"}]})
    ways = [
        {"name": name, "errors": [], "drawn": 0.2, "hardest": 0.3 - number / 10} for number, name in enumerate("ab")
    ]
    rows = {"rows": ["original", "corrupted", "a", "b"], "images": [], "count": 200, "champion": "b"}
    extremes = {"best": {"images": [3, 1], "errors": [0.01, 0.02]}, "worst": {"images": [5, 7], "errors": [0.9, 0.8]}}
    artifacts.write_json(folder / "cases.json", {"ways": ways, **extremes, **rows})
    Image.new("RGB", (320, 10)).save(folder / "figure.png")
    (folder / "figure.svg").write_text('<?xml version="1.0"?>\n<svg height="72pt" width="144pt"></svg>')
    return folder


def likelihood(seed: int) -> dict[str, Any]:
    rows = [{"samples": count, "nats": 100 - 10 * np.log10(count) + seed, "standard_error": 0.5} for count in (1, 10)]
    common = {"estimates": rows, "elbo": {"nats": 100.0, "samples": 10}, "effective_samples": 4.5}
    targets = [
        common | {"target": "grey", "entropy_floor": 34.2},
        common | {"target": "stochastic", "entropy_floor": 0.0},
    ]
    return {"quantity": "image", "condition": "none", "images": 5, "targets": targets}


FIGURES = [
    *(("inpainting", key) for key in ("originals", "corrupted", "reconstructed", "grid", "loss", "error")),
    *(("inpainting", key) for key in ("hard", "cases", "likelihood")),
    *(("quiet", key) for key in ("latent", "grid", "loss", "error", "hard", "cases")),
]


VALUES = [("quiet", "latent"), *((task, key) for task in TASKS for key in ("loss", "cases"))]


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    return {
        "models": [list(model) for model in MODELS],
        "likelihoods": [list(model) for model in MODELS[:2]],
        "figures": [list(figure) for figure in FIGURES],
        "values": [list(one) for one in VALUES],
        "sheets": [[task, "cases"] for task in TASKS],
        "settings": EXPERIMENT,
        "grids": GRIDS,
    }


@pytest.fixture(scope="module")
def inputs(folder) -> SimpleNamespace:
    source = REPOSITORY / "workflow" / "report"
    return SimpleNamespace(
        dataset=str(folder / "dataset.npz"),
        template=source / "report.html.j2",
        style=source / "report.css",
        theme=source / "theme.js",
        scripts=[source / f"{name}.js" for name in ("contents", "sort", "zoom", "plots", "restorations")],
        metrics=[str(folder / "-".join(map(str, model)) / "metrics.json") for model in MODELS],
        trainings=[str(folder / "-".join(map(str, model)) / "training.json") for model in MODELS],
        likelihoods=[str(folder / f"likelihood{seed}.json") for seed in (0, 1)],
        baselines=[str(folder / task / "baselines.json") for task in TASKS],
        intervals=[str(folder / task / "intervals") for task in TASKS],
        differences=[str(folder / task / "differences") for task in TASKS],
        champions=[str(folder / task / "champion.json") for task in TASKS],
        figures=[
            str(folder / f"figure.{'svg' if key in ('loss', 'error', 'latent', 'likelihood') else 'png'}")
            for _, key in FIGURES
        ],
        values=[str(folder / f"{key}.json") for _, key in VALUES],
        sheets=[str(folder / "figure.png")] * len(TASKS),
        claims=[str(folder / "claims.json")],
        classifier=str(folder / "classifier.json"),
    )


@pytest.fixture(scope="module")
def files(job, inputs) -> dict[str, TaskFiles]:
    return page.files_by_task(job, inputs, TABLE)


@pytest.fixture(scope="module")
def collected(job, inputs) -> pd.DataFrame:
    models = list(zip(job["models"], inputs.metrics, inputs.trainings, strict=True))
    return models_table.collect(models, list(zip(TASKS, inputs.baselines, strict=True)))


@pytest.fixture(scope="module")
def tasks(files, collected) -> dict[str, Task]:
    over_seeds = models_table.over_seeds(collected)
    return {task: task_results.read(task, EXPERIMENT, over_seeds, files[task], GRIDS) for task in TASKS}


@pytest.fixture(scope="module")
def sections(tasks) -> dict[str, SimpleNamespace]:
    return {name: page.section(task, EXPERIMENT["dataset"]) for name, task in tasks.items()}


@pytest.fixture(scope="module")
def render(job, inputs, collected) -> Callable[..., str]:
    """Render the report, with other inputs or parts of the job."""

    def render(more: dict[str, Any] | None = None, **others: Any) -> str:
        given = SimpleNamespace(**vars(inputs) | (more or {}))
        return page.render(job | others, given, TABLE, collected, SIZES)

    return render


@pytest.fixture(scope="module")
def html(render) -> str:
    return render()


def texts(table: table_cells.Table, heading: str, group: str | None = None) -> list[str]:
    """Return the texts of a column."""
    places = [
        number
        for number, column in enumerate(table.columns)
        if column.heading == heading and group in (None, column.group)
    ]
    assert len(places) == 1
    return [row.cells[places[0]].text for row in table.rows]


def test_every_way_to_restore_is_ranked_by_its_error_inside_the_hole(sections):
    table = sections["inpainting"].main
    ranked = list(zip(*(texts(table, name) for name in ("Model", "Loss", "Inference")), strict=True))
    assert ranked == [
        ("unet", "BCE", "encode"),
        ("cvae_label†", "MSE", "encode"),
        ("kernel neighbours", "", ""),
        ("vae", "BCE", "map latent"),
        ("vae", "BCE", "encode"),
        ("mean image", "", ""),
        ("cvae_label", "MSE", "inferred label"),
        ("identity", "", ""),
    ]
    assert [row.kind for row in table.rows] == ["best", "", "baseline", "", "", "baseline", "", "baseline"]
    errors = [row.cells[3].value for row in table.rows]
    assert errors == sorted(errors)


def test_each_task_names_its_champion(html, folder):
    said = "vae trained with BCE, seed 1, by map latent: mean squared error inside the hole 0.10000 [0.09000, 0.11000]"
    assert f"<b>Champion</b>, the model to keep: {said}, 40 test images, 2 seeds.</p>" in html
    assert "the model to keep: none, for each model is to be given the true label.</p>" in html
    for task in TASKS:
        assert f"From <code>{folder}/{task}/champion.json</code>" in html


def test_a_row_has_its_interval_its_difference_from_the_best_and_what_it_costs(sections, tasks):
    table = sections["inpainting"].main
    intervals = interval_table.lookup(tasks["inpainting"].intervals)
    own = intervals["vae", "bce", "map_latent", "raw", "hole", "mse"]
    row = table.rows[3]
    assert row.cells[3].text == f"{own.mean:.4f}"
    assert row.cells[3].small == f"[{own.low:.4f}, {own.high:.4f}]"
    best = intervals["unet", "bce", "encode", "raw", "hole", "mse"]
    assert row.cells[4].text == f"+{own.mean - best.mean:.4f}"
    paired = tasks["inpainting"].differences.query("against == 'best' and measure == 'mse'")
    expected = paired[(paired["variant"] == "vae") & (paired["method"] == "map_latent")].iloc[0]
    assert row.cells[4].small == f"[+{expected['low']:.4f}, +{expected['high']:.4f}]"
    assert table.rows[0].cells[4].text == "the best"
    assert texts(table, "Reads as its class") == ["97.5 %"] * 8
    assert texts(table, "Multiply-adds")[0] == "650 k"
    assert texts(table, "Multiply-adds")[2] == "not counted"
    whole = [heading for heading, _ in table.groups]
    assert whole == ["", "Inside the hole", "Whole image, visible pixels put back", "Cost of an image"]


def test_seeds_are_told_where_they_differ_and_collapsed_posteriors_are_named(sections):
    small = {row.cells[0].text: row.cells[0].small for row in sections["inpainting"].main.rows}
    assert small["unet"] == "1 seed"
    assert small["vae"] == ""  # as many as the page says at its head
    assert small["cvae_label†"] == "collapsed"
    assert [row.cells[0].small for row in sections["quiet"].main.rows] == ["1 seed", ""]


def test_a_baseline_shows_its_parameters(sections):
    small = {row.cells[0].text: row.cells[2].small for row in sections["inpainting"].main.rows}
    assert small["kernel neighbours"] == "bandwidth 0.5 (the smallest tried)"
    assert small["mean image"] == ""


@pytest.mark.parametrize(("size", "told"), [(3, " (the smallest tried)"), (5, ""), (7, " (the largest tried)")])
def test_a_parameter_at_an_end_of_what_was_tried_is_told_of(size, told, tasks):
    parameters = {"median_calibrated": {"size": size, "other_one": 1}}
    task = tasks["quiet"]._replace(parameters=parameters, grids=GRIDS)
    assert restoration_tables.tuned(task, "median_calibrated") == f"size {size}{told}, other one 1"


def test_doing_nothing_is_not_ranked_where_nothing_is_corrupted(sections):
    assert texts(sections["quiet"].main, "Model") == ["ae", "mean image"]
    assert not sections["quiet"].in_hole
    assert "Leaving" not in sections["quiet"].finding
    assert [heading for heading, _ in sections["quiet"].regions] == ["Whole image"]


def test_the_finding_names_the_best_model_the_best_without_one_and_doing_nothing(sections):
    sentence = sections["inpainting"].finding
    assert re.search(
        r"model: unet trained with BCE, by “encode”, with a mean squared error inside the hole of 0\.0\d+ \[", sentence
    )
    assert re.search(r"Best without a trained model: kernel neighbours, 0\.08\d\d\. Leaving the image", sentence)
    assert "better" not in sentence


def test_the_finding_says_so_if_a_baseline_is_better(tasks):
    settings = TASKS["inpainting"] | {"variants": {"cvae_label": {"condition": "label"}}}
    intervals = tasks["inpainting"].intervals
    intervals = intervals[intervals["variant"].isin(["cvae_label", ""]) & (intervals["method"] != "identity")].copy()
    intervals.loc[intervals["variant"] == "", "mean"] /= 10
    task = tasks["inpainting"]._replace(settings=settings, intervals=intervals)
    label_given = r"\(given the true label, cvae_label trained with MSE, by “encode” has 0\.0[45]\d+\)"
    assert re.search(
        rf"model: cvae_label trained with MSE, by “inferred label”, with .* of 0\.\d+ \[.*\] {label_given}\. Best",
        task_sentences.of_task(task),
    )
    assert re.search(r"kernel neighbours, 0\.00[78]\d+, which is better\.$", task_sentences.of_task(task))


def test_what_is_given_the_true_label_is_ranked_but_not_the_best(tasks):
    ours = tasks["inpainting"].intervals.query("variant != 'unet'")
    task = tasks["inpainting"]._replace(intervals=ours)
    rows = restoration_tables.main_table(task).rows
    assert [(row.cells[0].text, row.kind) for row in rows][:3] == [
        ("cvae_label†", ""),
        ("kernel neighbours", "baseline"),
        ("vae", "best"),
    ]
    assert task_sentences.of_errors(task).startswith("The error inside the hole is between 0.0")
    assert "(cvae_label†, MSE by encode)" in task_sentences.of_errors(task)
    encode = ours[(ours["variant"] != "vae") & (ours["method"] != "inferred_label")]
    assert task._replace(intervals=encode).best().variant == "cvae_label"  # where all are given it
    assert "by “encode”, given the true label, with a mean" in task_sentences.of_task(task._replace(intervals=encode))


def test_a_picture_says_whether_all_models_restore_by_one_inference(tasks, sections):
    task = tasks["inpainting"]
    assert task.all_by("encode")
    assert not task.all_by("map_latent")
    assert "by “encode”. " in sections["inpainting"].figures["grid"].note


def test_each_output_and_region_has_a_table_of_all_measures(sections):
    tables = dict(sections["inpainting"].regions)
    assert list(tables) == list(task_results.REGIONS.values())
    assert [column.heading for column in tables["Inside the hole"].columns[3:]] == ["MSE", "PSNR, dB", "SSIM"]
    assert len(tables["Whole image, raw output"].columns) == 7
    assert all(row.cells[4].small for row in tables["Whole image, raw output"].rows)


def test_all_models_are_put_on_one_scale_with_what_their_latents_say(sections):
    table = sections["inpainting"].scale
    assert texts(table, "Model") == ["vae", "cvae_label†", "unet"]
    assert texts(table, "Loss") == ["BCE", "MSE", "BCE"]
    assert texts(table, "Squared error") == ["11.75"] * 3
    assert texts(table, "Cross-entropy (BCE)") == ["99.50"] * 3
    assert texts(table, "Active units") == ["13 of 20", "0 of 20", ""]
    assert texts(table, "KL, nats") == ["25.000", "0.004", ""]
    assert [row.cells[7].small for row in table.rows] == ["± 0", "± 0, collapsed", ""]
    assert "Latent" not in dict(sections["quiet"].scale.groups)


def test_means_over_seeds_have_the_interval_of_students_t(tasks, collected):
    table = collected.copy()
    vae = table["variant"] == "vae"
    table.loc[vae & (table["seed"] == 1), "common_mse"] += 0.5  # 11.75 and 12.25
    task = tasks["inpainting"]._replace(over_seeds=models_table.over_seeds(table))
    rows = model_tables.scale_table(task).rows
    assert rows[0].cells[2][::2] == ("12.00", "± 3.18")  # t of one degree of freedom, 12.71, times 0.25
    assert rows[1].cells[2].small == "± 0.00"
    assert [row.cells[0].small for row in rows] == ["", "", "1 seed"]
    assert rows[2].cells[2][::2] == ("11.75", "")


def test_the_sources_statistic_stands_beside_what_was_published(sections):
    table = sections["inpainting"].source
    assert texts(table, "Model") == ["vae", "cvae_label†"]
    assert texts(table, "Published") == ["389.39", "49.32"]
    assert texts(table, "Ratio") == ["1.000", "7.895"]
    assert texts(table, "This run", "Inside the hole") == ["12.50", "12.50"]
    assert sections["inpainting"].source_finding.endswith("The figures of this run are 1.00 to 7.90 times those.")
    assert sections["quiet"].source is None


@pytest.mark.parametrize(
    ("dataset", "corruption"),
    [("digits", HOLE), ("mnist", HOLE | {"size": 8}), ("mnist", {"name": "central_hole", "size": 6})],
)
def test_published_figures_are_shown_for_the_same_setting_alone(dataset, corruption, tasks):
    task = tasks["inpainting"]._replace(settings=TASKS["inpainting"] | {"corruption": corruption})
    section = page.section(task, {"name": dataset})
    assert [column.heading for column in section.source.columns] == ["Model", "Loss", "This run", "This run"]
    assert section.source_finding == ""
    assert published_figures.poster("mnist", HOLE)["losses"]["cvae_incomplete"]["mse"] == 2.93


def test_likelihoods_are_averaged_over_seeds_and_stand_beside_what_was_published(sections):
    table = sections["inpainting"].likelihood
    assert texts(table, "Model") == ["vae, BCE", "vae, BCE", "VAE", "IWAE, trained with 50 samples"]
    assert texts(table, "Targets") == ["grey", "stochastic", "stochastic", "stochastic"]
    assert texts(table, "1 sample") == ["100.50", "100.50", "", ""]
    assert texts(table, "Estimate") == ["90.50", "90.50", "86.76", "84.78"]
    assert texts(table, "Above it") == ["56.30", "", "", ""]
    assert [row.kind for row in table.rows] == ["", "", "published", "published"]
    assert texts(table, "Estimator")[0] == "10\N{NO-BREAK SPACE}samples"
    assert table.rows[0].cells[0].small == ""  # as many seeds as the page says at its head
    assert table.rows[0].cells[6].small == "± 0.98"
    assert texts(table, "Images") == ["5", "5", "", ""]
    assert texts(table, "Negative ELBO, 10 draws") == ["100.00", "100.00", "", ""]
    assert any("Burda" in convention for convention in sections["inpainting"].conventions)
    assert sections["quiet"].likelihood is None


def test_a_published_elbo_stands_among_the_elbos_of_the_same_data_set(tasks, inputs):
    estimates = likelihood_estimates.read([("vae", "bce", inputs.likelihoods[0])])
    ours = [one._replace(quantity="hidden") for one in estimates]
    others = model_tables.published(ours, "mnist", {"name": "quadrants", "observed": 1})
    table = model_tables.likelihood_table(tasks["inpainting"], ours, others)
    assert texts(table, "Model")[1:3] == ["deterministic network", "CVAE"]
    assert texts(table, "Estimate")[1:3] == ["100.40", ""]
    assert texts(table, "Above it")[1:3] == ["66.20", ""]
    assert texts(table, "Negative ELBO, 10 draws")[1:3] == ["", "71.80"]
    assert texts(table, "Images")[1:3] == ["10,000"] * 2
    assert [other.label for other in others["hidden", "grey"]] == ["deterministic network", "CVAE (ELBO)"]
    elsewhere = model_tables.published(estimates, "digits", HOLE)
    assert elsewhere == {("image", "grey"): [], ("image", "stochastic"): []}


def test_verdicts_have_a_mark_a_word_and_a_link_to_their_evidence(sections, folder):
    anchors = set[str]().union(*(page.anchors(task, section) for task, section in sections.items()))
    found = claim_verdicts.read(str(folder / "claims.json"), anchors)
    assert [(one.verdict, one.mark) for one in found] == list(claim_verdicts.MARKS.items())
    links = [one.tests[0].links for one in found]
    assert links == [
        [("task.inpainting.loss", "inpainting")],
        [("task.inpainting.source", "inpainting")],
        [("task.inpainting", "inpainting")],
        [],
    ]
    assert [one.tests[0].seeds for one in found] == ["2 seeds", "2 seeds", "2 seeds", ""]
    assert found[0].tests[0].files == ["results/mnist/evaluate/inpainting/vae/bce/*/metrics.json (2 files)"]
    assert found[0].tests[0].table.rows[0].cells[1].text == "\N{MINUS SIGN}0.07"
    assert found[0].tests[0].table.columns[1].heading == "MSE, asked for above 0.25"
    assert found[3].tests[0].table is None
    assert claim_verdicts.counted(found[:2]) == [("supported", "✓", 1), ("not supported", "✗", 1)]
    assert set(claim_verdicts.MARKS) == set(VERDICTS)
    assert len(set(claim_verdicts.MARKS.values())) == len(VERDICTS)


@pytest.mark.parametrize("content", [{"claims": [{}]}, {"claims": [claim("true", "a")]}, {"claims": 3}, {}])
def test_a_damaged_file_of_claims_is_refused(content, tmp_path):
    artifacts.write_json(tmp_path / "claims.json", content)
    with pytest.raises(DamagedFile):
        claim_verdicts.read(str(tmp_path / "claims.json"), ())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.assign(mean="0.1"), "'mean'.*numbers"),
        (lambda table: table.assign(low=np.nan), "'low'.*numbers"),
        (lambda table: table.assign(variant=None), "'variant'.*texts"),
        (lambda table: pd.concat([table, table]), "one row"),
        (lambda table: table[:0], "one row"),
        (lambda table: table.drop(columns="mean"), "read"),
    ],
)
def test_a_damaged_comparison_is_refused(change, words, files, tmp_path):
    for read, path, name in (
        (interval_table.read_intervals, files["inpainting"].intervals, "mean"),
        (read_differences, files["inpainting"].differences, "difference"),
    ):
        table = change(pd.read_parquet(path).rename(columns={name: "mean"}))
        artifacts.write_parquet(tmp_path / "table", table.rename(columns={"mean": name}))
        with pytest.raises(DamagedFile, match=words.replace("'mean'", f"'{name}'")):
            read(tmp_path / "table")


class Page(HTMLParser):
    """A parsed page: ids, links, pictures with their texts, sortable tables (rows of cells, each as its attributes)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.tables: list[list[list[dict[str, str | None]]]] = []
        self.inside = False
        self.captions = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        self.links += [str(given[name]) for name in ("href", "src") if name in given]
        if tag == "img" or (tag == "svg" and given.get("role") == "img"):
            self.images.append(given | {"alt": given.get("alt", given.get("aria-label"))})
        if tag == "table":
            self.inside = "sortable" in str(given.get("class"))
            self.tables += [[]] if self.inside else []
        elif self.inside and tag == "tr":
            self.tables[-1].append([])
        elif self.inside and tag in ("th", "td"):
            self.tables[-1][-1].append(given | {"tag": tag})
        if tag == "caption" and self.inside:
            self.captions += 1


@pytest.fixture(scope="module")
def parsed(html) -> Page:
    return Page(html)


def test_the_page_needs_nothing_from_elsewhere_and_all_its_links_lead_somewhere(html, parsed):
    assert len(parsed.ids) == len(set(parsed.ids))
    assert {link.split(":")[0] for link in parsed.links if not link.startswith("#")} == {"data"}
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)
    assert re.findall(r"https?://", html) == []
    assert re.findall(r"url\((?!#)", html) == []
    assert "@import" not in html
    assert html.startswith("<!DOCTYPE html>")


def test_each_table_can_be_sorted_by_each_column(parsed):
    assert (
        parsed.captions == len(parsed.tables) == 2 + 5 + 2 + 1 + 1 + 3 + 1
    )  # main, regions, scale, source, likelihood, comparisons, runs
    for table in parsed.tables:
        heads = [row for row in table if row[-1].get("scope") == "col" or "colspan" in row[0]]
        rows = table[len(heads) :]
        assert all((cell["tag"], cell.get("scope")) == ("th", "col") for cell in heads[-1])
        assert rows
        assert all([cell.get("scope") for cell in row] == ["row"] + [None] * (len(row) - 1) for row in rows)
        for row in rows:
            assert len(row) == len(heads[-1])
            for head, cell in zip(heads[-1], row, strict=True):
                value = cell["data-value"]
                if "name" not in str(head["class"]).split() and value:
                    float(str(value))
        if len(heads) == 2:
            assert sum(int(str(cell["colspan"])) for cell in heads[0]) == len(heads[1])


def test_the_page_opens_with_the_verdicts(html):
    places = [html.index(f"Sentence of {one['id']}.") for one in CLAIMS]
    assert places == sorted(places)
    assert places[-1] < html.index('id="glance"') < html.index('id="task.inpainting"')
    for verdict, sign in claim_verdicts.MARKS.items():
        assert f'<span class="sign" aria-hidden="true">{sign}</span>{verdict}</span>' in html
    assert "Finding of decreasing." in html


def test_the_page_is_whole_without_claims(render):
    html = render({"claims": []})
    parsed = Page(html)
    assert {link[1:] for link in parsed.links if link.startswith("#")} <= set(parsed.ids)
    assert "verdict" not in html.split("<body>")[1].split("<script>")[0]


def test_why_bm3d_is_missing_is_said_where_all_pixels_are_corrupted(render, html):
    noise = {"name": "gaussian_noise", "sigma": 0.1}
    noisy = TASKS | {"quiet": TASKS["quiet"] | {"corruption": noise}}
    assert render(settings=EXPERIMENT | {"tasks": noisy}).count("BM3D") == 1
    assert "BM3D" not in html


def test_a_large_page_is_told_of(tmp_path, caplog):
    page, logger = tmp_path / "report.html", logging.getLogger("restoration")
    page.write_bytes(bytes(report_script.LARGE))
    report_script.warn_of_size(str(page), logger)
    assert caplog.messages == []
    page.write_bytes(bytes(12 * 10**6))
    report_script.warn_of_size(str(page), logger)
    assert f"{page} takes 12 MB" in caplog.messages[0]


class Traced(HTMLParser):
    """Texts with a digit, in tables, figures and findings: `count` have a source, `untraced` have none.

    A source follows before the next heading; in a figure it stands within the figure.
    """

    PARTS = ("table", "figure", "findings")
    HEADS = ("h2", "h3", "h4", "summary", "main", "footer")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []  # the elements around, each with what it is
        self.waiting: list[str] = []
        self.untraced: list[str] = []
        self.count = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("meta", "img", "input", "path", "use", "rect", "image"):
            return
        classes = str(dict(attrs).get("class")).split()
        part = next((name for name in (tag, *classes) if name in (*self.PARTS, "source")), "")
        if tag in self.HEADS or part == "figure":
            self.untraced += self.waiting
            self.waiting = []
        if part == "source":
            self.count += len(self.waiting)
            self.waiting = []
        self.open.append((tag, part))

    def handle_endtag(self, tag: str) -> None:
        if tag == "figure":
            self.untraced += self.waiting
            self.waiting = []
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        parts = [part for _, part in self.open]
        hidden = any(tag in ("script", "style") for tag, _ in self.open)
        if not hidden and "source" not in parts and set(parts) & set(self.PARTS) and re.search(r"\d", data):
            self.waiting.append(data)


def test_every_number_of_a_table_a_figure_or_a_finding_has_a_file(html):
    traced = Traced(html)
    assert traced.count > 300
    assert traced.untraced == []
    assert Traced("<table><td>3</table><h2></h2>").untraced == ["3"]
    assert Traced("<figure>3</figure><p class=source></p>").untraced == ["3"]


def test_figures_and_findings_name_the_files_of_their_numbers(sections, html, inputs, folder):
    shown = sections["inpainting"].figures
    assert shown["grid"].sources == shown["error"].sources == [f"{folder}/inpainting/intervals"]
    assert shown["loss"].sources == [f"{folder}/*/training.json (5 files)"]
    assert shown["likelihood"].sources == inputs.likelihoods
    assert sections["quiet"].figures["latent"].sources == [f"{folder}/latent.json"]
    assert f"figures from <code>{folder}/inpainting/intervals</code>" in html
    header, glance = html.split("</header>")[0], html.split('id="glance"')[1].split("<h3>")[0]
    assert f"<code>{inputs.dataset}</code>, <code>{folder}/*/training.json (6 files)</code>" in header
    assert f"<code>{folder}/*/intervals (2 files)</code>" in glance


def test_the_page_says_where_its_figures_come_from(html, inputs):
    for path in (*inputs.intervals, *inputs.differences, *inputs.baselines, TABLE):
        assert f"<code>{path}</code>" in html
    assert "likelihood*.json" not in html  # patterns keep file names
    for path in inputs.likelihoods:
        assert Path(path).name in html
    assert "98.6 %" in html


def test_figures_have_texts_for_those_who_do_not_see_them(parsed):
    shown = len(FIGURES) - 3  # originals, corrupted and reconstructed images have no number in this task
    assert len(parsed.images) == shown
    assert all(image["alt"] for image in parsed.images)
    texts = [str(image["alt"]) for image in parsed.images]
    error = "The error inside the hole is between 0.0"
    assert any(
        re.search(rf"^{error}\d+ \(unet, BCE by encode\) and 0\.\d+ \(cvae_label, MSE by inf", text) for text in texts
    )
    assert "BCE models end at 81.2 to 85.2; MSE models end at 83.2 to 84.2, on average over the last epoch" in texts[2]


def test_names_of_a_configuration_are_text_and_no_markup(render):
    assert "<script>alert" not in render(settings=EXPERIMENT | {"dataset": {"name": "<script>alert(1)</script>"}})


def test_a_figure_says_what_it_shows_beneath_it_and_to_those_who_do_not_see_it(sections, html):
    shown = sections["inpainting"].figures
    assert re.match(
        r"Restored by “encode”, the error inside the hole is between 0\.0\d+ \(unet, BCE\)", shown["grid"].finding
    )
    assert shown["likelihood"].finding.startswith("Lowest at the most samples: vae, BCE, 90.50 nats for the whole")
    assert shown["hard"].finding.startswith("The lowest mean error on these is 0.2000, by b; on all 200 drawn")
    assert shown["cases"].finding == "The error is at most 0.0200 on the best images and at least 0.8000 on the worst."
    latent = sections["quiet"].figures["latent"].finding
    assert latent.endswith("50.0 % (vae) of the test images; by vae that of a best (90 %), that of b worst (10 %).")
    assert "; 2 of 5 ways to restore by a trained model are better than kernel neighbours" in shown["error"].finding
    for one in shown.values():
        assert f"{one.caption}." in one.alt
        assert one.finding in html


def test_values_behind_figures_are_data_and_no_markup(html):
    given = re.findall(r'<script type="application/json" class="(\w+)">(.*?)</script>', html)
    assert "0 of the 200 drawn test images" in html
    assert sorted(kind for kind, _ in given) == ["restorations"] * 2 + ["values"] * 3
    assert [json.loads(text)["panels"][0]["title"] for kind, text in given if kind == "values"].count("</script>") == 2


@pytest.mark.parametrize("key", ["ways", "rows", "champion"])
def test_damaged_values_of_a_figure_are_refused(key, tasks, files):
    values = page.read_values(files["quiet"])["cases"]
    with pytest.raises(DamagedFile, match=r"cases\.json"):
        page.restorations(tasks["quiet"], values | {key: None})


def test_figures_have_the_numbers_and_captions_of_the_source(folder):
    paths = dict.fromkeys(
        [*embedded_figures.texts()["captions"], "originals", "corrupted", "reconstructed"], f"{folder}/figure.png"
    )
    named = ("dataset", "method", "otherwise", "place", "drawn", "few", "best", "outline", "given")
    words = dict.fromkeys(named, "WORD") | embedded_figures.texts()["classes"]["numbers"]

    def embedded(name: str, corruption: dict[str, Any]) -> dict[str, SimpleNamespace]:
        task = Task(name, {"corruption": corruption}, 1, pd.DataFrame(), TaskFiles("", figures=paths))
        return embedded_figures.embedded(task, words, {"loss": ("Finding.", ["history"])}, {})

    found = embedded("denoising", {"name": "gaussian_noise", "sigma": 0.1})
    assert [(one.number, key) for key, one in found.items()][:4] == [
        ("Figure 3", "originals"),
        ("Figure 4", "corrupted"),
        ("Figure 5", "reconstructed"),
        ("", "latent"),
    ]
    assert "grid" not in found
    assert found["corrupted"].caption == "Noisy images (gaussian noise, sigma = 0.1)"
    own = embedded("own", {"name": "none"})
    assert {one.number for one in own.values()} == {""}
    assert "originals" not in own
    assert own["grid"].caption == "Original and reconstructed images"
    assert not any(re.search(r"[{}]", one.caption + one.note) for one in [*found.values(), *own.values()])


def test_the_notes_name_what_labels_there_are(tasks):
    numbers, names, none = (
        embedded_figures.words(tasks["quiet"], {"name": "own", "labels": labels})
        for labels in (None, ["cat", "dog"], [])
    )
    assert numbers["shown"] == "The first test image of each class"
    assert numbers["names"].startswith("; numbers: the labels")
    assert names["names"].startswith("; names: the classes")
    assert "of each label" in names["areas"]
    assert (none["names"], none["shown"]) == ("", "The first test images")
    assert none["areas"] == "Areas: where 65 % of the training images lie, by kernel density"


def test_a_report_on_images_without_labels_says_what_was_left_out(render):
    left_out = {"variants": ["inpainting/cvae_label", "own/cvae_label"], "inference": ["inferred_label"]}
    html = render({"classifier": []}, left_out=left_out | {"claims": ["a", "b"]})
    assert (
        "The images have no labels, and what needs them is left out: how restored images read as their class, "
        "the variant cvae_label, the inference inferred_label and the claims a, b." in html
    )
    assert "Reads as its class:" not in html
    least = task_sentences.left_out({"variants": [], "inference": [], "claims": []})
    assert least.endswith("is left out: how restored images read as their class.")
    assert task_sentences.left_out(None) == ""


def test_a_figure_is_embedded_whole_at_the_width_of_its_inches(folder):
    head, content = embedded_figures.data_uri(folder / "figure.png").split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(content) == (folder / "figure.png").read_bytes()
    for suffix in ("png", "svg"):
        assert embedded_figures.width(folder / f"figure.{suffix}") == 2 * embedded_figures.PIXELS_PER_INCH


def test_the_finding_of_losses_gives_their_range_for_each_loss():
    sentence = task_sentences.of_losses({"bce": [81.24, 90.0], "mse": [30.0]})
    assert sentence.startswith("BCE models end at 81.2 to 90; MSE models end at 30, on average")
    assert task_sentences.of_losses({"bce": [81.24]}) == "BCE models end at 81.2, on average over the last epoch."
    assert task_sentences.of_losses({"bce": [968.4, 1042.4]}).startswith("BCE models end at 968 to 1,042, on average")


@pytest.mark.parametrize(
    ("corruption", "words"),
    [
        ({"name": "none"}, "nothing corrupted"),
        ({"name": "gaussian_noise", "sigma": 0.1}, "gaussian noise, sigma = 0.1"),
        (HOLE, "stroke hole, size = 6"),
    ],
)
def test_a_corruption_is_described_in_words(corruption, words):
    assert task_sentences.of_corruption(corruption) == words


@pytest.mark.parametrize(
    ("value", "measure", "signed", "text"),
    [
        (0.012345, "mse", False, "0.0123"),
        (0.0012345, "mse", False, "0.00123"),
        (0.00012345, "mse", True, "+0.000123"),
        (0.0000012345, "mse", False, "0.000001"),
        (0.0, "mse", False, "0.0000"),
        (12.345, "psnr", False, "12.35"),
        (0.98765, "ssim", True, "+0.988"),
        (101.234, "", False, "101.23"),
        (-0.5, "mse", True, "\N{MINUS SIGN}0.5000"),
        (0.976, "accuracy", False, "97.6 %"),
        (float("nan"), "mse", False, ""),
        (None, "mse", False, ""),
    ],
)
def test_numbers_have_the_digits_that_they_deserve(value, measure, signed, text):
    assert table_cells.number(value, measure, signed) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(12, "12"), (650_000, "650 k"), (1_234_567, "1.23 M"), (5e9, "5 G"), (None, ""), (float("nan"), "")],
)
def test_large_numbers_are_short(value, text):
    assert table_cells.Cell.of_count(value).text == text


def test_files_that_differ_in_their_folders_are_one():
    files = ["r/a/seed0/m.json", "r/a/seed1/m.json", "r/b/seed0/m.json", "r/t.csv", "r/t.csv"]
    assert table_cells.patterns(files) == ["r/*/*/m.json (3 files)", "r/t.csv"]
    assert table_cells.interval(0.1, 0.2, "accuracy") == "[10.0, 20.0]"
