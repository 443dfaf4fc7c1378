import pytest
import torch
from torch import nn

from restoration.models import linear
from restoration.models.linear import LARGE, Linear


@pytest.fixture(autouse=True, params=[True, False], ids=["oneDNN", "without"])
def everywhere(request, monkeypatch):
    """With torch's private operator, on CPUs that are faster without as well; and where torch has no such operator."""
    if not request.param:
        monkeypatch.setattr(linear, "PRODUCT", None)
    monkeypatch.setattr(linear, "is_faster", lambda: linear.PRODUCT is not None)


@pytest.mark.parametrize("sizes", [(784, 400), (400, 784), (400, 40), (1, 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_it_computes_what_torchs_own_does(sizes, bias):
    torch.manual_seed(0)
    plain, layer = nn.Linear(*sizes, bias=bias), Linear(*sizes, bias=bias)
    layer.load_state_dict(plain.state_dict())
    values = torch.randn(7, sizes[0])
    outputs = []
    for part in (plain, layer):
        seen = values.clone().requires_grad_()
        output = part(seen)
        output.square().sum().backward()
        outputs.append([output, seen.grad, *(weights.grad for weights in part.parameters())])
    for expected, computed in zip(*outputs, strict=True):
        torch.testing.assert_close(computed, expected, rtol=1e-4, atol=1e-3)


def test_columns_and_single_rows_are_taken_as_they_lie():
    torch.manual_seed(0)
    layer = Linear(LARGE // 100, 200)
    values = torch.randn(5, 2 * layer.in_features)[:, ::2]
    torch.testing.assert_close(
        layer(values), nn.functional.linear(values, layer.weight, layer.bias), rtol=1e-4, atol=1e-4
    )
    torch.testing.assert_close(layer(values[:1]), layer(values)[:1], rtol=1e-4, atol=1e-4)


def test_other_precisions_are_torchs_own():
    layer = Linear(LARGE // 100, 200).double()
    values = torch.randn(3, layer.in_features, dtype=torch.float64)
    assert layer(values).equal(nn.functional.linear(values, layer.weight, layer.bias))


def test_a_layer_gives_the_same_bits_each_time():
    layer, values = Linear(784, 400), torch.randn(128, 784)
    assert layer(values).equal(layer(values))
