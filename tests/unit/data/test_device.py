"""Computing on a GPU, as far as it can be tried without one: tensors that have a device and a shape, but no values.

They fail, as a GPU does, where two devices meet, and wherever a value is asked for, which makes a GPU wait.
"""

from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from helpers import VARIANTS, quick
from torch._subclasses.fake_tensor import FakeTensorMode

from restoration.config import part_checks
from restoration.core import registry
from restoration.core.errors import UserError
from restoration.data import corruptions, device
from restoration.evaluation import scoring
from restoration.models import model_file, training
from restoration.restorers import blending

CORRUPTIONS = registry.names("corruptions")
SHAPE, CLASSES, IMAGES = (1, 14, 14), 4, 24


@pytest.fixture
def gpu(monkeypatch):
    """Another device than the processor for all tensors; "cuda" would need a driver.

    Its generators are a processor's.
    """
    monkeypatch.setattr(device, "generator", lambda seed, *purpose: torch.Generator())
    monkeypatch.setattr(device, "layer_generator", torch.Generator)
    monkeypatch.setattr(blending, "blended", lambda restored, corrupted, mask: restored)  # looks whether it is solved
    with FakeTensorMode(), torch.device("meta"):
        yield


@pytest.fixture
def data(strokes) -> tuple[np.ndarray, np.ndarray]:
    return strokes(IMAGES, SHAPE, CLASSES)


@pytest.fixture
def create(gpu, variant) -> Callable[[str, str], model_file.Model]:
    return lambda name, loss: model_file.create(variant(name), loss, SHAPE, CLASSES)


def test_without_a_gpu_one_line_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"device: cuda.* finds no GPU"):
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
    sizes = {"size": 4} if "size" in part_checks.parameters("corruptions", corruption) else {}
    step(create("vae_incomplete", "bce"), data, {"name": corruption, **sizes}, tmp_path)


def step(model: model_file.Model, data: tuple[np.ndarray, np.ndarray], corruption: dict, folder) -> None:
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
    restore = scoring.restorer(model, method, quick(method), seed=0)
    complete, labels = data
    mask = np.zeros_like(complete[:, :1], bool)
    mask[..., 4:9, 4:9] = True
    for batch in device.batches(complete, mask, labels) if restore else ():
        assert restore(*batch).device.type == "meta"


@pytest.fixture
def replays(monkeypatch) -> list[None]:
    """As long as the number of replays of graphs that can be followed: what is captured is called as it is."""
    made: list[None] = []

    class Graph:
        def replay(self):
            made.append(None)

    monkeypatch.setattr(torch, "get_default_device", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", lambda graph: nullcontext())
    return made


def test_a_captured_call_is_replayed(replays):
    """What is captured is called once, and then stands for itself."""
    calls = []

    def act(given: torch.Tensor) -> torch.Tensor:
        calls.append(given)
        return given + 1

    captured = device.Captured(act, [])
    results = [captured(torch.full((2,), float(number))) for number in range(device.WARM_UP)]
    assert [result[0].item() for result in results] == [1, 2, 3]
    assert not replays
    captured(torch.full((2,), 7.0))
    captured(torch.full((2,), 8.0))
    assert len(calls) == device.WARM_UP + 1
    assert len(replays) == 2
    assert calls[-1].tolist() == [8, 8]  # where the graph finds what it is given
    assert captured(torch.zeros(1)).tolist() == [1]  # another shape than the graph's
    assert len(replays) == 2


def test_a_training_that_goes_on_with_a_smaller_batch_is_captured_as_well(replays):
    captured = device.Captured(lambda given: given + 1, [])
    captured(torch.zeros(1))
    for _ in range(device.WARM_UP + 2):
        captured(torch.zeros(2))
    assert len(replays) == 2


def test_on_a_processor_nothing_is_captured():
    captured = device.Captured(lambda given: given, [])
    given = torch.zeros(2)
    assert all(captured(given) is given for _ in range(device.WARM_UP + 2))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("loss", registry.names("losses"))
@pytest.mark.parametrize("name", VARIANTS)
def test_on_a_gpu_a_captured_training_gives_the_same_bytes(variant, data, tmp_path, name, loss):
    with torch.device("cuda"):
        weights = []
        for captured in (True, False):
            torch.manual_seed(0)
            model = model_file.create(variant(name), loss, SHAPE, CLASSES)
            settings = {"epochs": 3, "batch_size": 8, "learning_rate": 0.003, "schedule": "cosine", "weight_decay": 0.1}
            corrupt = corruptions.build({"name": "gaussian_noise"})
            loop = training.Trainer(model, *data, corrupt, settings, 0, tmp_path / str(captured) / "state.pt")
            if not captured:
                loop.descend = loop._descend
            for indices in torch.arange(IMAGES).split(8) * 3:
                loop.step(indices)
            weights.append([parameter.detach().cpu() for parameter in model.network.parameters()])
        assert all(map(torch.equal, *weights))
