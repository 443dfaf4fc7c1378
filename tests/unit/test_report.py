import base64
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from restoration import report, summary

VARIANTS = {"vae": {"condition": "none"}, "cvae_label": {"condition": "label"}}


def row(variant: str, loss: str, method: str, mse: float, seed: int = 0, hole: bool = True) -> list[dict[str, Any]]:
    """One model's or baseline's rows of the table; a hole has twice the error of the pasted image."""
    name = {"task": "task", "variant": variant, "loss": loss, "seed": seed, "method": method}
    test = {f"test_{key}": 100.0 if variant else np.nan for key in summary.OBJECTIVE}
    regions = [("raw", "whole", 1.5), ("raw", "hole", 2), ("pasted", "whole", 1), ("pasted", "hole", 2)]
    return [
        {**name, "output": output, "region": region, "mse": mse * factor, "psnr": 10.0, "ssim": 0.5, **test}
        for output, region, factor in (regions if hole else [("raw", "whole", 1)])
    ]


def task_table(*rows: list[dict[str, Any]]) -> dict[str, Any]:
    table = pd.DataFrame([one for several in rows for one in several])
    return report.task_table(summary.over_seeds(table), "task", {"variants": VARIANTS})


@pytest.fixture
def inpainting() -> dict[str, Any]:
    return task_table(
        row("", "", "identity", 0.05),
        row("", "", "mean_image", 0.09),
        row("vae", "bce", "encode", 0.03, seed=0),
        row("vae", "bce", "encode", 0.01, seed=1),
        row("cvae_label", "mse", "encode", 0.01),
        row("cvae_label", "mse", "inferred_label", 0.07),
    )


def test_models_and_baselines_are_ranked_by_their_error_inside_the_hole(inpainting):
    ranked = [(one["name"], one["loss"], one["method"]) for one in inpainting["rows"]]
    assert ranked == [
        ("cvae_label", "MSE", "encode"),
        ("vae", "BCE", "encode"),
        ("identity", "", ""),
        ("cvae_label", "MSE", "inferred label"),
        ("mean image", "", ""),
    ]
    assert inpainting["in_hole"]
    assert [one["baseline"] for one in inpainting["rows"]] == [False, False, True, False, True]


def test_only_a_method_that_is_given_the_label_is_marked(inpainting):
    assert [bool(one["mark"]) for one in inpainting["rows"]] == [True, False, False, False, False]


def test_each_row_has_a_cell_for_each_column(inpainting):
    columns = sum(len(names) for _, names in inpainting["groups"])
    assert all(len(one["cells"]) == columns for one in inpainting["rows"])
    vae = inpainting["rows"][1]["cells"]
    assert vae[0] == "0.0400 ± 0.0283"  # hole: twice the mean of 0.03 and 0.01
    assert vae[3] == "0.0200 ± 0.0141"
    assert inpainting["rows"][0]["cells"][0] == "0.0200"  # one seed has no deviation
    assert inpainting["rows"][2]["cells"][-3:] == ["", "", ""]


def test_a_task_without_a_hole_is_ranked_over_the_whole_image():
    table = task_table(
        row("", "", "identity", 0.01, hole=False),
        row("vae", "bce", "encode", 0.03, hole=False),
        row("vae", "mse", "encode", 0.02, hole=False),
    )
    assert not table["in_hole"]
    assert table["groups"][0] == ("Whole image", ["MSE", "PSNR, dB", "SSIM"])
    assert [one["loss"] for one in table["rows"]] == ["", "MSE", "BCE"]
    assert report.finding(table).endswith("Leaving the image as it is: 0.0100, which is better.")


def test_doing_nothing_is_not_ranked_where_nothing_is_corrupted():
    table = task_table(
        row("", "", "identity", 0.0, hole=False),
        row("", "", "mean_image", 0.5, hole=False),
        row("vae", "bce", "encode", 0.03, hole=False),
    )
    assert [one["name"] for one in table["rows"]] == ["vae", "mean image"]
    assert "Leaving" not in report.finding(table)


