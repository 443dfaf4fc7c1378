import numpy as np
import pytest
import torch
from helpers import VARIANTS
from torch.distributions import Normal, kl
from torch.nn import functional

from restoration.core.determinism import derived_seed
from restoration.data import device
from restoration.data.dataset_files import Images
from restoration.data.device import as_float
from restoration.data.holes import observed
from restoration.evaluation import computation_cost, diagnostics, scoring
from restoration.models import linear, model_file
from restoration.models.model_file import Model
from restoration.models.networks import Autoencoder
from restoration.models.variants import Variant

VARIATIONAL = ["vae", "vae_incomplete", "cvae_label", "cvae_incomplete", "cvae_prior"]
SIDE, COUNT = 12, 11


@pytest.fixture
def hole(strokes) -> Images:
    """A test set whose images have a hole each."""
    complete, labels = strokes(COUNT, (1, SIDE, SIDE))
    mask = np.zeros((COUNT, 1, SIDE, SIDE), bool)
    for image, rows in enumerate(mask):
        rows[:, image % 6 : image % 6 + 5, 3:8] = True
    return Images(complete, complete * ~mask, mask, labels)


@pytest.fixture
def brightness(hole) -> float:
    """The standard deviation of the images' means."""
    return as_float(hole.complete).flatten(1).mean(dim=1).std(correction=0).item()


@pytest.fixture
def noise(hole) -> Images:
    """The same images without a hole: everything is hidden."""
    return hole._replace(mask=np.ones_like(hole.mask))


@pytest.fixture
def whole(hole) -> Images:
    """The same images, in which nothing is hidden."""
    return hole._replace(corrupted=hole.complete, mask=np.zeros_like(hole.mask))


def as_tensors(test: Images) -> tuple[torch.Tensor, ...]:
    return as_float(test.complete), as_float(test.corrupted), torch.from_numpy(test.mask), torch.from_numpy(test.labels)


class Known(Autoencoder):
    """Its posterior is N(1 + scale * brightness, exp(logvar)) in each unit and its prior N(1, prior_sigma^2); it
    decodes a latent to an image whose logits are its first unit.
    """

    image_shape, variational, learned_prior = (1, SIDE, SIDE), True, True

    def __init__(self, scales: list[float], prior_sigma: float = 1.0) -> None:
        super().__init__()
        self.scales, self.latent, self.prior_sigma = torch.tensor(scales), len(scales), prior_sigma

    def encode(self, image, condition):
        mu = 1 + self.scales * image.flatten(1).mean(dim=1, keepdim=True)
        return mu, torch.full_like(mu, -1.0)

    def prior(self, condition, batch):
        ones = torch.ones(batch, self.latent)
        return ones, 2 * np.log(self.prior_sigma) * ones

    def decode(self, latent, condition):
        return latent[:, :1, None, None].expand(-1, *self.image_shape)


def known(*scales: float, prior_sigma: float = 1.0, loss: str = "mse") -> Model:
    return Model(Known(list(scales), prior_sigma), Variant("vae", "complete", "none", {}), loss, (1, SIDE, SIDE), 4)


@pytest.mark.parametrize("name", VARIATIONAL)
def test_the_divergence_is_torchs_of_what_the_encoder_sees_in_training(name, build_model, hole, monkeypatch):
    monkeypatch.setattr(device, "BATCH", 4)
    model = build_model(name)
    complete, corrupted, mask, labels = as_tensors(hole)
    condition = model.variant.granted(corrupted, mask, labels, model.classes)
    with torch.no_grad():
        mu, logvar = model.autoencoder.encode(model.variant.seen_in_training(complete, corrupted), condition)
        prior_mu, prior_logvar = model.autoencoder.prior(condition, COUNT)
    posterior, prior = (Normal(m, (v / 2).exp()) for m, v in ((mu, logvar), (prior_mu, prior_logvar)))
    measured = diagnostics.latent(model, hole, seed=0)
    assert measured["kl"] == pytest.approx(kl.kl_divergence(posterior, prior).sum(dim=1).mean().item(), rel=1e-4)
    assert measured["units"] == model.autoencoder.latent


def test_a_unit_is_active_where_the_variance_of_its_mean_is_above_a_hundredth(hole, brightness):
    above, below = 0.101 / brightness, 0.099 / brightness
    measured = diagnostics.latent(known(above, below, -above, 0.0), hole, seed=0)
    assert (measured["active_units"], measured["units"], measured["collapsed"]) == (2, 4, False)
    measured = diagnostics.latent(known(below, 0.0), hole, seed=0)
    assert (measured["active_units"], measured["collapsed"]) == (0, True)


def test_a_latent_whose_divergence_is_small_is_collapsed_whatever_its_units(hole, monkeypatch, brightness):
    model = known(0.2 / brightness)
    kl = diagnostics.latent(model, hole, seed=0)["kl"]
    for bound, collapsed in ((0.99 * kl, False), (1.01 * kl, True)):
        monkeypatch.setattr(diagnostics, "COLLAPSED", bound)
        measured = diagnostics.latent(model, hole, seed=0)
        assert (measured["active_units"], measured["collapsed"]) == (1, collapsed)


