import numpy as np
import pytest
import torch
from helpers import VARIANTS, seeded

from restoration.core.determinism import derived_seed
from restoration.data import device
from restoration.models import objective
from restoration.models.gaussian_latent import kl_divergence, sample


def test_a_deterministic_code_has_no_kl_and_its_own_reconstruction(build_model):
    model, batch = build_model("ae"), torch.rand(5, 1, 12, 12)
    target = torch.rand(5, 1, 12, 12)
    reconstruction, kl = objective.parts(model.network, model.loss, batch, None, target, seeded())
    expected = model.loss.reconstruction(model.network.decode(model.network.encode(batch, None)[0], None), target)
    torch.testing.assert_close(reconstruction, expected)
    assert kl.tolist() == [0] * 5


@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_a_distribution_is_sampled_once_and_pays_its_kl(loss, build_model):
    model, batch = build_model("cvae_label", loss), torch.rand(5, 1, 12, 12)
    target, condition = torch.rand(5, 1, 12, 12), torch.eye(4)[[0, 1, 2, 3, 0]]
    reconstruction, kl = objective.parts(model.network, model.loss, batch, condition, target, seeded(3))
    mu, logvar = model.network.encode(batch, condition)
    logits = model.network.decode(sample(mu, logvar, seeded(3)), condition)
    torch.testing.assert_close(reconstruction, model.loss.reconstruction(logits, target))
    torch.testing.assert_close(kl, kl_divergence(mu, logvar))


@pytest.mark.parametrize("name", ["unet", "unet_blind"])
def test_a_network_without_a_code_has_no_kl_and_the_loss_of_what_it_restores(name, build_model):
    model, batch = build_model(name), torch.rand(5, 1, 12, 12)
    target, mask = torch.rand(5, 1, 12, 12), torch.rand(5, 1, 12, 12) < 0.5
    condition = model.variant.granted(batch, mask, torch.zeros(5), model.classes)
    generator = seeded()
    reconstruction, kl = objective.parts(model.network, model.loss, batch, condition, target, generator)
    expected = model.loss.reconstruction(model.network.restore(batch, condition), target)
    torch.testing.assert_close(reconstruction, expected)
    assert kl.tolist() == [0] * 5
    assert generator.get_state().equal(seeded().get_state())


def test_with_a_learned_prior_the_kl_is_from_that(build_model):
    model, batch = build_model("cvae_prior"), torch.rand(5, 1, 12, 12)
    mask = torch.rand(5, 1, 12, 12) < 0.5
    condition = model.variant.granted(batch.masked_fill(mask, 0), mask, torch.zeros(5), model.classes)
    reconstruction, kl = objective.parts(model.network, model.loss, batch, condition, batch, seeded(3))
    mu, logvar = model.autoencoder.encode(batch, condition)
    logits = model.autoencoder.decode(sample(mu, logvar, seeded(3)), condition)
    torch.testing.assert_close(reconstruction, model.loss.reconstruction(logits, batch))
    torch.testing.assert_close(kl, kl_divergence(mu, logvar, model.autoencoder.prior(condition, 5)))
    assert not torch.allclose(kl, kl_divergence(mu, logvar))


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_held_out_is_the_training_objective_averaged_over_the_images(name, loss, build_model, strokes):
    model = build_model(name, loss)
    complete, labels = strokes(17)
    corrupted, mask = complete // 2, complete > 100
    measured = objective.held_out(model, complete, corrupted, mask, labels, seed=4)
    truth, damaged = device.as_float(complete), device.as_float(corrupted)
    image = {"complete": truth, "corrupted": damaged}[model.variant.encoder_input]
    condition = model.variant.granted(damaged, torch.from_numpy(mask), torch.from_numpy(labels), model.classes)
    generator = seeded(derived_seed(4, "objective"))
    reconstruction, kl = objective.parts(model.network, model.loss, image, condition, truth, generator)
    assert measured["reconstruction"] == pytest.approx(reconstruction.mean().item(), rel=1e-5)
    assert measured["kl"] == pytest.approx(kl.mean().item(), rel=1e-5)
    assert measured["objective"] == pytest.approx(measured["reconstruction"] + measured["kl"])


def test_held_out_does_not_depend_on_how_images_are_batched(build_model, strokes, monkeypatch):
    model = build_model("ae")
    complete, labels = strokes(17)
    whole = objective.held_out(model, complete, complete, complete > 100, labels, seed=0)
    monkeypatch.setattr(device, "BATCH", 5)
    assert objective.held_out(model, complete, complete, complete > 100, labels, seed=0) == pytest.approx(whole)


def test_held_out_is_the_same_twice_and_differs_by_seed(build_model, strokes):
    model = build_model("vae")
    complete, labels = strokes(10)
    first, again, other = (
        objective.held_out(model, complete, complete, complete > 100, labels, seed) for seed in (0, 0, 1)
    )
    assert first == again
    assert first["kl"] == other["kl"]
    assert first["reconstruction"] != other["reconstruction"]


def test_held_out_leaves_no_gradient(build_model, strokes):
    model = build_model("vae")
    complete, labels = strokes(4)
    objective.held_out(model, complete, complete, complete > 100, labels, seed=0)
    assert all(weights.grad is None for weights in model.network.parameters())


def test_stored_images_become_floats_in_batches_that_stay_side_by_side(monkeypatch):
    monkeypatch.setattr(device, "BATCH", 4)
    pixels, labels = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1) * 25, np.arange(10)
    batches = list(device.batches(pixels, labels))
    assert [len(labels) for _, labels in batches] == [4, 4, 2]
    assert all(image.dtype == torch.float32 and label.dtype == torch.int64 for image, label in batches)
    torch.testing.assert_close(torch.cat([b[0] for b in batches]).flatten(), torch.arange(10) * 25 / 255)
    assert torch.cat([b[1] for b in batches]).tolist() == list(range(10))


def test_as_float_leaves_the_stored_images_alone():
    stored = np.array([0, 128, 255], np.uint8)
    assert device.as_float(stored).tolist() == pytest.approx([0, 128 / 255, 1])
    assert stored.tolist() == [0, 128, 255]
