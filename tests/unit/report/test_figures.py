from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import figure_cases
import figure_error
import figure_latent
import figure_likelihood
import figure_loss
import figure_restorations
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot
from PIL import Image

from restoration.champion import picture_files
from restoration.comparison.likelihood_estimates import Estimate, averaged, read
from restoration.core import artifacts
from restoration.core.errors import DamagedFile
from restoration.evaluation import best_worst_cases
from restoration.report import figure_captions, figure_style, figure_values, image_sheets

ORANGE = tuple(figure_style.HOLE.astype(np.float32))


def files_in(folder: Path, *names: str, **more: str) -> dict[str, Path]:
    """Return the outputs of a figure's job: a PNG and an SVG for each name, and other files."""
    return {
        f"{name}_{suffix}" if len(names) > 1 else suffix: folder / f"{name}.{suffix}"
        for name in names
        for suffix in ("png", "svg")
    } | {name: folder / file for name, file in more.items()}


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("RGB"))


def orange(path: Path) -> int:
    """Count the pixels in the colour of the outline."""
    return (np.abs(pixels(path) - (figure_style.HOLE * 255).round()).max(axis=-1) <= 2).sum()


@pytest.fixture
def twice(tmp_path) -> Callable[..., dict[str, Path]]:
    """Draw into two folders, expect the same bytes, and return the outputs in the first; files as of `files_in`."""

    def twice(draw: Callable[[dict[str, Path]], None], *names: str, **more: str) -> dict[str, Path]:
        one, other = (files_in(tmp_path / folder, *names, **more) for folder in ("first", "second"))
        draw(one)
        draw(other)
        for name, path in one.items():
            assert path.read_bytes() == other[name].read_bytes(), name
        return one

    return twice


def texts(svg: Path) -> str:
    """Return a valid SVG; matplotlib draws texts as paths and keeps the words as comments."""
    content = svg.read_text()
    ElementTree.fromstring(content)
    return content


def test_grey_and_colour_images_become_rgb():
    grey = np.arange(8, dtype=np.uint8).reshape(2, 1, 2, 2) * 30
    rgb = image_sheets.to_rgb(grey)
    assert (rgb.shape, rgb.dtype) == ((2, 2, 2, 3), np.float32)
    np.testing.assert_allclose(rgb[..., 1], grey[:, 0] / 255, rtol=1e-6)
    colour = np.random.default_rng(0).random((2, 3, 4, 5), np.float32)
    np.testing.assert_array_equal(image_sheets.to_rgb(colour), colour.transpose(0, 2, 3, 1))


def test_the_outline_is_one_pixel_wide_inside_the_hole():
    mask = np.zeros((1, 1, 9, 9), bool)
    mask[..., 2:7, 3:8] = True
    outlined = image_sheets.outlined(np.zeros((1, 9, 9, 3), np.float32), mask)[0]
    line = (outlined == ORANGE).all(axis=-1)
    expected = mask[0, 0].copy()
    expected[3:6, 4:7] = False
    np.testing.assert_array_equal(line, expected)
    assert not outlined[~line].any()


def test_the_outline_follows_the_edge_of_the_image_and_leaves_its_input():
    images, mask = np.full((1, 6, 6, 3), 0.5, np.float32), np.zeros((1, 1, 6, 6), bool)
    mask[..., :4, :4] = True
    line = (image_sheets.outlined(images, mask)[0] == ORANGE).all(axis=-1)
    assert line[0, :4].all()
    assert line[:4, 0].all()
    assert not line[1:3, 1:3].any()
    assert (images == 0.5).all()


def test_the_champions_pictures_show_a_hole_in_the_colour_of_the_figures():
    assert (figure_style.HOLE * 255).round().tolist() == picture_files.HIDDEN.tolist()
    assert "orange" in figure_captions.OUTLINE


def test_a_sheet_has_its_rows_below_each_other_with_white_gaps():
    rows = [np.full((3, 4, 5, 3), shade, np.float32) for shade in (0.0, 0.5)]
    sheet = image_sheets.sheet(rows, gap=2)
    assert sheet.shape == (4 + 2 + 4, 5 * 3 + 2 * 2, 3)
    assert (sheet[4:6] == 1).all()
    assert (sheet[:, 5:7] == 1).all()
    assert (sheet[:4, 7:12] == 0).all()
    assert (sheet[6:, 14:] == 0.5).all()


