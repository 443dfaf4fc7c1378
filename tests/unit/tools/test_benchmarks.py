from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.floor import BYTES, Floor, libraries, products
from benchmarks.measuring import Measurement, Options, interleaved, ratio
from benchmarks.subjects import Subject, images, subjects

pytestmark = pytest.mark.long

BATCH = 8
SUBJECTS = {subject.name: subject for subject in subjects() if subject.loss == "bce"}
SOURCE = ["ae", "cvae_incomplete", "cvae_label", "vae", "vae_incomplete"]


def multiply_adds(subject: Subject) -> int:
    return sum(product.multiply_adds for product in products(subject.model(), BATCH))


def counted(subject: Subject) -> int:
    """Count a forward and a backward pass of the same layers by torch, from the variant's parameters."""
    variant, hidden, latent = subject.definition, *subject.definition["parameters"].values()
    given = {"none": 0, "label": 10, "corrupted": 784}[variant["condition"]]
    out = 2 * latent if variant["network"] == "vae" else latent
    encoder = nn.Sequential(nn.Linear(784 + given, hidden), nn.ReLU(), nn.Linear(hidden, out))
    decoder = nn.Sequential(nn.Linear(latent + given, hidden), nn.ReLU(), nn.Linear(hidden, 784))
    condition = torch.zeros(BATCH, given)
    with FlopCounterMode(display=False) as counter:
        code = encoder(torch.zeros(BATCH, 784 + given))[:, :latent]
        decoder(torch.cat([code, condition], dim=1)).sum().backward()
    unneeded = BATCH * given * hidden  # the condition's gradient
    return counter.get_total_flops() // 2 - unneeded


def test_floor_of_the_784_400_20_vae():
    layers = [784 * 400, 400 * 40, 20 * 400, 400 * 784]
    assert multiply_adds(SUBJECTS["inpainting vae bce"]) == BATCH * (3 * sum(layers) - layers[0])


def test_subjects_are_the_sources():
    assert sorted({subject.variant for subject in subjects()}) == SOURCE
    assert {subject.loss for subject in subjects()} == {"bce", "mse"}


@pytest.mark.parametrize("name", SUBJECTS)
def test_floor_has_the_products_that_torch_counts(name: str):
    assert multiply_adds(SUBJECTS[name]) == counted(SUBJECTS[name])


@pytest.mark.parametrize("name", SUBJECTS)
def test_floor_makes_its_products(name: str):
    floor = Floor(SUBJECTS[name].model(), BATCH)
    floor.default_products()
    for multiply, (one, other, result) in zip(floor.fastest, floor.operands, strict=True):
        torch.testing.assert_close(result, one @ other)
        torch.testing.assert_close(multiply(one, other, result), one @ other, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("multiply", libraries("cpu"))
def test_libraries_multiply(multiply: Callable[..., torch.Tensor]):
    one, other = torch.randn(4, 3), torch.randn(3, 5)
    torch.testing.assert_close(multiply(one, other, torch.empty(4, 5)), one @ other)
    torch.testing.assert_close(multiply(other.t(), one.t(), torch.empty(5, 4)), (one @ other).t())


def test_floor_moves_the_bytes_that_adam_moves():
    floor = Floor(SUBJECTS["inpainting vae bce"].model(), BATCH)
    weight, gradient, *moments = floor.sets[0]
    before = [array._version for array in floor.sets[0]]
    floor.traffic()
    written = [array for array, version in zip(floor.sets[0], before, strict=True) if array._version != version]
    assert [id(array) for array in written] == [id(weight), *map(id, moments)]
    assert sum(array.nbytes for array in [*floor.sets[0], *written]) == BYTES * floor.parameters
    assert gradient.numel() == floor.parameters == 652_824


def test_contenders_take_turns():
    order = []
    seconds = interleaved({name: lambda name=name: order.append(name) for name in "abc"}, 3)
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"
    assert {name: len(values) for name, values in seconds.items()} == {"a": 3, "b": 3, "c": 3}


def test_ratio_is_that_of_medians():
    measured = [Measurement("case", "one", "s", [9, 2, 3]), Measurement("case", "other", "s", [1, 2, 100])]
    assert ratio(measured, "case", "one", "other") == 1.5


@pytest.mark.parametrize(
    ("options", "expected"), [(Options(), 15), (Options(quick=True), 3), (Options(repeats=7, quick=True), 7)]
)
def test_repeats(options: Options, expected: int):
    assert options.times(15, 3) == expected


def test_images_are_repeated_where_there_are_fewer():
    few, labels = images(None, 2_000)
    assert few.shape == (2_000, 1, 28, 28)
    assert (few[0] == few[1437]).all()
    assert labels[0] == labels[1437]
