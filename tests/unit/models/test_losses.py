import pytest
import torch
from torch.nn import functional

from restoration.core import registry

LOSSES = registry.names("losses")


def test_bce_is_torchs_own_with_the_same_gradient_to_the_bit():
    logits = torch.cat([torch.linspace(-120, 120, 5001), torch.tensor([-1e4, 1e4])])[None, :]
    for target in (0.0, 1e-3, 0.4, 1.0):
        seen, gradients, targets = logits.clone().requires_grad_(), [], torch.full_like(logits, target)
        own = functional.binary_cross_entropy_with_logits(seen, targets, reduction="none")
        ours = registry.load("losses", "bce").pixelwise(seen, targets)
        precise = functional.binary_cross_entropy_with_logits(logits.double(), targets.double(), reduction="none")
        torch.testing.assert_close(ours.double(), precise, rtol=1e-6, atol=1.2e-6)
        for loss in (own, ours):
            gradients += torch.autograd.grad(loss.mul(3).sum(), seen)
        assert gradients[0].equal(gradients[1])


def test_mse_is_the_squared_difference_of_sigmoid_and_target():
    logits, target = torch.randn(2, 1, 2, 3), torch.rand(2, 1, 2, 3)
    expected = functional.mse_loss(torch.sigmoid(logits), target, reduction="none")
    torch.testing.assert_close(registry.load("losses", "mse").pixelwise(logits, target), expected)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("shape", [(4, 1, 5, 7), (2, 3, 6, 4)])
def test_reconstruction_is_pixelwise_summed_for_each_image(name, shape):
    loss = registry.load("losses", name)
    logits, target = torch.randn(shape), torch.rand(shape)
    pixelwise = loss.pixelwise(logits, target)
    assert pixelwise.shape == shape
    reconstruction = loss.reconstruction(logits, target)
    assert reconstruction.shape == shape[:1]
    torch.testing.assert_close(reconstruction, torch.stack([image.sum() for image in pixelwise]))


@pytest.mark.parametrize("name", LOSSES)
def test_large_logits_give_finite_losses_and_gradients(name):
    loss = registry.load("losses", name)
    logits = torch.tensor([-1e4, -200.0, 200.0, 1e4]).repeat(3, 1).reshape(3, 1, 2, 2).requires_grad_()
    target = torch.tensor([0.0, 0.4, 1.0]).reshape(3, 1, 1, 1).expand(3, 1, 2, 2)
    value = loss.reconstruction(logits, target)
    value.sum().backward()
    assert value.isfinite().all()
    assert logits.grad.isfinite().all()


@pytest.mark.parametrize("name", LOSSES)
def test_image_is_within_the_range_of_images_and_rises_with_the_logit(name):
    image = registry.load("losses", name).image(torch.linspace(-50, 50, 101))
    assert image.min() >= 0
    assert image.max() <= 1
    assert (image.diff() >= 0).all()
    assert image[50] == 0.5


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_is_least_where_the_image_is_the_target(name):
    loss = registry.load("losses", name)
    logits = torch.linspace(-6, 6, 241).reshape(-1, 1, 1, 1)
    for target in (0.1, 0.5, 0.8):
        best = logits[loss.reconstruction(logits, torch.full_like(logits, target)).argmin()]
        assert loss.image(best).item() == pytest.approx(target, abs=0.02)