def test_images_keep_their_place_in_a_sheet():
    row = np.linspace(0, 1, 3 * 4 * 4 * 3, dtype=np.float32).reshape(3, 4, 4, 3)
    sheet = image_sheets.sheet([row, row[::-1]], gap=1)
    np.testing.assert_array_equal(sheet[:4, 5:9], row[1])
    np.testing.assert_array_equal(sheet[5:, :4], row[2])


@pytest.mark.parametrize("size", [(12, 12), (24, 40), (40, 24), (11, 128)])
def test_images_of_any_size_keep_their_proportions_in_a_sheet(size, tmp_path):
    row = np.zeros((5, *size, 3), np.float32)
    row[:, :, :, 0] = 1
    outputs = files_in(tmp_path, "sheet")
    image_sheets.draw([("", [row, row])], ["one", "two"], (outputs["png"], outputs["svg"]))
    red = (pixels(outputs["png"])[:, :, :3] == (255, 0, 0)).all(axis=-1)
    lines, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    gap = max(1, round(min(size) / image_sheets.GAP))
    expected = (2 * size[0] + gap) / (5 * size[1] + 4 * gap)
    assert (lines[-1] - lines[0]) / (columns[-1] - columns[0]) == pytest.approx(expected, rel=0.06)


def test_a_figure_is_the_same_bytes_twice_and_without_date_or_version(twice):
    def draw(outputs: dict[str, Path]) -> None:
        figure, ((axis,),) = figure_style.panels(1, 3)
        axis.plot([1, 2, 3], label="line")
        axis.legend()
        figure_style.save(figure, **outputs)
        assert not pyplot.fignum_exists(figure.number)

    outputs = twice(draw, "one")
    assert b"Software" not in outputs["png"].read_bytes()
    svg = texts(outputs["svg"])
    assert "<dc:date>" not in svg
    assert "Matplotlib v" not in svg
    assert sorted(path.name for path in outputs["svg"].parent.iterdir()) == ["one.png", "one.svg"]


@pytest.fixture
def restorations(tmp_path, strokes) -> SimpleNamespace:
    """Write the inputs of the figures of restorations: two models, of which the second lacks `best_prior`."""
    complete, labels = strokes(9)
    mask = np.zeros((9, 1, 12, 12), bool)
    mask[..., 3:9, 2:8] = True
    corrupted = np.where(mask, 0, complete).astype(np.uint8)
    shown = np.array([4, 0, 7])
    artifacts.write_npz(tmp_path / "dataset.npz", test_images=complete, test_labels=labels, classes=4)
    artifacts.write_npz(tmp_path / "test.npz", corrupted=corrupted, mask=mask)
    restored = np.random.default_rng(0).random((2, 3, 1, 12, 12)).astype(np.float32)
    artifacts.write_npz(tmp_path / "a.npz", shown=shown, encode=restored[0], best_prior=restored[1])
    artifacts.write_npz(tmp_path / "b.npz", shown=shown, encode=restored[1])
    return SimpleNamespace(
        dataset=tmp_path / "dataset.npz",
        test=tmp_path / "test.npz",
        models=[("vae, BCE", tmp_path / "a.npz"), ("ae, BCE", tmp_path / "b.npz")],
    )


PARTS = ("originals", "corrupted", "reconstructed", "grid")


def test_restorations_are_drawn_the_same_twice(restorations, twice):
    given = (restorations.dataset, restorations.test, restorations.models, "best_prior")
    drawn = twice(lambda outputs: figure_restorations.draw(*given, outputs), *PARTS)
    for name in PARTS:
        assert pixels(drawn[f"{name}_png"]).std() > 20
    words = texts(drawn["grid_svg"])
    expected = ("original", "corrupted", "vae, BCE", "ae, BCE (encode)", "visible pixels put back")
    assert all(word in words for word in expected)