def test_the_finding_names_the_best_model_and_what_it_was_given(inpainting):
    sentence = report.finding(inpainting)
    assert "inside the hole: cvae_label trained with MSE, by “encode”, given the true label: 0.0200." in sentence
    assert sentence.endswith("Leaving the image as it is: 0.1000.")


def test_the_finding_of_losses_gives_their_range_for_each_loss():
    table = pd.DataFrame(
        {
            "task": ["task", "task", "task", "other"],
            "loss": ["bce", "bce", "mse", "bce"],
            "train_objective": [81.24, 90.0, 30.0, 1.0],
        }
    )
    sentence = report.loss_finding(table, "task")
    assert sentence.startswith("BCE models end at 81.2 to 90; MSE models end at 30 per image")


@pytest.mark.parametrize(
    ("corruption", "words"),
    [
        ({"name": "none"}, "nothing corrupted"),
        ({"name": "gaussian_noise", "sigma": 0.1}, "gaussian noise, sigma = 0.1"),
        ({"name": "stroke_hole", "size": 6}, "stroke hole, size = 6"),
    ],
)
def test_a_corruption_is_described_in_words(corruption, words):
    assert report.describe(corruption) == words


@pytest.mark.parametrize(
    ("mean", "measure", "std", "text"),
    [
        (0.012345, "mse", float("nan"), "0.0123"),
        (12.345, "psnr", 0.5, "12.35 ± 0.50"),
        (0.98765, "ssim", float("nan"), "0.988"),
        (101.234, "objective", float("nan"), "101.23"),
        (float("nan"), "mse", 0.1, ""),
    ],
)
def test_numbers_have_the_digits_that_they_deserve(mean, measure, std, text):
    assert report.number(mean, measure, std) == text


@pytest.fixture
def figure_files(tmp_path) -> dict[tuple[str, str], str]:
    """A PNG and an SVG as matplotlib writes them, by task and key."""
    Image.new("RGB", (320, 10)).save(tmp_path / "grid.png")
    (tmp_path / "loss.svg").write_text('<?xml version="1.0"?>\n<svg height="72pt" width="144pt"></svg>')
    files = {"grid": "grid.png", "reconstructed": "grid.png", "originals": "grid.png", "loss": "loss.svg"}
    return {
        (task, key): str(tmp_path / name) for task in ("denoising", "inpainting", "own") for key, name in files.items()
    }


def test_a_figure_is_embedded_whole(figure_files):
    png = report.data_uri(figure_files["inpainting", "grid"])
    head, content = png.split(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(content) == Path(figure_files["inpainting", "grid"]).read_bytes()
    assert report.data_uri(figure_files["inpainting", "loss"]).startswith("data:image/svg+xml;base64,")


def test_both_formats_have_the_width_of_their_inches(figure_files):
    assert report.width(figure_files["inpainting", "grid"]) == report.width(figure_files["inpainting", "loss"])


def test_figures_have_the_numbers_and_captions_of_the_source(figure_files):
    tasks = {
        task: {"corruption": {"name": "gaussian_noise", "sigma": 0.1}} for task in ("denoising", "inpainting", "own")
    }
    shown = report.figures(tasks, figure_files, "mnist")
    numbers = {task: [(figure["number"], figure["key"]) for figure in found] for task, found in shown.items()}
    assert numbers == {
        "denoising": [("Figure 3", "originals"), ("Figure 5", "reconstructed"), ("", "loss")],
        "inpainting": [("Figure 6", "grid"), ("Figure 7", "loss")],
        "own": [("", "grid"), ("", "loss")],
    }
    assert all(figure["image"].startswith("data:image/") for found in shown.values() for figure in found)
    assert not any(re.search(r"[{}]", figure["caption"]) for found in shown.values() for figure in found)