@pytest.mark.parametrize(("sigma", "active"), [(0.5, 1), (1.0, 0), (2.0, 0)])
def test_a_learned_prior_is_the_measure_of_what_its_latent_says(hole, sigma, active, brightness):
    assert diagnostics.latent(known(0.06 / brightness, prior_sigma=sigma), hole, seed=0)["active_units"] == active


def test_a_latent_that_the_decoder_does_not_hear_has_no_diversity(hole, build_model):
    model = build_model("vae")
    with torch.no_grad():
        next(model.network.decoder.children()).weight.zero_()
    assert diagnostics.diversity(model, hole, seed=0) == pytest.approx(0, abs=1e-6)


def test_diversity_is_the_spread_of_the_decoded_prior(hole, monkeypatch):
    monkeypatch.setattr(diagnostics, "DRAWS", 3000)
    logits = torch.randn(1_000_000, generator=torch.Generator().manual_seed(0)) * 0.7 + 1
    expected = torch.sigmoid(logits).std().item()
    assert diagnostics.diversity(known(0.0, prior_sigma=0.7), hole, seed=0) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("name", VARIATIONAL)
@pytest.mark.parametrize("task", ["hole", "whole"])
def test_diversity_is_taken_inside_the_hole(name, task, build_model, request, monkeypatch):
    monkeypatch.setattr(device, "BATCH", 100)
    test, model = request.getfixturevalue(task), build_model(name)
    _, corrupted, mask, labels = as_tensors(test)
    condition = model.variant.granted(corrupted, mask, labels, model.classes)
    generator = torch.Generator().manual_seed(derived_seed(3, "diversity"))
    with torch.no_grad():
        mu, logvar = model.autoencoder.prior(condition, COUNT)
        draws = []
        for _ in range(diagnostics.DRAWS):
            latent = mu + (logvar / 2).exp() * torch.empty_like(mu).normal_(generator=generator)
            draws.append(torch.sigmoid(model.autoencoder.decode(latent, condition)))
    variance = torch.stack(draws).double().var(dim=0)
    expected = variance[mask].mean() if task == "hole" else variance.mean()
    assert diagnostics.diversity(model, test, seed=3) == pytest.approx(expected.sqrt().item(), rel=1e-4)


@pytest.mark.parametrize("name", VARIATIONAL)
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_the_prior_draw_is_the_models_own_loss_of_one_draw_apart_for_visible_and_hidden(name, loss, build_model, hole):
    model = build_model(name, loss)
    complete, corrupted, mask, labels = as_tensors(hole)
    condition = model.variant.granted(corrupted, mask, labels, model.classes)
    generator = torch.Generator().manual_seed(derived_seed(2, "prior draw"))
    with torch.no_grad():
        mu, logvar = model.autoencoder.prior(condition, COUNT)
        latent = mu + (logvar / 2).exp() * torch.empty_like(mu).normal_(generator=generator)
        drawn = torch.sigmoid(model.autoencoder.decode(latent, condition))
    sums = {True: 0.0, False: 0.0}
    for image in range(COUNT):
        for row in range(SIDE):
            for column in range(SIDE):
                p, x = drawn[image, 0, row, column].item(), complete[image, 0, row, column].item()
                error = (p - x) ** 2 if loss == "mse" else -x * np.log(p) - (1 - x) * np.log(1 - p)
                sums[mask[image, 0, row, column].item()] += error / COUNT
    measured = diagnostics.prior_draw(model, hole, seed=2)
    assert measured == pytest.approx({"visible": sums[False], "hidden": sums[True]}, rel=1e-4)


@pytest.mark.parametrize("task", ["noise", "whole"])
def test_without_a_hole_the_prior_draw_is_over_the_whole_image(task, build_model, hole, request):
    model, test = build_model("vae"), request.getfixturevalue(task)
    inside = diagnostics.prior_draw(model, hole, seed=0)
    measured = diagnostics.prior_draw(model, test, seed=0)
    assert measured["hidden"] is None
    assert measured["visible"] == pytest.approx(inside["visible"] + inside["hidden"])