def test_only_a_hole_is_outlined_and_has_its_visible_pixels_put_back(restorations, tmp_path):
    outputs = files_in(tmp_path / "hole", *PARTS)
    figure_restorations.draw(restorations.dataset, restorations.test, restorations.models, "encode", outputs)
    assert orange(outputs["corrupted_png"]) > 100
    assert orange(outputs["originals_png"]) == 0

    corrupted, mask = artifacts.read_npz(restorations.test, "corrupted", "mask")
    for name, everywhere in (("noise", np.ones_like(mask)), ("none", np.zeros_like(mask))):
        artifacts.write_npz(tmp_path / f"{name}.npz", corrupted=corrupted, mask=everywhere)
        outputs = files_in(tmp_path / name, *PARTS)
        figure_restorations.draw(restorations.dataset, tmp_path / f"{name}.npz", restorations.models, "encode", outputs)
        assert orange(outputs["corrupted_png"]) == 0
        assert "visible pixels put back" not in texts(outputs["grid_svg"])


@pytest.fixture
def histories(tmp_path) -> list[tuple[str, str, int, str]]:
    rng = np.random.default_rng(0)
    curves = []
    for variant in ("vae", "cvae_label"):
        for loss, scale in (("bce", 100.0), ("mse", 30.0)):
            for seed in (0, 1):
                path = tmp_path / f"{variant}-{loss}-{seed}.parquet"
                objective = scale * (1 + np.exp(-np.arange(60) / 10)) + rng.normal(0, 1, 60)
                artifacts.write_parquet(
                    path, pd.DataFrame({"iteration": np.arange(1, 61), "objective": objective, "kl": 0.0})
                )
                curves.append((variant, loss, seed, str(path)))
    return curves


def test_losses_are_drawn_in_a_panel_each_the_same_twice(histories, twice):
    drawn = twice(lambda outputs: figure_loss.draw(histories, outputs), "loss", values="loss.json")
    words = texts(drawn["svg"])
    assert "BCE models" in words
    assert "MSE models" in words
    assert words.count("<!-- cvae_label -->") == 2  # in the legend of each panel, once for both seeds
    panels = artifacts.read_json(drawn["values"])["panels"]
    assert [panel["title"] for panel in panels] == ["BCE models", "MSE models"]
    for number, panel in enumerate(panels):
        assert f'<g id="panel-{number}">' in words
        for curve in panel["curves"]:
            assert len(curve["x"]) == len(curve["y"]) == 60
            assert all(panel["y"][0] <= value <= panel["y"][1] for value in curve["y"])
            assert panel["x"][0] <= curve["x"][0] < curve["x"][-1] <= panel["x"][1]


def test_a_training_is_averaged_over_equal_parts():
    x, means = figure_loss.smooth(np.arange(1.0, 1001.0))
    assert len(x) == len(means) == figure_loss.PARTS
    np.testing.assert_allclose(means, x)  # the loss is the iteration's number
    x, means = figure_loss.smooth(np.array([5.0, 3.0, 4.0]))
    assert x.tolist() == [1, 2, 3]
    assert means.tolist() == [5, 3, 4]


def test_a_loss_of_one_iteration_is_drawn(tmp_path):
    path = tmp_path / "one.parquet"
    artifacts.write_parquet(path, pd.DataFrame({"iteration": [1], "objective": [10.0]}))
    outputs = files_in(tmp_path / "out", "loss", values="loss.json")
    figure_loss.draw([("vae", "bce", 0, str(path))], outputs)
    assert pixels(outputs["png"]).std() > 5


def images_of(path: Path, labels: np.ndarray) -> None:
    """Write a data set with test images of these labels, higher than wide."""
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 1, 40, 20), dtype=np.uint8)
    artifacts.write_npz(path, test_images=images, test_labels=labels, classes=3)


def latent(folder: Path, points: np.ndarray, classes: np.ndarray, labels: list[str] | None) -> dict[str, Path]:
    """Draw one latent space; return the outputs."""
    artifacts.write_npz(folder / "a.npz", train=points, train_labels=classes, test=points, test_labels=classes)
    images_of(folder / "dataset.npz", classes)
    outputs = files_in(folder, "latent", values="latent.json", images="images.png")
    figure_latent.draw([("vae, BCE", str(folder / "a.npz"))], labels, folder / "dataset.npz", outputs)
    return outputs


