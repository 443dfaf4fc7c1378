import io
from pathlib import Path

import pytest
import torch

from restoration import models, networks, registry

NETWORKS = registry.names("networks")
SHAPES = [(1, 28, 28), (3, 20, 24), (1, 7, 9)]
VARIANTS = ["ae", "vae", "vae_incomplete", "cvae_label", "cvae_incomplete"]


def outputs(model: models.Model) -> tuple[torch.Tensor, torch.Tensor]:
    """Code and logits of fixed images."""
    images = torch.rand(4, *model.image_shape, generator=torch.Generator().manual_seed(0))
    condition = model.variant.granted(images, torch.arange(4) % model.classes, model.classes)
    mu, _ = model.network.encode(images, condition)
    return mu, model.network.decode(mu, condition)


def takes_condition(name: str) -> bool:
    try:
        networks.build(name, (1, 7, 9), 5, {})
    except ValueError:
        return False
    return True


@pytest.fixture
def saved(build_model, tmp_path) -> Path:
    models.save(build_model("vae"), tmp_path / "saved.pt")
    return tmp_path / "saved.pt"


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("parameters", [{}, {"hidden": 8, "latent": 3}], ids=["defaults", "small"])
def test_every_network_encodes_and_decodes_in_the_shapes_of_the_contract(name, shape, parameters):
    network = networks.build(name, shape, 0, parameters)
    assert isinstance(network, networks.Autoencoder)
    assert network.image_shape == shape
    mu, logvar = network.encode(torch.rand(2, *shape), None)
    assert mu.shape == (2, network.latent)
    assert (logvar is not None) == network.variational
    if logvar is not None:
        assert logvar.shape == mu.shape
    logits = network.decode(mu, None)
    assert logits.shape == (2, *shape)
    assert logits.min() < 0 < logits.max()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_treats_the_images_of_a_batch_apart(name):
    network = networks.build(name, (1, 7, 9), 0, {}).eval()
    images = torch.rand(3, 1, 7, 9)
    mu, _ = network.encode(images, None)
    torch.testing.assert_close(network.encode(images[1:2], None)[0], mu[1:2])
    torch.testing.assert_close(network.decode(mu[1:2], None), network.decode(mu, None)[1:2])


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_passes_gradients_to_all_its_weights(name):
    network = networks.build(name, (1, 7, 9), 0, {})
    mu, logvar = network.encode(torch.rand(3, 1, 7, 9), None)
    (network.decode(mu, None).square().sum() + (0 if logvar is None else logvar.sum())).backward()
    assert all(weights.grad is not None and weights.grad.any() for weights in network.parameters())


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_initialised_from_the_global_seed(name):
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(torch.cat([w.flatten() for w in networks.build(name, (1, 7, 9), 0, {}).parameters()]))
    assert states[0].equal(states[1])
    assert not states[0].equal(states[2])


@pytest.mark.parametrize("name", [name for name in NETWORKS if takes_condition(name)])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_network_that_takes_a_condition_uses_it_on_both_sides(name, shape):
    network = networks.build(name, shape, 5, {"hidden": 8, "latent": 3})
    images, (one, other) = torch.rand(2, *shape), torch.rand(2, 2, 5)
    assert network.encode(images, one)[0].shape == (2, 3)
    assert not network.encode(images, one)[0].equal(network.encode(images, other)[0])
    latent = torch.rand(2, 3)
    assert network.decode(latent, one).shape == (2, *shape)
    assert not network.decode(latent, one).equal(network.decode(latent, other))


def test_the_autoencoder_refuses_a_condition_and_the_vae_takes_one():
    with pytest.raises(ValueError, match="takes no condition"):
        networks.build("autoencoder", (1, 4, 4), 10, {})
    assert networks.build("vae", (1, 4, 4), 10, {}).encoder[0].in_features == 26


def test_the_networks_have_the_layers_of_the_source():
    vae = networks.build("vae", (1, 28, 28), 0, {})
    assert [tuple(weights.shape) for weights in vae.parameters() if weights.ndim == 2] == [
        (400, 784),
        (40, 400),
        (400, 20),
        (784, 400),
    ]
    autoencoder = networks.build("autoencoder", (1, 28, 28), 0, {"latent": 2})
    assert [tuple(weights.shape) for weights in autoencoder.parameters() if weights.ndim == 2] == [
        (400, 784),
        (2, 400),
        (400, 2),
        (784, 400),
    ]


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("loss", registry.names("losses"))
def test_a_loaded_model_is_the_one_that_was_saved(name, loss, build_model, tmp_path):
    model = build_model(name, loss, shape=(3, 6, 5))
    models.save(model, tmp_path / "model.pt")
    loaded = models.load(tmp_path / "model.pt")
    assert (loaded.variant, loaded.loss_name, loaded.image_shape, loaded.classes) == (
        model.variant,
        loss,
        (3, 6, 5),
        model.classes,
    )
    assert loaded.loss is registry.load("losses", loss)
    assert all(one.equal(other) for one, other in zip(outputs(model), outputs(loaded), strict=True))
    assert not loaded.network.training


def test_the_same_model_is_the_same_bytes_under_any_name(build_model, tmp_path):
    model = build_model("cvae_label")
    for name in ("first.pt", "first again.pt", "elsewhere/other.bin"):
        models.save(model, tmp_path / name)
    first = (tmp_path / "first.pt").read_bytes()
    assert (tmp_path / "first again.pt").read_bytes() == first
    assert (tmp_path / "elsewhere" / "other.bin").read_bytes() == first
    models.save(models.load(tmp_path / "first.pt"), tmp_path / "loaded.pt")
    assert (tmp_path / "loaded.pt").read_bytes() == first


def test_a_model_is_loaded_where_no_configuration_is(saved, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert models.load(Path("saved.pt")).variant.parameters == {"hidden": 16, "latent": 3}


def test_writing_tensors_does_not_put_the_files_name_into_the_bytes(tmp_path):
    models.write_tensors({"weights": torch.ones(3)}, tmp_path / "a long name.pt")
    buffer = io.BytesIO()
    torch.save({"weights": torch.ones(3)}, buffer)
    assert (tmp_path / "a long name.pt").read_bytes() == buffer.getvalue()
