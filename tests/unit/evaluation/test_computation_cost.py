import subprocess
import sys

import pytest
import torch

from checkout import ROOT
from restoration.evaluation import computation_cost
from restoration.models import linear


def work() -> None:
    """A large product, a convolution and the gradient of a small product, as an inference takes."""
    weight = torch.ones(200, 1000)
    if linear.PRODUCT is not None:
        linear.product(torch.ones(3, 1000), weight)
    torch.conv2d(torch.ones(1, 2, 8, 8), torch.ones(4, 2, 3, 3))
    with torch.enable_grad():
        latent = torch.ones(5, 10, requires_grad=True)
        torch.autograd.grad(torch.nn.functional.linear(latent, torch.ones(7, 10)).sum(), [latent])


@pytest.mark.parametrize("private", [True, False])
def test_multiply_adds_are_counted_with_and_without_torchs_private_class(private, monkeypatch):
    if not private:
        monkeypatch.setattr(computation_cost, "Counter", None)
    large = 3 * 1000 * 200 if linear.PRODUCT is not None else 0
    assert computation_cost.count(work) == large + 4 * 6 * 6 * 2 * 9 + 2 * 5 * 10 * 7


def test_counting_does_not_load_torchs_compiler():
    code = (
        "import sys, torch; from restoration.evaluation.computation_cost import Counter\n"
        "with Counter() as counter: torch.ones(2, 3) @ torch.ones(3, 4)\n"
        "sys.exit(counter.operations != 48 or 'torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT / "workflow/scripts").returncode == 0