def test_latent_spaces_are_drawn_in_a_panel_each_the_same_twice(tmp_path, twice):
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    images_of(tmp_path / "dataset.npz", labels[:30])
    points = (rng.normal(size=(90, 2)) + 4 * np.eye(3)[labels][:, :2]).astype(np.float32)
    for name in ("bce", "mse"):
        artifacts.write_npz(
            tmp_path / f"{name}.npz", train=points, train_labels=labels, test=points[:30], test_labels=labels[:30]
        )
    panels = [("vae, BCE", str(tmp_path / "bce.npz")), ("vae, MSE", str(tmp_path / "mse.npz"))]
    drawn = twice(
        lambda outputs: figure_latent.draw(panels, None, tmp_path / "dataset.npz", outputs),
        "latent",
        values="latent.json",
        images="images.png",
    )
    words = texts(drawn["svg"])
    assert all(word in words for word in ("vae, BCE", "vae, MSE", "<!-- 0 -->", "<!-- 2 -->"))
    known = artifacts.read_json(drawn["values"])
    assert known["images"] == list(range(30))
    assert known["labels"] == [str(label) for label in labels[:30]]
    assert known["size"] == {"width": 14, "height": figure_latent.SIDE}  # made smaller
    assert Image.open(drawn["images"]).size == (14 * figure_values.COLUMNS, figure_latent.SIDE)
    for panel in known["panels"]:
        np.testing.assert_allclose(panel["points"], points[:30], rtol=1e-4)
        assert panel["told"] > 0.9  # the clusters are far apart
        assert set(panel["told_of_class"]) == {"0", "1", "2"}


@pytest.mark.parametrize(
    ("labels", "written"),
    [(None, ["0", "1", "2"]), (["a house", "$un_^{", "tree"], ["a house", r"\$un_^{", "tree"]), ([], [])],
)
def test_clusters_have_the_classes_numbers_or_names_or_none(labels, written, tmp_path, monkeypatch):
    from matplotlib.axes import Axes

    points = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    found, write = [], Axes.text
    monkeypatch.setattr(Axes, "text", lambda *given, **more: found.append(given[3]) or write(*given, **more))
    known = artifacts.read_json(latent(tmp_path, points, np.arange(30) % 3, labels)["values"])
    assert found == written
    assert set(known["labels"] or []) == {text.replace("\\", "") for text in written}
    assert (known["panels"][0]["told"] is None) == (labels == [])


def test_a_latent_space_without_spread_is_drawn(tmp_path):
    """Of a few images, whose posterior has collapsed."""
    points, classes = np.full((4, 2), 0.5, np.float32), np.array([0, 0, 0, 1])
    assert pixels(latent(tmp_path, points, classes, ["a", "b"])["png"]).std() > 5


def intervals(hole: bool = True, methods: tuple[str, ...] = ("encode", "map_latent")) -> pd.DataFrame:
    """Return a table as `compare` writes it: two models, one with a method less, and two baselines."""
    rows = [("vae", "bce", method, 0.1 + 0.02 * number) for number, method in enumerate(methods)]
    rows += [("unet", "mse", "encode", 0.04), ("", "", "identity", 0.4), ("", "", "mean_image", 0.2)]
    table = pd.DataFrame(rows, columns=["variant", "loss", "method", "mean"])
    table = table.assign(
        output="raw", measure="mse", low=table["mean"] * 0.9, high=table["mean"] * 1.1, seeds=1, images=9
    )
    whole = table.assign(region="whole", mean=table["mean"] / 10, low=table["low"] / 10, high=table["high"] / 10)
    return pd.concat([whole, table.assign(region="hole")] if hole else [whole], ignore_index=True)


def test_errors_are_drawn_with_what_needs_no_model_the_same_twice(twice):
    drawn = twice(lambda outputs: figure_error.draw(intervals(), ["encode", "map_latent"], outputs), "error")
    words = texts(drawn["svg"])
    shown = ("vae, BCE", "unet, MSE", "mean image", "identity", "map latent", "squared error inside the hole")
    assert all(word in words for word in shown)


