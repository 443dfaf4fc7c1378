from pathlib import Path
from types import SimpleNamespace

import evaluate as evaluate_script
import numpy as np
import pandas as pd
import pytest
import torch
from helpers import SOURCE, VARIANTS, seeded

from restoration.comparison import models_table
from restoration.core import artifacts, registry
from restoration.data import corruptions, device
from restoration.data.dataset_files import Images
from restoration.data.device import as_float
from restoration.evaluation import metrics, scoring
from restoration.models import classifier, model_file
from restoration.models.networks import Autoencoder

SIDE = 14


def read(shown: torch.Tensor) -> torch.Tensor:
    """A label (B,) for each image, by its brightness: a classifier as bad as it is quick."""
    return (shown.flatten(1).mean(dim=1) * 1000).long() % 4


def corrupted_by(settings: dict, complete: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The stored corrupted images and their mask, as the workflow makes them."""
    corrupted, mask = corruptions.build(settings)(as_float(complete), seeded(9))
    return corrupted.mul(255).round().to(torch.uint8).numpy(), mask.numpy()


@pytest.fixture
def task(strokes) -> Images:
    """The test set of an inpainting task."""
    complete, labels = strokes(23, (1, SIDE, SIDE))
    corrupted, mask = corrupted_by({"name": "stroke_hole", "size": 4}, complete)
    return Images(complete, corrupted, mask, labels)


@pytest.fixture
def small_model(build_model):
    return lambda name, loss="bce": build_model(name, loss, shape=(1, SIDE, SIDE))


def restored_by(model: model_file.Model, method: str, corrupted, mask, labels) -> torch.Tensor:
    restore = scoring.restorer(model, method, {}, seed=0)
    return scoring.restore_all(restore, corrupted, mask, labels)


def test_no_method_is_given_anything_but_corrupted_mask_and_condition(small_model, task, monkeypatch):
    _, corrupted, mask, labels = task
    given = []

    def restore(*arguments, **parameters):
        given.append((arguments, parameters))
        return arguments[1]

    monkeypatch.setattr(registry.load("inference", "best_prior"), "restore", restore)
    for name in [*SOURCE[1:], "conv_vae", "cvae_prior"]:
        model = small_model(name)
        restorer = scoring.restorer(model, "best_prior", {"samples": 3}, seed=0)
        scoring.restore_all(restorer, corrupted, mask, labels)
        (given_model, given_corrupted, given_mask, condition, generator), parameters = given.pop()
        assert given_model is model
        assert given_corrupted.equal(as_float(corrupted))
        assert given_mask.equal(torch.from_numpy(mask))
        assert isinstance(generator, torch.Generator)
        assert parameters == {"samples": 3}
        if name == "cvae_label":
            assert condition.argmax(dim=1).tolist() == labels.tolist()
        elif name == "cvae_incomplete":
            assert condition.equal(as_float(corrupted).flatten(1))
        elif name == "cvae_prior":
            assert condition.image.equal(torch.cat([as_float(corrupted), torch.from_numpy(mask)], dim=1))
        else:
            assert condition is None
    assert not given


def test_restorations_are_the_same_twice_and_differ_by_seed(small_model, task):
    _, *rest = task
    model = small_model("vae")
    first, again, other = (
        scoring.restore_all(scoring.restorer(model, "best_prior", {}, seed), *rest) for seed in (0, 0, 1)
    )
    assert first.equal(again)
    assert not first.equal(other)


def test_restoring_in_batches_keeps_the_order(small_model, task, monkeypatch):
    _, corrupted, mask, labels = task
    model = small_model("cvae_label")
    whole = restored_by(model, "encode", corrupted, mask, labels)
    monkeypatch.setattr(device, "BATCH", 5)
    torch.testing.assert_close(restored_by(model, "encode", corrupted, mask, labels), whole)


def test_paste_puts_the_visible_pixels_back():
    restored, corrupted = torch.full((1, 3, 2, 2), 0.5), torch.zeros(1, 3, 2, 2)
    mask = torch.tensor([[True, False], [False, False]]).reshape(1, 1, 2, 2)
    assert scoring.paste(restored, corrupted, mask)[0, 1].tolist() == [[0.5, 0], [0, 0]]


@pytest.fixture
def restored(task) -> torch.Tensor:
    return torch.rand(task[0].shape, generator=seeded(5))


def test_scores_of_a_hole_are_those_of_the_metrics_for_each_image(task, restored, monkeypatch):
    complete, corrupted, mask, labels = task
    monkeypatch.setattr(device, "BATCH", 5)
    scores = scoring.score(restored, task, read)
    assert list(scores) == ["image", "output", "region", "mse", "psnr", "ssim", "accuracy"]
    assert len(scores) == 23 * 2 * 2
    truth, damaged, hidden = as_float(complete), as_float(corrupted), torch.from_numpy(mask)
    outputs = {"raw": restored, "pasted": torch.where(hidden, restored, damaged)}
    for (output, region), rows in scores.groupby(["output", "region"]):
        assert rows["image"].tolist() == list(range(23))
        pixels = hidden if region == "hole" else None
        error = metrics.regional_mean((outputs[output] - truth).square(), pixels)
        np.testing.assert_allclose(rows["mse"], error, rtol=1e-5)
        np.testing.assert_allclose(rows["psnr"], metrics.psnr(error), rtol=1e-5)
        similarity = metrics.ssim(metrics.ssim_map(outputs[output], truth), pixels)
        np.testing.assert_allclose(rows["ssim"], similarity, rtol=1e-4)
        assert rows["accuracy"].dtype == np.float32
        if region == "hole":
            assert rows["accuracy"].isna().all()
        else:
            right = (read(outputs[output]) == torch.from_numpy(labels)).tolist()
            assert rows["accuracy"].tolist() == right
            assert 0 < sum(right) < 23


def test_scores_inside_the_hole_by_hand(task):
    scores = scoring.score(torch.zeros(task.complete.shape), task, read)
    inside = (task.complete / 255.0) ** 2 * task.mask
    raw, pasted = (
        scores[(scores["output"] == output) & (scores["region"] == region)]["mse"].to_numpy()
        for output, region in (("raw", "hole"), ("pasted", "whole"))
    )
    np.testing.assert_allclose(raw, inside.sum(axis=(1, 2, 3)) / 16, rtol=1e-5)
    np.testing.assert_allclose(pasted, inside.sum(axis=(1, 2, 3)) / SIDE**2, rtol=1e-5)


@pytest.mark.parametrize("name", ["gaussian_noise", "none"])
def test_a_task_without_a_hole_has_one_output_and_one_region(name, strokes):
    complete, labels = strokes(4, (1, SIDE, SIDE))
    corrupted, mask = corrupted_by({"name": name}, complete)
    scores = scoring.score(as_float(corrupted), Images(complete, corrupted, mask, labels), read)
    assert set(zip(scores["output"], scores["region"], strict=True)) == {("raw", "whole")}
    assert len(scores) == 4


def test_a_perfect_restoration_has_the_best_scores(task):
    scores = scoring.score(as_float(task.complete), task, read)
    assert (scores["mse"] == 0).all()
    assert (scores["psnr"] == metrics.PEAK_SIGNAL_CAP).all()
    np.testing.assert_allclose(scores["ssim"], 1, atol=1e-6)


def test_measure_scores_every_method_and_keeps_what_is_shown(task):
    restorers = {"keep": lambda corrupted, *_: corrupted, "black": lambda corrupted, *_: torch.zeros_like(corrupted)}
    shown = scoring.shown(task.labels, 4)
    scores, examples, kept = scoring.measure(restorers, task, shown, read)
    assert list(examples) == ["keep", "black"]
    assert len(kept) == 2 * 3 * 3
    np.testing.assert_array_equal(examples["keep"], as_float(task.corrupted[shown]).numpy())
    assert len(scores) == 2 * 23 * 4
    summary = scoring.summarise(scores)
    assert list(summary) == ["keep", "black"]
    for method in summary:
        for output in ("raw", "pasted"):
            for region in ("whole", "hole"):
                rows = scores.query("method == @method and output == @output and region == @region")
                means = summary[method][output][region]
                measures = ["mse", "psnr", "ssim", *(["accuracy"] if region == "whole" else [])]
                assert means == pytest.approx({name: rows[name].mean() for name in measures})
    assert summary["keep"]["raw"]["whole"]["mse"] < summary["black"]["raw"]["whole"]["mse"]
    assert summary["keep"]["raw"]["whole"] == pytest.approx(summary["keep"]["pasted"]["whole"])


def test_shown_are_the_first_images_of_each_class_in_order(monkeypatch):
    labels = np.array([2, 0, 2, 3, 0, 3, 2])
    assert scoring.shown(labels, 5).tolist() == [1, 0, 3, 4, 2, 5, 6]
    monkeypatch.setattr(scoring, "SHOWN", 3)
    assert scoring.shown(labels, 5).tolist() == [1, 0, 3]
    assert scoring.shown(np.zeros(9, np.int64), 1).tolist() == [0, 1, 2]
    ten = np.arange(50)[::-1] % 10
    monkeypatch.setattr(scoring, "SHOWN", 10)
    assert scoring.shown(ten, 10).tolist() == [int(np.flatnonzero(ten == label)[0]) for label in range(10)]


def test_without_a_reader_nothing_is_said_of_what_an_image_shows(task):
    scores = scoring.score(as_float(task.corrupted), task, None)
    read_too = scoring.score(as_float(task.corrupted), task, read)
    pd.testing.assert_frame_equal(scores, read_too.drop(columns="accuracy"))
    summary_of_it = scoring.summarise(scores.assign(method="keep"))["keep"]["raw"]
    assert {frozenset(means) for means in summary_of_it.values()} == {frozenset(["mse", "psnr", "ssim"])}


@pytest.mark.parametrize("name", VARIANTS)
def test_latent_means_are_the_means_of_the_codes(name, small_model, task, monkeypatch):
    _, corrupted, mask, labels = task
    monkeypatch.setattr(device, "BATCH", 10)
    model = small_model(name)
    means = scoring.latent_means(model, corrupted, mask, labels)
    latent = model.network.latent if isinstance(model.network, Autoencoder) else 0
    assert (means.shape, means.dtype) == ((23, latent), np.float32)
    if latent:
        batch = as_float(corrupted), torch.from_numpy(mask), torch.from_numpy(labels)
        with torch.no_grad():
            expected = model.autoencoder.code(batch[0], model.variant.granted(*batch, model.classes)).numpy()
        np.testing.assert_allclose(means, expected, rtol=1e-4, atol=1e-6)


@pytest.fixture
def files(task, tmp_path, strokes, small_model) -> SimpleNamespace:
    """What the rules of evaluation read."""
    complete, corrupted, mask, labels = task
    train_images, train_labels = strokes(30, (1, SIDE, SIDE), seed=1)
    artifacts.write_npz(
        tmp_path / "dataset.npz",
        train_images=train_images,
        train_labels=train_labels,
        test_images=complete,
        test_labels=labels,
        classes=4,
    )
    artifacts.write_npz(tmp_path / "test.npz", corrupted=corrupted, mask=mask)
    model_file.save(small_model("cvae_label"), tmp_path / "model.pt")
    classifier.save(classifier.train(train_images, train_labels, 4, seed=0), tmp_path / "classifier.pt")
    return SimpleNamespace(
        dataset=tmp_path / "dataset.npz",
        test=tmp_path / "test.npz",
        model=tmp_path / "model.pt",
        classifier=tmp_path / "classifier.pt",
    )


def outputs_in(folder: Path) -> SimpleNamespace:
    return SimpleNamespace(
        scores=folder / "scores.parquet",
        examples=folder / "examples.npz",
        cases=folder / "cases.npz",
        latents=folder / "latents.npz",
        picture=folder / "examples.png",
        metrics=folder / "metrics.json",
    )


def test_an_evaluation_writes_all_its_files_the_same_twice(files, tmp_path):
    job = {"inference": [["best_prior", {"samples": 4}], ["inferred_label", {}], ["encode", {}]]}
    first, second = outputs_in(tmp_path / "first"), outputs_in(tmp_path / "second")
    measured, milliseconds = evaluate_script.main(job, files, first, seed=0)
    evaluate_script.main(job, files, second, seed=0)
    for one, other in zip(vars(first).values(), vars(second).values(), strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert artifacts.read_json(first.metrics) == measured
    assert list(measured["scores"]) == ["best_prior", "inferred_label", "encode"]
    assert measured["images"] == 23
    assert set(milliseconds) == set(measured["cost"]) == set(measured["scores"])
    assert min(milliseconds.values()) > 0
    assert measured["cost"]["inferred_label"]["multiply_adds"] == 4 * measured["cost"]["encode"]["multiply_adds"]
    assert models_table.read_metrics(str(first.metrics), of_model=True) == measured
    scores = pd.read_parquet(first.scores)
    assert scoring.summarise(scores)["encode"]["raw"]["hole"] == pytest.approx(
        measured["scores"]["encode"]["raw"]["hole"]
    )
    with np.load(first.examples) as examples:
        assert set(examples.files) == {"shown", "best_prior", "inferred_label", "encode"}
        assert examples["encode"].shape == (10, 1, SIDE, SIDE)
    train, train_labels = artifacts.read_npz(first.latents, "train", "train_labels")
    assert len(train) == len(train_labels) == 30


def test_an_evaluation_of_images_without_labels_needs_no_classifier(files, tmp_path):
    files.classifier = []  # as Snakemake passes an input that is none
    measured, _ = evaluate_script.main({"inference": [["encode", {}]]}, files, outputs_in(tmp_path), seed=0)
    assert set(measured["scores"]["encode"]["raw"]["whole"]) == {"mse", "psnr", "ssim"}
    assert models_table.read_metrics(str(tmp_path / "metrics.json"), of_model=True) == measured


def test_an_evaluation_leaves_out_what_does_not_apply(files, tmp_path, small_model):
    model_file.save(small_model("ae"), files.model)
    job = {"inference": [["best_prior", {"samples": 4}], ["inferred_label", {}], ["encode", {}]]}
    measured, _ = evaluate_script.main(job, files, outputs_in(tmp_path), seed=0)
    assert list(measured["scores"]) == ["encode"]
    assert measured["latent"] is measured["prior_draw"] is None
    assert models_table.read_metrics(str(tmp_path / "metrics.json"), of_model=True) == measured
