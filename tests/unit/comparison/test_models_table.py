from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from restoration.comparison import models_table
from restoration.core import artifacts
from restoration.core.errors import DamagedFile
from restoration.evaluation.judging import BY_CLASSIFIER

SCORES = {"mse": 0.1, "psnr": 10.0, "ssim": 0.5}
KEYS = ("task", "variant", "loss", "method", "output", "region")


def measured(mse: float, variational: bool = False, **test: float) -> dict[str, Any]:
    """The contents of a metrics.json with two methods, two outputs and two regions; of a model if `test` is given."""
    scores = {
        method: {
            output: {"whole": SCORES | {"mse": mse, "accuracy": 0.75}, "hole": SCORES | {"mse": mse * 2}}
            for output in ("raw", "pasted")
        }
        for method in ("encode", "best_prior")
    }
    latent = {"kl": 0.5, "active_units": 3, "units": 5, "diversity": mse, "collapsed": mse < 0.2}
    of_model = {
        "test": test,
        "cost": {"encode": {"multiply_adds": 100}, "best_prior": {"multiply_adds": 5000}},
        "latent": latent if variational else None,
        "prior_draw": {"visible": 40.0, "hidden": None} if variational else None,
        "common": {"mse": 12.0, "bce": 85.0},
    }
    return {"scores": scores, "images": 10} | (of_model if test else {})


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """Two seeds of one model, one of another, and a baseline."""
    models = []
    for number, (variant, seed, mse) in enumerate([("vae", 0, 0.1), ("vae", 1, 0.3), ("ae", 0, 0.5)]):
        metrics, training = tmp_path / f"metrics{number}.json", tmp_path / f"training{number}.json"
        artifacts.write_json(metrics, measured(mse, variant == "vae", objective=seed + 3.0, reconstruction=2.0, kl=1.0))
        artifacts.write_json(
            training, {"parameters": 7, "identity": f"id{number}", "run": f"run {number}", "train": {"objective": 1.0}}
        )
        models.append((("inpainting", variant, "bce", seed), str(metrics), str(training)))
    artifacts.write_json(tmp_path / "baselines.json", measured(0.7))
    return models_table.collect(models, [("inpainting", str(tmp_path / "baselines.json"))])


def test_each_method_output_and_region_of_a_model_is_a_row(table):
    assert len(table) == 4 * 2 * 2 * 2
    assert not table.duplicated([*KEYS, "seed"]).any()
    row = table.query("variant == 'vae' and seed == 1 and method == 'encode' and output == 'raw' and region == 'hole'")
    assert row[["mse", "psnr", "ssim"]].to_dict("records") == [{"mse": 0.6, "psnr": 10.0, "ssim": 0.5}]
    assert row[["test_objective", "test_reconstruction", "test_kl"]].values.tolist() == [[4.0, 2.0, 1.0]]
    assert row[["parameters", "identity", "run"]].values.tolist() == [[7, "id1", "run 1"]]
    assert row["file"].item().endswith("metrics1.json")


def test_what_no_classifier_has_read_has_no_accuracy(tmp_path):
    content = measured(0.7)
    for outputs in content["scores"].values():
        for regions in outputs.values():
            del regions["whole"]["accuracy"]
    artifacts.write_json(tmp_path / "baselines.json", content)
    table = models_table.collect([], [("inpainting", str(tmp_path / "baselines.json"))])
    assert "accuracy" not in table
    assert "accuracy" not in models_table.over_seeds(table)


def test_a_baseline_has_no_variant_loss_or_objective(table):
    baseline = table[table["variant"] == ""]
    assert len(baseline) == 8
    assert set(baseline["loss"]) == {""}
    assert set(baseline["mse"]) == {0.7, 1.4}
    assert baseline[["test_objective", "parameters", "identity", *models_table.FIGURES]].isna().all(axis=None)


def test_a_measure_of_whole_images_is_missing_inside_the_hole(table):
    assert (table[table["region"] == "whole"]["accuracy"] == 0.75).all()
    assert table[table["region"] == "hole"]["accuracy"].isna().all()


def test_each_row_of_a_model_has_its_diagnostics_and_the_cost_of_its_method(table):
    vae = table[table["variant"] == "vae"]
    assert set(zip(vae["method"], vae["multiply_adds"], strict=True)) == {("encode", 100), ("best_prior", 5000)}
    assert set(zip(vae["seed"], vae["latent_diversity"], vae["latent_collapsed"], strict=True)) == {
        (0, 0.1, 1),
        (1, 0.3, 0),
    }
    assert set(zip(vae["latent_kl"], vae["latent_active_units"], vae["latent_units"], strict=True)) == {(0.5, 3, 5)}
    assert (vae["prior_draw_visible"] == 40).all()
    assert vae["prior_draw_hidden"].isna().all()
    ae = table[table["variant"] == "ae"]
    assert ae[["latent_kl", "latent_collapsed", "prior_draw_visible"]].isna().all(axis=None)
    assert set(zip(ae["common_mse"], ae["common_bce"], strict=True)) == {(12, 85)}
    assert all(table[name].dtype == float for name in [*BY_CLASSIFIER, *models_table.FIGURES])


def test_seeds_are_summed_up_by_mean_standard_deviation_and_number(table):
    seeds = models_table.over_seeds(table)
    assert tuple(seeds.index.names) == KEYS
    vae = seeds.loc[("inpainting", "vae", "bce", "encode", "raw", "whole")]
    assert vae["mse", "mean"] == pytest.approx(0.2)
    assert vae["mse", "std"] == pytest.approx(np.std([0.1, 0.3], ddof=1))
    assert vae["mse", "count"] == 2
    assert vae["test_objective", "mean"] == pytest.approx(3.5)
    assert vae["latent_collapsed", "mean"] == 0.5
    assert vae["multiply_adds", "mean"] == 100
    single = seeds.loc[("inpainting", "ae", "bce", "encode", "raw", "whole")]
    assert np.isnan(single["mse", "std"])
    assert single["mse", "count"] == 1
    baseline = seeds.loc[("inpainting", "", "", "encode", "raw", "whole")]
    assert baseline["mse", "mean"] == pytest.approx(0.7)
    assert np.isnan(baseline["test_objective", "mean"])
    assert len(seeds) == 3 * 8


def test_the_baselines_parameters_and_the_classifiers_accuracy_are_read(tmp_path):
    artifacts.write_json(tmp_path / "a.json", {"parameters": {"median": {"size": 3}}, "accuracy": {"test": 0.98}})
    assert models_table.read_parameters(str(tmp_path / "a.json")) == {"median": {"size": 3}}
    assert models_table.read_classifier_accuracy(str(tmp_path / "a.json")) == 0.98


@pytest.mark.parametrize("content", [{}, {"parameters": 3, "accuracy": 3}, {"parameters": {"a": 1}, "accuracy": {}}])
def test_without_them_a_file_is_refused(content, tmp_path):
    artifacts.write_json(tmp_path / "a.json", content)
    for read in (models_table.read_parameters, models_table.read_classifier_accuracy):
        with pytest.raises(DamagedFile):
            read(str(tmp_path / "a.json"))