def test_a_task_with_one_inference_and_no_error_of_its_own_needs_no_legend(tmp_path):
    table = intervals(hole=False, methods=("encode",))
    table.loc[table["method"] == "identity", ["mean", "low", "high"]] = 0
    outputs = files_in(tmp_path, "error")
    figure_error.draw(table, ["encode"], outputs)
    words = texts(outputs["svg"])
    assert "identity" not in words  # without an error it has no place on a logarithmic scale
    assert "encode" not in words
    assert "over the whole image" in words


CASES, MORE = ("hard", "cases"), {"values": "cases.json", "images": "images.png"}


@pytest.fixture
def kept(tmp_path, restorations) -> SimpleNamespace:
    """Write files of cases; return them with their test images."""
    test = image_sheets.read_images(restorations.dataset, restorations.test)
    rng = np.random.default_rng(3)
    files = {}
    for name, methods in {
        ("vae", "bce"): ["encode", "map_latent"],
        ("unet", "mse"): ["encode"],
        ("", ""): ["identity", "mean_image"],
    }.items():
        arrays = {}
        for method in methods:
            scores = pd.DataFrame({"image": range(9), "output": "raw", "region": "hole", "mse": np.arange(9.0)[::-1]})
            arrays |= best_worst_cases.keep(method, rng.integers(0, 256, test.complete.shape, dtype=np.uint8), scores)
        files[name] = tmp_path / f"cases{len(files)}.npz"
        artifacts.write_npz(files[name], **arrays)
    return SimpleNamespace(files=files, test=test)


def test_hard_images_and_extremes_are_drawn_the_same_twice(kept, twice):
    drawn = twice(lambda outputs: figure_cases.main(kept.files, intervals(), kept.test, outputs), *CASES, **MORE)
    words = texts(drawn["hard_svg"])
    # Each by the inference that serves it best; of what needs no model, the best.
    for word in ("original", "corrupted", "vae, BCE, encode", "unet, MSE, encode", "mean image"):
        assert f"<!-- {word} -->" in words
    assert "identity" not in words
    extremes = texts(drawn["cases_svg"])
    assert all(word in extremes for word in ("lowest error", "highest error", "<!-- restored -->", "<!-- #0 -->"))


def test_a_sheet_of_many_images_has_rows():
    images = np.random.default_rng(0).random((2 * figure_values.COLUMNS + 3, 4, 5, 3))
    rows = figure_values.in_rows(images)
    assert [row.shape for row in rows] == [(figure_values.COLUMNS, 4, 5, 3)] * 3
    np.testing.assert_array_equal(np.concatenate(rows)[: len(images)], images)
    assert not rows[-1][3:].any()


def test_the_page_is_told_what_the_pictures_hold(kept, tmp_path):
    outputs = files_in(tmp_path, *CASES, **MORE)
    figure_cases.main(kept.files, intervals(), kept.test, outputs)
    known, sheet = artifacts.read_json(outputs["values"]), pixels(outputs["images"])
    ways = ["vae, BCE, encode", "unet, MSE, encode", "mean image"]
    assert known["rows"] == ["original", "corrupted", *ways]
    assert [way["name"] for way in known["ways"]] == ways
    assert known["champion"] == "unet, MSE, encode"
    assert known["images"] == list(range(9))[::-1]  # the errors fall from image to image: the last is the easiest
    assert known["ways"][0]["errors"] == list(range(9))
    numbers, errors = list(range(9))[::-1], list(range(9))
    assert known["best"] == {"images": numbers, "errors": errors}
    assert known["worst"] == known["hardest"] == {"images": numbers[::-1], "errors": errors[::-1]}
    assert sheet.shape == (5 * 12, 9 * 12, 3)
    np.testing.assert_array_equal(sheet[:12, :12, 0], kept.test.complete[8, 0])
    restored = best_worst_cases.read(kept.files["unet", "mse"], "encode", kept.test.complete)["drawn"].restored[8, 0]
    inside = kept.test.mask[8, 0]
    np.testing.assert_array_equal(sheet[36:48, :12, 0][inside], restored[inside])


def test_each_model_is_shown_by_its_best_inference():
    best = figure_cases.best_restorers(intervals(methods=("map_latent", "encode")))
    assert best[["variant", "method"]].values.tolist() == [
        ["vae", "map_latent"],
        ["unet", "encode"],
        ["", "mean_image"],
    ]