@pytest.mark.parametrize("measure", [diagnostics.diversity, diagnostics.prior_draw])
@pytest.mark.parametrize("name", VARIATIONAL)
def test_what_is_drawn_from_the_prior_does_not_depend_on_hidden_pixels(measure, name, build_model, hole):
    rubbish = np.where(hole.mask, np.random.default_rng(0).integers(0, 256, hole.corrupted.shape), hole.corrupted)
    other = hole._replace(corrupted=rubbish.astype(np.uint8))
    assert (other.corrupted != hole.corrupted).any()
    assert measure(build_model(name), hole, 0) == measure(build_model(name), other, 0)


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_the_common_measures_are_those_of_the_networks_own_restoration(name, loss, build_model, hole, monkeypatch):
    monkeypatch.setattr(device, "BATCH", 4)
    model = build_model(name, loss)
    complete, corrupted, mask, labels = as_tensors(hole)
    seen = observed(corrupted, mask)
    with torch.no_grad():
        logits = model.network.restore(seen, model.variant.granted(seen, mask, labels, model.classes))
    squared_error = (torch.sigmoid(logits) - complete).square().sum().item() / COUNT
    entropy = functional.binary_cross_entropy_with_logits(logits, complete, reduction="sum").item() / COUNT
    assert diagnostics.common(model, hole) == pytest.approx({"mse": squared_error, "bce": entropy}, rel=1e-4)


def test_a_sure_network_that_errs_pays_what_its_logits_say(whole):
    model = known(0.0)
    model.network.decode = lambda latent, condition: torch.full((len(latent), 1, SIDE, SIDE), 30.0)
    black = whole._replace(complete=np.zeros_like(whole.complete))
    assert diagnostics.common(model, black)["bce"] == pytest.approx(30 * SIDE**2, rel=1e-3)


def test_a_network_without_a_latent_distribution_has_no_latent_to_measure(build_model, hole):
    for name in ("ae", "unet"):
        measured = diagnostics.measure(build_model(name), hole, seed=0)
        assert measured["latent"] is measured["prior_draw"] is None
        assert set(measured["common"]) == {"mse", "bce"}
    assert set(diagnostics.measure(build_model("vae"), hole, seed=0)["latent"]) == {
        "kl",
        "active_units",
        "units",
        "diversity",
        "collapsed",
    }


def multiply_adds(model: Model, test: Images, method: str, **parameters: int) -> int:
    restore = scoring.restorer(model, method, parameters, seed=0)
    assert restore is not None
    return computation_cost.multiply_adds(restore, test)


HIDDEN, LATENT, PIXELS = 30, 5, SIDE**2
ENCODE, DECODE = PIXELS * HIDDEN + HIDDEN * 2 * LATENT, LATENT * HIDDEN + HIDDEN * PIXELS


@pytest.fixture
def perceptron() -> Model:
    variant = Variant("vae", "corrupted", "none", {"hidden": HIDDEN, "latent": LATENT})
    return model_file.create(variant, "bce", (1, SIDE, SIDE), 4)


def test_the_cost_of_a_perceptron_is_the_size_of_its_matrices(perceptron, hole):
    assert multiply_adds(perceptron, hole, "encode") == ENCODE + DECODE
    assert multiply_adds(perceptron, hole, "best_prior", samples=7) == 7 * DECODE
    assert multiply_adds(perceptron, hole.subset(slice(3)), "encode") == ENCODE + DECODE


def test_large_layers_are_counted_like_small_ones(hole, monkeypatch):
    monkeypatch.setattr(linear, "is_faster", lambda: linear.PRODUCT is not None)
    variant = Variant("vae", "corrupted", "none", {"hidden": 1000, "latent": LATENT})  # oneDNN's, see linear.py
    model = model_file.create(variant, "bce", (1, SIDE, SIDE), 4)
    model.network.requires_grad_(False)  # as of a loaded one
    encode, decode = PIXELS * 1000 + 1000 * 2 * LATENT, LATENT * 1000 + 1000 * PIXELS
    assert multiply_adds(model, hole, "encode") == encode + decode
    one, two = (multiply_adds(model, hole, "map_latent", steps=steps) for steps in (1, 2))
    assert two - one == 2 * decode


@pytest.mark.parametrize("method", ["map_latent", "posterior_mean"])
def test_gradients_are_part_of_the_cost(method, perceptron, hole):
    one, two = (multiply_adds(perceptron, hole, method, steps=steps) for steps in (1, 2))
    assert two - one == 2 * DECODE  # one pass forward, and one backward to the latent


def test_convolutions_are_part_of_the_cost(hole):
    model = model_file.create(
        Variant("unet", "corrupted", "none", {"channels": 4, "depth": 1}), "mse", (1, SIDE, SIDE), 4
    )
    sizes = {}

    def note(name: str):
        def hook(module: torch.nn.Module, _: tuple, output: torch.Tensor) -> None:
            rows, columns = output.shape[-2:]
            sizes[name] = module.weight.numel() * rows * columns

        return hook

    for name, module in model.network.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            module.register_forward_hook(note(name))
    counted = multiply_adds(model, hole, "encode")
    assert counted == sum(sizes.values()) > 0


def test_counting_does_not_change_what_is_measured_after_it(build_model, hole):
    model = build_model("vae")
    restore = [scoring.restorer(model, "best_prior", {"samples": 3}, seed=0) for _ in range(3)]
    before = scoring.restore_all(restore[0], *hole[1:])
    computation_cost.multiply_adds(restore[1], hole)
    assert scoring.restore_all(restore[2], *hole[1:]).equal(before)
