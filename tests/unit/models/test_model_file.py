from pathlib import Path
from typing import get_args, get_type_hints

import pytest
import torch
from helpers import VARIANTS, small

from restoration.core import registry
from restoration.models import model_file, objective
from restoration.models.networks import Autoencoder
from restoration.models.variants import Variant

NETWORKS = registry.names("networks")
SHAPES = [(1, 28, 28), (3, 20, 24), (1, 7, 9), (3, 13, 11)]
CLASSES = 5
CONDITIONS = get_args(get_type_hints(Variant)["condition"])
# Each network with each condition that it says it does with, and with each that it does not.
CASES = [
    (network, condition)
    for network in NETWORKS
    for condition in registry.constant("networks", network, "conditions") or CONDITIONS
]
REFUSED = [
    (network, condition) for network in NETWORKS for condition in CONDITIONS if (network, condition) not in CASES
]


@pytest.fixture(autouse=True)
def same_weights() -> None:
    torch.manual_seed(0)


def build(name: str, condition: str, shape: tuple[int, int, int] = (1, 7, 9), parameters: dict | None = None):
    """The network, and a function that gives it inputs: images (B, C, H, W) and their condition, (B, K) or None."""
    parameters = small(name) if parameters is None else parameters
    variant = Variant(name, "corrupted", condition, parameters)
    network = model_file.create(variant, "bce", shape, CLASSES).network

    def inputs(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor | None]:
        generator = torch.Generator().manual_seed(seed)
        images = torch.rand(count, *shape, generator=generator)
        mask = torch.rand(count, 1, *shape[1:], generator=generator) < 0.4
        labels = (torch.arange(count) + seed) % CLASSES
        return images, variant.granted(images, mask, labels, CLASSES)

    return network.eval(), inputs


