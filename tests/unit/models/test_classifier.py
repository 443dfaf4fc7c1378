from pathlib import Path

import classifier as classifier_script
import numpy as np
import pytest
import torch

from restoration.comparison import models_table
from restoration.core import artifacts
from restoration.models import classifier

SHAPES = [(1, 12, 12), pytest.param((3, 13, 18), marks=pytest.mark.long)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_trained_classifier_reads_images_that_it_has_not_seen(shape, strokes):
    network = classifier.train(*strokes(80, shape, seed=1), classes=4, seed=0)
    images, labels = strokes(60, shape, seed=2)
    assert classifier.accuracy(network, images, labels) > 0.95
    assert classifier.accuracy(network, images, (labels + 1) % 4) < 0.05
    read = network.read(torch.from_numpy(images) / 255)
    assert (read.shape, read.dtype) == ((60,), torch.int64)
    assert (read.numpy() == labels).mean() == classifier.accuracy(network, images, labels)


def test_reading_is_without_chance_and_each_image_by_itself(strokes, monkeypatch):
    monkeypatch.setattr(classifier, "LEAST_ITERATIONS", 40)
    images, labels = strokes(40)
    network = classifier.train(images, labels, classes=4, seed=0)
    pixels = torch.from_numpy(images) / 255
    with torch.no_grad():
        logits = network(pixels)
        assert network(pixels).equal(logits)
        torch.testing.assert_close(network(pixels[3:5]), logits[3:5])


def test_the_same_seed_gives_the_same_classifier_whatever_the_global_one(strokes, monkeypatch):
    monkeypatch.setattr(classifier, "LEAST_ITERATIONS", 40)
    states = []
    for before, seed in ((0, 5), (1, 5), (0, 6)):
        torch.manual_seed(before)
        states.append(classifier.train(*strokes(20), classes=4, seed=seed).state_dict())
    assert all(states[0][name].equal(states[1][name]) for name in states[0])
    assert not all(states[0][name].equal(states[2][name]) for name in states[0])


def test_small_data_sets_are_seen_more_often():
    assert classifier.epochs(55_000) == classifier.EPOCHS
    for images in (1, 30, 128, 129, 1257):
        per_epoch = -(-images // classifier.BATCH_SIZE)
        needed = classifier.LEAST_ITERATIONS
        assert (classifier.epochs(images) - 1) * per_epoch < needed <= classifier.epochs(images) * per_epoch


def test_a_loaded_classifier_is_the_one_that_was_saved(tmp_path, strokes, monkeypatch):
    monkeypatch.setattr(classifier, "LEAST_ITERATIONS", 40)
    images, labels = strokes(20)
    network = classifier.train(images, labels, classes=4, seed=0)
    classifier.save(network, tmp_path / "first.pt")
    loaded = classifier.load(tmp_path / "first.pt", (1, 12, 12), 4)
    assert not loaded.training
    pixels = torch.from_numpy(images) / 255
    with torch.no_grad():
        assert loaded(pixels).equal(network(pixels))
    classifier.save(loaded, tmp_path / "another name.pt")
    assert (tmp_path / "first.pt").read_bytes() == (tmp_path / "another name.pt").read_bytes()


@pytest.fixture
def dataset(tmp_path, strokes) -> Path:
    arrays = {}
    for name, count in (("train", 60), ("validation", 20), ("test", 30)):
        arrays[f"{name}_images"], arrays[f"{name}_labels"] = strokes(count, seed=count)
    artifacts.write_npz(tmp_path / "dataset.npz", **arrays, classes=4)
    return tmp_path / "dataset.npz"


def test_the_job_writes_a_classifier_and_what_it_is_worth_the_same_twice(dataset, tmp_path):
    written = []
    for folder in ("one", "other"):
        outputs = {name: str(tmp_path / folder / file) for name, file in (("model", "c.pt"), ("metrics", "m.json"))}
        metrics = classifier_script.main({"seed": 0}, str(dataset), outputs)
        written.append([Path(path).read_bytes() for path in outputs.values()])
    assert written[0] == written[1]
    assert models_table.read_classifier_accuracy(outputs["metrics"]) == metrics["accuracy"]["test"]
    assert metrics["images"] == {"train": 60, "validation": 20, "test": 30}
    network = classifier.load(outputs["model"], (1, 12, 12), 4)
    assert metrics["parameters"] == sum(weights.numel() for weights in network.parameters())
    with np.load(dataset) as arrays:
        for name in ("validation", "test"):
            share = classifier.accuracy(network, arrays[f"{name}_images"], arrays[f"{name}_labels"])
            assert metrics["accuracy"][name] == share > 0.9
