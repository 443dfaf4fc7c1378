"""No inference and no baseline reads a hidden pixel, nor a label that its variant is not given.

Hidden pixels are replaced by noise and labels by others: what is restored is the same to the last bit. Everything goes
the way that evaluate.py and baselines.py take.
"""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers import VARIANTS, quick

from restoration.core import registry
from restoration.data import corruptions, holes
from restoration.data.device import as_float
from restoration.evaluation import scoring, tuning
from restoration.models import model_file
from restoration.restorers import baselines

METHODS = registry.names("inference")
CLASSES = 4
HOLES = [
    {"name": "stroke_hole", "size": 4},
    {"name": "central_hole", "size": 6},
    {"name": "quadrants", "observed": 1},
    {"name": "missing_pixels", "fraction": 0.5},
]
NAMED = {hole["name"] for hole in HOLES}
HOLES += [  # a user's own, which says so
    {"name": name}
    for name in registry.names("corruptions")
    if name not in NAMED and registry.constant("corruptions", name, "HIDES") == "some"
]


def test_every_corruption_that_hides_pixels_is_tried():
    generator, images = torch.Generator().manual_seed(0), torch.rand(10, 1, 28, 28)
    hiding = set()
    for name in registry.names("corruptions"):
        _, mask = corruptions.build({"name": name})(images, generator)
        if holes.has_hole(mask):
            hiding.add(name)
    assert hiding == {hole["name"] for hole in HOLES}


@pytest.fixture
def make_task(strokes):
    """complete, corrupted, corrupted with noise in the place of what is hidden, mask, labels, and other labels."""

    def make(hole: dict = HOLES[0], count: int = 23) -> SimpleNamespace:
        complete, labels = strokes(count, (1, 14, 14), CLASSES)
        corrupted, mask = corruptions.build(hole)(as_float(complete), torch.Generator().manual_seed(9))
        corrupted, mask = corrupted.mul(255).round().to(torch.uint8).numpy(), mask.numpy()
        rng = np.random.default_rng(1)
        noise = rng.integers(1, 256, corrupted.shape, np.uint8)  # nowhere the 0 of a hole
        return SimpleNamespace(
            complete=complete,
            corrupted=corrupted,
            noisy=np.where(mask, noise, corrupted),
            mask=mask,
            labels=labels,
            others=(labels + rng.integers(1, CLASSES, count)) % CLASSES,
        )

    return make


def restored(model: model_file.Model, method: str, corrupted: np.ndarray, mask: np.ndarray, labels: np.ndarray):
    """By a restorer of its own, for each has a generator that goes on."""
    restore = scoring.restorer(model, method, quick(method), seed=0)
    return scoring.restore_all(restore, corrupted, mask, labels)


def applies(model: model_file.Model, method: str) -> bool:
    return scoring.restorer(model, method, {}, seed=0) is not None


@pytest.fixture
def model_of(build_model):
    return lambda name, loss="bce": build_model(name, loss, shape=(1, 14, 14), classes=CLASSES)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole["name"])
def test_no_inference_reads_a_hidden_pixel(method, hole, model_of, make_task):
    task = make_task(hole)
    assert (task.noisy != task.corrupted).any(axis=(1, 2, 3)).all()
    applicable = [model for name in VARIANTS if applies(model := model_of(name), method)]
    assert applicable
    for model in applicable:
        first, second = (
            restored(model, method, images, task.mask, task.labels) for images in (task.corrupted, task.noisy)
        )
        assert first.equal(second), model.variant


@pytest.mark.parametrize("loss", registry.names("losses"))
@pytest.mark.parametrize("method", METHODS)
def test_no_inference_reads_a_label_that_its_variant_is_not_given(method, loss, model_of, make_task):
    task = make_task()
    for name in VARIANTS:
        model = model_of(name, loss)
        if applies(model, method):
            first, second = (
                restored(model, method, task.corrupted, task.mask, labels) for labels in (task.labels, task.others)
            )
            given = model.variant.condition == "label" and method != "inferred_label"
            assert first.equal(second) != given, name


@pytest.mark.parametrize("method", METHODS)
def test_hidden_pixels_would_be_read_if_they_were_handed_on(method, model_of, make_task, monkeypatch):
    """What the tests above look for can be seen: without `observed`, the noise in the holes changes restorations."""
    monkeypatch.setattr(scoring, "observed", lambda corrupted, mask: corrupted)
    task = make_task()
    changed, same = [], []
    for name in VARIANTS:
        if applies(model := model_of(name), method):
            first, second = (
                restored(model, method, images, task.mask, task.labels) for images in (task.corrupted, task.noisy)
            )
            (same if first.equal(second) else changed).append(name)
    # Draws of a prior are chosen by the visible pixels; what they depend on besides is the condition.
    blind = {name for name in VARIANTS if VARIANTS[name]["condition"] in ("none", "label", "mask")}
    assert set(same) <= (blind if method == "best_prior" else set())
    assert changed


@pytest.mark.parametrize("method", METHODS)
def test_under_noise_which_hides_all_every_pixel_is_read(method, model_of, make_task):
    task = make_task()
    everything = np.ones_like(task.mask)
    model = model_of("cvae_label" if method == "inferred_label" else "vae_incomplete")
    first, second = (
        restored(model, method, images, everything, task.labels) for images in (task.corrupted, task.noisy)
    )
    assert not first.equal(second)


@pytest.mark.parametrize("name", baselines.fitting("some"))
@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole["name"])
def test_no_baseline_reads_a_hidden_pixel_or_a_label(name, hole, make_task):
    known, task = make_task(hole, count=12), make_task(hole)
    examples = tuning.Examples(as_float(known.complete), as_float(known.corrupted), torch.from_numpy(known.mask))
    methods = tuning.tune(name, torch.from_numpy(known.complete), examples)
    assert name in methods
    for method, tuned in methods.items():
        first, second = (
            scoring.restore_all(tuned.restore, images, task.mask, labels)
            for images, labels in ((task.corrupted, task.labels), (task.noisy, task.others))
        )
        assert first.equal(second), method


@pytest.mark.parametrize("name", VARIANTS)
def test_no_code_of_a_test_image_reads_a_hidden_pixel(name, model_of, make_task):
    task, model = make_task(), model_of(name)
    first, second = (
        scoring.latent_means(model, images, task.mask, task.labels) for images in (task.corrupted, task.noisy)
    )
    np.testing.assert_array_equal(first, second)