def outputs(model: model_file.Model) -> torch.Tensor:
    """The restoration of fixed images."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(4, *model.image_shape, generator=generator)
    mask = torch.rand(4, 1, *model.image_shape[1:], generator=generator) < 0.4
    condition = model.variant.granted(images, mask, torch.arange(4) % model.classes, model.classes)
    return model.network.restore(images, condition)


@pytest.fixture
def saved(build_model, tmp_path) -> Path:
    model_file.save(build_model("vae"), tmp_path / "saved.pt")
    return tmp_path / "saved.pt"


@torch.no_grad()
@pytest.mark.parametrize(("name", "condition"), CASES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("defaults", [True, False], ids=["defaults", "small"])
def test_every_network_has_the_shapes_of_the_contract(name, condition, shape, defaults):
    network, inputs = build(name, condition, shape, {} if defaults else None)
    images, given = inputs(2)
    assert network.image_shape == shape
    assert network.variational == bool(registry.constant("networks", name, "variational"))
    logits = network.restore(images, given)
    assert logits.shape == (2, *shape)
    assert logits.dtype == torch.float32
    if isinstance(network, Autoencoder):
        mu, logvar = network.encode(images, given)
        assert mu.shape == network.code(images, given).shape == (2, network.latent)
        assert (logvar is not None) == network.variational
        assert logvar is None or logvar.shape == mu.shape
        assert network.decode(mu, given).shape == (2, *shape)
        assert [part.shape for part in network.prior(given, 2)] == [mu.shape] * 2
    else:
        assert not network.variational


@torch.no_grad()
@pytest.mark.parametrize(("name", "condition"), CASES)
def test_every_network_returns_logits_which_nothing_bounds(name, condition):
    network, inputs = build(name, condition)
    images, given = inputs(3)
    logits = network.restore(1e4 * images, None if given is None else 1e4 * given)
    assert logits.abs().max() > 1


@torch.no_grad()
@pytest.mark.parametrize(("name", "condition"), CASES)
def test_every_network_treats_the_images_of_a_batch_apart(name, condition):
    network, inputs = build(name, condition)
    images, given = inputs(3)
    alone = None if given is None else given[1:2]
    torch.testing.assert_close(network.restore(images[1:2], alone), network.restore(images, given)[1:2])
    if isinstance(network, Autoencoder):
        mu, _ = network.encode(images, given)
        torch.testing.assert_close(network.encode(images[1:2], alone)[0], mu[1:2])
        torch.testing.assert_close(network.decode(mu[1:2], alone), network.decode(mu, given)[1:2])


@pytest.mark.parametrize(("name", "condition"), CASES)
@pytest.mark.parametrize("shape", SHAPES[2:], ids=str)
def test_the_objective_passes_gradients_to_all_weights_of_every_network(name, condition, shape):
    network, inputs = build(name, condition, shape)
    network.train()
    images, given = inputs(6)
    loss = registry.load("losses", "bce")
    reconstruction, kl = objective.parts(network, loss, images, given, images, torch.Generator().manual_seed(0))
    (reconstruction + kl).sum().backward()
    without = [key for key, weights in network.named_parameters() if weights.grad is None or not weights.grad.any()]
    assert without == []


@pytest.mark.parametrize(("name", "condition"), CASES)
def test_every_network_is_initialised_from_the_global_seed(name, condition):
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(torch.cat([weights.flatten() for weights in build(name, condition)[0].parameters()]))
    assert states[0].equal(states[1])
    assert not states[0].equal(states[2])


@torch.no_grad()
@pytest.mark.parametrize(("name", "condition"), [case for case in CASES if case[1] != "none"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_network_that_takes_a_condition_uses_it_on_both_sides(name, condition, shape):
    network, inputs = build(name, condition, shape)
    (images, one), (_, other) = inputs(2), inputs(2, seed=1)
    assert not network.restore(images, one).equal(network.restore(images, other))
    if isinstance(network, Autoencoder):
        mu, _ = network.encode(images, one)
        assert not mu.equal(network.encode(images, other)[0])
        assert not network.decode(mu, one).equal(network.decode(mu, other))


@torch.no_grad()
@pytest.mark.parametrize(("name", "condition"), CASES)
def test_the_prior_is_standard_unless_it_is_learned_from_the_condition(name, condition):
    network, inputs = build(name, condition)
    (images, one), (_, other) = inputs(2), inputs(2, seed=1)
    if isinstance(network, Autoencoder) and network.learned_prior:
        assert all(not a.equal(b) for a, b in zip(network.prior(one, 2), network.prior(other, 2), strict=True))
    elif isinstance(network, Autoencoder):
        assert all(not part.any() for part in network.prior(one, len(images)))


@torch.no_grad()
def test_the_cvae_with_a_learned_prior_restores_by_what_is_observed_alone():
    network, inputs = build("cvae_prior", "observed")
    (images, given), (others, _) = inputs(3), inputs(3, seed=1)
    assert network.code(images, given).equal(network.prior(given, 3)[0])
    assert network.restore(others, given).equal(network.restore(images, given))
    assert not network.encode(others, given)[0].equal(network.encode(images, given)[0])


@torch.no_grad()
def test_what_is_computed_once_of_a_condition_stands_for_it_in_every_call():
    network, inputs = build("cvae_prior", "observed")
    images, condition = inputs(3)
    once, latent = network.given(condition), torch.randn(3, network.latent)
    assert network.given(once) is once
    for call in (
        lambda given: torch.cat(network.encode(images, given)),
        lambda given: torch.cat(network.prior(given, 3)),
        lambda given: network.decode(latent, given),
    ):
        assert call(once).equal(call(condition))


@pytest.mark.parametrize(("name", "condition"), REFUSED)
def test_a_condition_that_a_network_does_not_take_is_refused(name, condition):
    shape = (3, 7, 9)  # of three channels, so that no two conditions have one size
    with pytest.raises(ValueError, match=f"network '{name}' takes ") as caught:
        model_file.create(Variant(name, "corrupted", condition, {}), "bce", shape, CLASSES)
    assert "\n" not in str(caught.value)


def test_a_condition_is_appended_to_the_images_of_the_vae():
    assert registry.load("networks", "vae").Network((1, 4, 4), 10).encoder[0].in_features == 26


def test_a_network_without_a_latent_says_so(build_model):
    with pytest.raises(TypeError, match="network 'unet' has no latent"):
        _ = build_model("unet").autoencoder
    model = build_model("cvae_prior")
    assert model.autoencoder is model.network


def test_the_networks_have_the_layers_of_the_source():
    vae = registry.load("networks", "vae").Network((1, 28, 28), 0)
    assert [tuple(weights.shape) for weights in vae.parameters() if weights.ndim == 2] == [
        (400, 784),
        (40, 400),
        (400, 20),
        (784, 400),
    ]
    autoencoder = registry.load("networks", "autoencoder").Network((1, 28, 28), 0, latent=2)
    assert [tuple(weights.shape) for weights in autoencoder.parameters() if weights.ndim == 2] == [
        (400, 784),
        (2, 400),
        (400, 2),
        (784, 400),
    ]


@torch.no_grad()
@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("loss", registry.names("losses"))
def test_a_loaded_model_is_the_one_that_was_saved(name, loss, build_model, tmp_path):
    model = build_model(name, loss, shape=(3, 6, 5))
    model_file.save(model, tmp_path / "model.pt")
    loaded = model_file.load(tmp_path / "model.pt")
    assert (loaded.variant, loaded.loss_name, loaded.image_shape, loaded.classes) == (
        model.variant,
        loss,
        (3, 6, 5),
        model.classes,
    )
    assert loaded.loss is registry.load("losses", loss)
    assert outputs(model).equal(outputs(loaded))
    assert not loaded.network.training
    assert not any(weights.requires_grad for weights in loaded.network.parameters())


@pytest.mark.parametrize("name", ["cvae_label", "unet"])
def test_the_same_model_is_the_same_bytes_under_any_name(name, build_model, tmp_path):
    model = build_model(name)
    for name in ("first.pt", "first again.pt", "elsewhere/other.bin"):
        model_file.save(model, tmp_path / name)
    first = (tmp_path / "first.pt").read_bytes()
    assert (tmp_path / "first again.pt").read_bytes() == first
    assert (tmp_path / "elsewhere" / "other.bin").read_bytes() == first
    model_file.save(model_file.load(tmp_path / "first.pt"), tmp_path / "loaded.pt")
    assert (tmp_path / "loaded.pt").read_bytes() == first


def test_a_model_is_loaded_where_no_configuration_is(saved, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert model_file.load(Path("saved.pt")).variant.parameters == {"hidden": 16, "latent": 3}
