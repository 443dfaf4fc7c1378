"""Colour images whose sides no network halves evenly: every network, inference, corruption and baseline."""

import numpy as np
import pytest
import torch
from helpers import VARIANTS, quick

from restoration.core import registry
from restoration.data import corruptions
from restoration.data.dataset_files import Images
from restoration.data.device import as_float, as_uint8
from restoration.evaluation import likelihood, scoring
from restoration.restorers import baselines

SHAPE, CLASSES = (3, 15, 18), 4
QUICK = ("vae", "unet")  # the other variants are long
CORRUPTIONS = registry.names("corruptions")
Task = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


@pytest.fixture
def tasks(strokes) -> dict[str, Task]:
    """Return complete images, corrupted images, mask and labels by corruption."""
    complete, labels = strokes(4, SHAPE, CLASSES)
    made = {}
    for name in CORRUPTIONS:
        corrupted, mask = corruptions.build({"name": name})(as_float(complete), torch.Generator().manual_seed(0))
        made[name] = as_float(complete), corrupted, mask, torch.from_numpy(labels)
    return made


@pytest.mark.parametrize(
    "name", [*QUICK, *(pytest.param(name, marks=pytest.mark.long) for name in VARIANTS if name not in QUICK)]
)
def test_every_inference_of_every_network_restores_every_corruption(name, build_model, tasks):
    model = build_model(name, shape=SHAPE, classes=CLASSES)
    for complete, corrupted, mask, labels in tasks.values():
        noisy = torch.where(mask & (corrupted == 0).all(dim=1, keepdim=True), torch.rand(complete.shape), corrupted)
        for method in registry.names("inference"):
            restored = []
            for images in (corrupted, noisy) if not mask.all() else (corrupted,):
                if restore := scoring.restorer(model, method, quick(method), seed=0):
                    restored.append(restore(images, mask, labels))
            for image in restored:
                assert image.shape == complete.shape
                assert 0 <= image.min() <= image.max() <= 1
                assert torch.equal(image, restored[0]), f"{method} looks under the hole"


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_every_baseline_restores_in_colour(corruption, tasks):
    complete, corrupted, mask, _ = tasks[corruption]
    train = torch.from_numpy(as_uint8(complete.numpy())).repeat(10, 1, 1, 1)
    names = baselines.fitting(registry.constant("corruptions", corruption, "HIDES"))
    assert names
    for name in names:
        baseline = registry.load("baselines", name)
        parameters = {key: values[0] for key, values in getattr(baseline, "GRID", {}).items()}
        restored = baseline.restore(corrupted, mask, train, **parameters)
        assert restored.shape == complete.shape
        assert torch.isfinite(restored).all()


@pytest.mark.parametrize("name", VARIANTS)
def test_a_likelihood_counts_every_value_of_a_hidden_pixel(name, build_model, tasks):
    complete, corrupted, mask, labels = tasks["stroke_hole"]
    images = Images(as_uint8(complete.numpy()), as_uint8(corrupted.numpy()), mask.numpy(), labels.numpy())
    model = build_model(name, shape=SHAPE, classes=CLASSES)
    (figures,) = likelihood.measure(model, images, "threshold", "hidden", 3, 0, 0)
    found = -figures.get("exact", figures.get("3"))
    assert found.mean().item() == pytest.approx(3 * mask[0].sum().item() * np.log(2), rel=0.15)
