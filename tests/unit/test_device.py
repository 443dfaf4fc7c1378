"""Computing on a GPU, as far as it can be tried without one: tensors that have a device and a shape, but no values.

They fail, as a GPU does, where two devices meet, and wherever a value is asked for, which makes a GPU wait.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from conftest import VARIANTS, quick
from torch._subclasses.fake_tensor import FakeTensorMode

from restoration import context, corruptions, device, evaluation, models, registry, training
from restoration.errors import UserError
from restoration.images import batches

CORRUPTIONS = registry.names("corruptions")
SHAPE, CLASSES, IMAGES = (1, 14, 14), 4, 24


@pytest.fixture
def gpu(monkeypatch):
    """Another device than the processor for all tensors; "cuda" would need a driver.

    Its generators are a processor's.
    """
    monkeypatch.setattr(device, "generator", lambda seed, *purpose: torch.Generator())
    monkeypatch.setattr(device, "layer_generator", torch.Generator)
    monkeypatch.setattr(context, "blended", lambda restored, corrupted, mask: restored)  # looks whether it is solved
    with FakeTensorMode(), torch.device("meta"):
        yield


@pytest.fixture
def data(strokes) -> tuple[np.ndarray, np.ndarray]:
    return strokes(IMAGES, SHAPE, CLASSES)


@pytest.fixture
def create(gpu, variant) -> Callable[[str, str], models.Model]:
    return lambda name, loss: models.create(variant(name), loss, SHAPE, CLASSES)


def test_without_a_gpu_one_line_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="PyTorch finds no GPU here: say device: cpu"):
        device.use("cuda")
    device.use("cpu")
    assert torch.zeros(1).device.type == "cpu"


def test_the_stand_in_fails_where_devices_meet(gpu):
    with pytest.raises(Exception, match="same device"):
        torch.zeros(3) + torch.zeros(3, device="cpu")


@pytest.mark.parametrize("loss", registry.names("losses"))
@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_trained_there(create, data, tmp_path, name, loss):
    step(create(name, loss), data, {"name": "gaussian_noise"}, tmp_path)


@pytest.mark.parametrize("corruption", CORRUPTIONS)
def test_every_corruption_is_made_there(create, data, tmp_path, corruption):
    sizes = {"size": 4} if "size" in registry.parameters("corruptions", corruption) else {}
    step(create("vae_incomplete", "bce"), data, {"name": corruption, **sizes}, tmp_path)


def step(model: models.Model, data: tuple[np.ndarray, np.ndarray], corruption: dict, folder) -> None:
    settings = {"epochs": 1, "batch_size": 8, "learning_rate": 0.003, "schedule": "cosine", "weight_decay": 0.1}
    loop = training.Trainer(model, *data, corruptions.build(corruption), settings, 0, folder / "state.pt")
    order = torch.randperm(IMAGES, generator=loop.generator)
    for indices in order.split(8):
        loop.step(indices)
    assert {values.device.type for values in [*model.network.parameters(), loop.record]} == {"meta"}


@pytest.mark.parametrize("method", registry.names("inference"))
@pytest.mark.parametrize("name", VARIANTS)
def test_every_inference_restores_there(create, data, name, method):
    model = create(name, "bce")
    restore = evaluation.restorer(model, method, quick(method), seed=0)
    complete, labels = data
    mask = np.zeros_like(complete[:, :1], bool)
    mask[..., 4:9, 4:9] = True
    for batch in batches(complete, mask, labels) if restore else ():
        assert restore(*batch).device.type == "meta"
