import math
import subprocess
import sys

import numpy as np
import pytest
import torch

from checkout import ROOT
from restoration.models import optimizer


def test_the_cosine_schedule_rises_for_a_twentieth_and_falls_to_zero():
    assert [optimizer.factor("constant", progress) for progress in (0, 0.3, 1)] == [1, 1, 1]
    # The rise is over at 4.9 %: it begins a thousandth on, so that the first iteration does something.
    assert optimizer.factor("cosine", 0) == pytest.approx(0.001 / 0.05)
    assert optimizer.factor("cosine", 0.024) == pytest.approx(0.5 * 0.5 * (1 + math.cos(0.024 * math.pi)))
    assert optimizer.factor("cosine", 0.05) == pytest.approx(0.5 * (1 + math.cos(0.05 * math.pi)))
    assert optimizer.factor("cosine", 0.05) == pytest.approx(1, abs=0.01)
    assert optimizer.factor("cosine", 0.5) == pytest.approx(0.5)
    assert optimizer.factor("cosine", 1) == pytest.approx(0)
    factors = [optimizer.factor("cosine", step / 1000) for step in range(1001)]
    top = factors.index(max(factors))
    assert 40 <= top <= 50
    assert (np.diff(factors[: top + 1]) > 0).all()
    assert (np.diff(factors[top:]) < 0).all()


def gradients(generator: torch.Generator) -> list[torch.Tensor]:
    return [torch.randn(5, 3, generator=generator), torch.randn(7, generator=generator)]


def test_adam_takes_the_steps_of_torchs_class_to_the_bit():
    ours, theirs = ([torch.linspace(-1, 1, 15).reshape(5, 3), torch.ones(7)] for _ in range(2))
    for values in theirs:
        values.requires_grad_()
    adam, reference = optimizer.Adam(ours, 0.01), torch.optim.Adam(theirs, lr=0.01, fused=True)
    generator = torch.Generator().manual_seed(0)
    for number in range(30):
        found = gradients(generator)
        adam.learning_rate = reference.param_groups[0]["lr"] = 0.01 / (1 + number)
        adam.step(found)
        for values, gradient in zip(theirs, found, strict=True):
            values.grad = gradient
        reference.step()
    for values, expected in zip(ours, theirs, strict=True):
        assert torch.equal(values, expected.detach())


@pytest.mark.parametrize("decay", [0.0, 0.2])
def test_without_the_private_kernel_adam_takes_the_same_steps_up_to_rounding(decay, monkeypatch):
    assert optimizer.FUSED is not None  # this torch has the kernel
    plain, fused = ([torch.linspace(-1, 1, 15).reshape(5, 3), torch.ones(7)] for _ in range(2))
    one, other = (optimizer.Adam(values, 0.01, decay=decay) for values in (plain, fused))
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        found = gradients(generator)
        other.step(found)
        with monkeypatch.context() as patch:
            patch.setattr(optimizer, "FUSED", None)
            one.step(found)
    for values, expected in zip([*plain, *one.squares], [*fused, *other.squares], strict=True):
        torch.testing.assert_close(values, expected, rtol=1e-5, atol=1e-6)
    assert one.steps == other.steps == 30


def test_adam_takes_gradients_that_lie_in_another_order():
    ours, theirs = (torch.ones(4, 3, 2, 2) for _ in range(2))
    gradient = torch.randn(4, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    optimizer.Adam([ours], 0.01).step([gradient.contiguous(memory_format=torch.channels_last)])
    optimizer.Adam([theirs], 0.01).step([gradient])
    assert torch.equal(ours, theirs)


def test_weights_decay_as_in_torchs_adamw_and_offsets_do_not():
    ours, theirs = ([torch.ones(5, 3), torch.ones(7)] for _ in range(2))
    for values in theirs:
        values.requires_grad_()
    groups = [{"params": theirs[:1], "weight_decay": 0.2}, {"params": theirs[1:], "weight_decay": 0.0}]
    adam, reference = optimizer.Adam(ours, 0.01, decay=0.2), torch.optim.AdamW(groups, lr=0.01, fused=True)
    generator = torch.Generator().manual_seed(0)
    for _ in range(10):
        found = gradients(generator)
        adam.step(found)
        for values, gradient in zip(theirs, found, strict=True):
            values.grad = gradient
        reference.step()
    for values, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(values, expected.detach())


def test_adam_goes_on_from_its_state():
    generator = torch.Generator().manual_seed(0)
    whole, halves = ([torch.ones(5, 3), torch.ones(7)] for _ in range(2))
    one, first, second = (optimizer.Adam(values, 0.01) for values in (whole, halves, halves))
    for number in range(6):
        found = gradients(generator)
        one.step(found)
        if number == 3:
            second.load(first.state)
        (first if number < 3 else second).step(found)
    assert all(torch.equal(*pair) for pair in zip(whole, halves, strict=True))


def test_a_step_does_not_load_torchs_compiler():
    code = (
        "import sys, torch; from restoration.models.optimizer import Adam\n"
        "Adam([torch.ones(2)], 1).step([torch.ones(2)])\n"
        "sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT / "workflow/scripts").returncode == 0