def test_what_is_given_the_true_label_is_shown_with_a_mark_but_not_as_the_best(kept, tmp_path):
    table = intervals().replace({"method": {"map_latent": "inferred_label"}})
    ways = figure_cases.best_restorers(table[table["variant"] != "unet"], ["vae"])
    assert ways[["variant", "method", "given", "best"]].values.tolist() == [
        ["vae", "encode", True, False],
        ["vae", "inferred_label", False, True],
        ["", "mean_image", False, False],
    ]
    outputs = files_in(tmp_path, *CASES, **MORE)
    figure_cases.main(kept.files, intervals(), kept.test, outputs, ["vae", "unet"])
    known = artifacts.read_json(outputs["values"])
    assert [way["name"] for way in known["ways"]] == ["vae†, BCE, encode", "unet†, MSE, encode", "mean image"]
    assert known["champion"] == "unet†, MSE, encode"  # where all are given it


def test_more_inferences_than_markers_are_told_apart():
    looks = figure_style.looks([str(number) for number in range(40)], figure_style.MARKERS)
    assert len(set(looks.values())) == 40


def test_the_hardest_images_come_first(kept, tmp_path, monkeypatch):
    sheets = []
    monkeypatch.setattr(
        image_sheets, "draw", lambda blocks, labels, outputs, below=(): sheets.append((blocks, labels, below))
    )
    ways = [
        figure_cases.Restorer("one", best_worst_cases.read(kept.files["unet", "mse"], "encode", kept.test.complete))
    ]
    figure_cases.draw_hard(ways, kept.test, ("", ""))
    (((_, rows),), labels, (below,)) = sheets[0]
    assert below == [*(f"#{number}\n{8 - number}" for number in range(8)), "#8\n<0.0001"]
    assert labels == ["original", "corrupted", "one"]
    np.testing.assert_array_equal(
        rows[0], image_sheets.to_rgb(kept.test.complete)
    )  # its errors fall from image to image
    outside = ~kept.test.mask[:, 0]
    np.testing.assert_array_equal(rows[2][outside], image_sheets.to_rgb(kept.test.corrupted)[outside])


def estimate(variant: str, samples: list[int | None], target: str = "grey", floor: float = 30.0) -> Estimate:
    nats = [100.0 - 5 * number for number in range(len(samples))]
    elbo = None if samples == [None] else 101.0
    draws = None if elbo is None else 10
    return Estimate(variant, "bce", "hidden", "observed", target, samples, nats, 0.5, elbo, draws, elbo, floor, 9, 1)


def test_likelihoods_are_drawn_in_a_panel_for_each_target_the_same_twice(twice):
    estimates = [
        estimate("cvae", [1, 10, 100]),
        estimate("unet", [None]),
        estimate("cvae", [1, 10, 100], "threshold", 0.0),
    ]
    published = {"hidden grey": [["CVAE", 71.8]], "hidden threshold": []}
    drawn = twice(lambda outputs: figure_likelihood.draw(estimates, published, outputs), "likelihood")
    words = texts(drawn["svg"])
    assert all(word in words for word in ("CVAE, published", "hidden pixels, grey targets", "threshold targets"))
    assert words.count("entropy floor") == 1


def test_estimates_are_averaged_over_seeds_at_each_number_of_samples():
    one, other = estimate("cvae", [1, 10]), estimate("cvae", [1, 10])._replace(nats=[90.0, 85.0])
    (mean, exact) = averaged([one, other, estimate("unet", [None])])
    assert (mean.nats, mean.seeds, mean.elbo) == ([95.0, 90.0], 2, 101.0)
    assert (exact.nats, exact.seeds, exact.elbo, exact.effective) == ([100.0], 1, None, None)


def test_damaged_estimates_are_refused(tmp_path):
    content = {"quantity": "hidden", "condition": "", "images": 3, "targets": [{"target": "grey", "estimates": []}]}
    artifacts.write_json(tmp_path / "likelihood.json", content)
    with pytest.raises(DamagedFile):
        read([("vae", "bce", tmp_path / "likelihood.json")])
