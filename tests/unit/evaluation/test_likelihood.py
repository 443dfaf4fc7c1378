import math
from types import SimpleNamespace

import likelihood as likelihood_script
import numpy as np
import pytest
import torch
from torch.nn import functional

from restoration.comparison import published_figures
from restoration.config import likelihood_quantity
from restoration.config.model_names import ModelName
from restoration.core import artifacts
from restoration.core.errors import DamagedFile, UserError
from restoration.data.dataset_files import Images
from restoration.evaluation import likelihood
from restoration.models import model_file
from restoration.models.gaussian_latent import log_density
from restoration.models.model_file import Model
from restoration.models.networks import Autoencoder, RestorationNetwork
from restoration.models.variants import Variant

SHAPE = (1, 2, 3)
SLOPE = torch.tensor([2.0, -1.0, 0.5, 3.0, -2.0, 1.0])
OFFSET = torch.tensor([0.3, 0.0, -1.0, 0.5, 1.0, -0.2])
# Mean and log-variance. The proposal is not the posterior.
PRIOR, PROPOSAL = (0.4, -0.5), (0.6, 0.2)


class OneLatent(Autoencoder):
    """Pixels that are independent given one latent: logits = slope * z + offset. Prior and proposal are the same for
    all images, and what `decode` is given for a condition is kept.
    """

    variational = True

    def __init__(self, slope=SLOPE, prior=PRIOR, proposal=PROPOSAL):
        super().__init__()
        self.image_shape, self.latent = SHAPE, 1
        self.slope, self.of_prior, self.of_proposal = slope, prior, proposal

    def encode(self, image, condition):
        mu, logvar = (torch.full((len(image), 1), value) for value in self.of_proposal)
        return mu, logvar

    def decode(self, latent, condition):
        return (latent * self.slope + OFFSET).unflatten(1, SHAPE)

    def prior(self, condition, batch):
        mu, logvar = (torch.full((batch, 1), value) for value in self.of_prior)
        return mu, logvar


class Constant(RestorationNetwork):
    """A deterministic network with one answer to all images."""

    image_shape = SHAPE

    def restore(self, image, condition):
        return OFFSET.unflatten(0, SHAPE).expand(len(image), *SHAPE)


def toy(network: RestorationNetwork, condition: str = "none") -> Model:
    return Model(network, Variant("vae", "complete", condition, {}), "bce", SHAPE, 2)


def images(count: int = 40) -> Images:
    rng = np.random.default_rng(1)
    complete = rng.integers(0, 256, (count, *SHAPE), dtype=np.uint8)
    mask = np.broadcast_to(np.array([[True, False, True], [True, True, False]]), (count, *SHAPE)).copy()
    return Images(complete, np.where(mask, 0, complete), mask, np.zeros(count, np.int64))


def measured(model: Model, of: Images, samples: int, target="grey", quantity="image", seed=0) -> dict:
    parts = list(likelihood.measure(model, of, target, quantity, samples, seed, data_seed=0))
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def on_a_grid(of: Images, quantity: str = "image", slope=SLOPE) -> tuple[torch.Tensor, torch.Tensor]:
    """log p(x) and the evidence lower bound of the toy, by numerical integration: each (N,)."""
    z = torch.linspace(-12, 12, 20001, dtype=torch.float64)[:, None]
    step = (z[1] - z[0]).item()
    target = torch.from_numpy(of.complete).double().flatten(1) / 255
    region = torch.from_numpy(of.mask).flatten(1) if quantity == "hidden" else torch.ones_like(target)
    logits = z * slope.double() + OFFSET.double()
    log_p = (
        functional.logsigmoid(logits) @ (target * region).T + functional.logsigmoid(-logits) @ ((1 - target) * region).T
    )
    prior, proposal = ([torch.tensor([value], dtype=torch.float64) for value in pair] for pair in (PRIOR, PROPOSAL))
    log_joint = log_p + log_density(z, *prior)[:, None]
    log_q = log_density(z, *proposal)[:, None]
    elbo = (log_q.exp() * (log_joint - log_q)).sum(dim=0) * step
    return log_joint.logsumexp(dim=0) + math.log(step), elbo


# ------------------------------------------------------------------------------------------------------ THE ESTIMATE


@pytest.mark.parametrize("quantity", ["image", "hidden"])
def test_it_converges_to_the_integral(quantity):
    of = images()
    truth, _ = on_a_grid(of, quantity)
    condition = "corrupted" if quantity == "hidden" else "none"
    figures = measured(toy(OneLatent(), condition), of, 20_000, quantity=quantity)
    torch.testing.assert_close(figures["20000"], truth, atol=0.05, rtol=0)
    assert figures["20000"].mean().item() == pytest.approx(truth.mean().item(), abs=0.005)


def test_the_bound_rises_with_the_number_of_samples_from_the_evidence_lower_bound_on():
    of = images()
    truth, elbo = (values.mean().item() for values in on_a_grid(of))
    runs = [measured(toy(OneLatent()), of, 30, seed=seed) for seed in range(100)]
    mean = {name: torch.stack([run[name] for run in runs]).mean().item() for name in runs[0]}
    assert mean["elbo"] == pytest.approx(elbo, abs=0.03)
    assert mean["1"] == pytest.approx(elbo, abs=0.1)
    assert elbo < mean["10"] - 0.1
    assert mean["10"] < mean["30"] < truth


def test_more_pixels_are_less_likely():
    of = images()
    whole, hidden = (measured(toy(OneLatent()), of, 100, quantity=quantity)["100"] for quantity in ("image", "hidden"))
    assert (whole < hidden).all()


def test_it_is_exact_where_the_latent_says_nothing():
    of = images()
    network = OneLatent(slope=torch.zeros(6), proposal=PRIOR)
    figures = measured(toy(network), of, 1000)
    exact = -functional.binary_cross_entropy_with_logits(
        OFFSET.double().expand(40, 6), torch.from_numpy(of.complete).double().flatten(1) / 255, reduction="none"
    ).sum(dim=1)
    for name in ("1", "10", "100", "1000", "elbo"):
        torch.testing.assert_close(figures[name], exact, atol=1e-5, rtol=0)
    torch.testing.assert_close(figures["effective"], torch.full((40,), 1000.0, dtype=torch.float64), atol=1e-3, rtol=0)
    torch.testing.assert_close(measured(toy(Constant()), of, 1000)["exact"], exact, atol=1e-5, rtol=0)


def test_the_probabilities_of_all_binary_images_sum_to_one():
    every = np.array([[[list(f"{number:06b}")]] for number in range(64)]).astype(np.uint8).reshape(64, *SHAPE) * 255
    of = Images(every, every, np.zeros_like(every, bool), np.zeros(64, np.int64))
    estimate = measured(toy(OneLatent()), of, 5000, target="threshold")["5000"]
    assert estimate.exp().sum().item() == pytest.approx(1, abs=0.01)


def test_the_same_seed_gives_the_same_figures_and_another_seed_others():
    first, again, other = (measured(toy(OneLatent()), images(), 20, seed=seed) for seed in (3, 3, 4))
    assert first.keys() == again.keys()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["20"], other["20"])
    assert torch.equal(first["entropy"], other["entropy"])


def test_images_in_batches_are_all_measured_in_order(monkeypatch):
    of = images()
    whole = measured(toy(Constant()), of, 1, quantity="hidden")["exact"]
    monkeypatch.setattr(likelihood, "BATCH", 7)
    torch.testing.assert_close(measured(toy(Constant()), of, 1, quantity="hidden")["exact"], whole)


def test_numbers_of_samples():
    assert likelihood.counts(1) == [1]
    assert likelihood.counts(10) == [1, 10]
    assert likelihood.counts(5000) == [1, 10, 100, 1000, 5000]


def test_effective_samples_are_one_where_one_draw_outweighs_all():
    weights = torch.zeros(3, 50, dtype=torch.float64)
    weights[1, 7] = 80
    weights[2, :2] = 80
    expected = torch.tensor([50.0, 1.0, 2.0], dtype=torch.float64)
    torch.testing.assert_close(likelihood.effective_samples(weights - 900), expected)


def test_what_is_hidden_reaches_no_condition(build_model, strokes):
    complete, labels = strokes(20)
    mask = np.zeros((20, 1, 12, 12), bool)
    mask[..., 6:] = True
    model = build_model("cvae_incomplete")
    under = [np.where(mask, fill, complete).astype(np.uint8) for fill in (0, 200)]
    first, second = (measured(model, Images(complete, seen, mask, labels), 5, quantity="hidden") for seen in under)
    assert torch.equal(first["5"], second["5"])


def test_a_label_that_is_granted_counts(build_model, strokes):
    complete, labels = strokes(20)
    of = Images(complete, complete, np.zeros((20, 1, 12, 12), bool), labels)
    others = of._replace(labels=(labels + 1) % 4)
    for name, same in (("cvae_label", False), ("vae", True)):
        figures = [measured(build_model(name), each, 5)["5"] for each in (of, others)]
        assert torch.equal(*figures) == same


# ----------------------------------------------------------------------------------------------- TARGETS AND IMAGES


def test_targets():
    grey = np.arange(256, dtype=np.uint8).repeat(4000).reshape(-1, 1, 2, 2)
    assert likelihood.targets(grey, "grey", 0) is grey
    np.testing.assert_array_equal(likelihood.targets(grey, "threshold", 0), np.where(grey / 255 > 0.5, 255, 0))
    drawn = likelihood.targets(grey, "stochastic", 0)
    assert set(np.unique(drawn)) == {0, 255}
    share = drawn.reshape(256, -1).mean(axis=1) / 255
    assert share[0] == 0
    assert share[255] == 1
    np.testing.assert_allclose(share, np.arange(256) / 255, atol=0.04)
    np.testing.assert_array_equal(drawn, likelihood.targets(grey, "stochastic", 0))
    assert (drawn != likelihood.targets(grey, "stochastic", 1)).any()


def test_entropy_floor():
    values = torch.tensor([0.0, 1.0, 0.5, 0.2]).reshape(1, 1, 2, 2)
    region = torch.ones(1, 1, 2, 2, dtype=torch.bool)
    expected = math.log(2) - 0.2 * math.log(0.2) - 0.8 * math.log(0.8)
    assert likelihood.entropy(values, region).item() == pytest.approx(expected)
    region[..., 1, 1] = False
    assert likelihood.entropy(values, region).item() == pytest.approx(math.log(2))


def test_no_model_is_below_the_entropy_floor():
    of = images()
    figures = measured(toy(OneLatent(proposal=PRIOR)), of, 1000)
    assert (-figures["1000"] > figures["entropy"]).all()
    perfect = torch.logit(torch.from_numpy(of.complete) / 255.0, eps=1e-6)
    network = Constant()
    network.restore = lambda image, condition: perfect
    exact = measured(toy(network), of, 1)
    torch.testing.assert_close(-exact["exact"], exact["entropy"], atol=1e-4, rtol=0)


def test_the_images_are_chosen_at_random_and_the_same_for_all_models():
    some = likelihood.chosen(1000, 100, seed=0)
    assert len(set(some)) == 100
    assert (np.diff(some) > 0).all()
    assert some.max() > 800
    np.testing.assert_array_equal(some, likelihood.chosen(1000, 100, seed=0))
    assert (some != likelihood.chosen(1000, 100, seed=1)).any()
    for wanted in (None, 1000, 2000):
        np.testing.assert_array_equal(likelihood.chosen(1000, wanted, seed=0), np.arange(1000))


# ------------------------------------------------------------------------------------------- WHAT THERE IS TO ESTIMATE


@pytest.mark.parametrize(
    ("network", "condition", "corruption", "expected"),
    [
        ("vae", "none", "none", "image"),
        ("vae", "none", "stroke_hole", "image"),
        ("vae", "label", "stroke_hole", "image"),
        ("conv_vae", "mask", "quadrants", "image"),
        ("vae", "corrupted", "stroke_hole", "hidden"),
        ("cvae_prior", "observed", "quadrants", "hidden"),
        ("vae", "corrupted", "gaussian_noise", "hidden"),
        ("vae", "corrupted", "none", None),
        ("unet", "mask", "quadrants", "hidden"),
        ("autoencoder", "none", "gaussian_noise", "hidden"),
        ("autoencoder", "none", "none", None),
    ],
)
def test_quantity(network, condition, corruption, expected):
    variant = {"network": network, "condition": condition}
    assert likelihood_quantity.quantity(variant, "bce", corruption) == expected
    assert likelihood_quantity.quantity(variant, "mse", corruption) is None


def test_only_models_of_tasks_that_ask_for_it():
    variants = {"vae": {"network": "vae", "condition": "none"}, "ae": {"network": "autoencoder", "condition": "none"}}
    plain = {"corruption": {"name": "none"}, "variants": variants}
    tasks = {"plain": plain, "asked": plain | {"likelihood": {}}}
    names = [ModelName(task, name, loss, 0) for task in tasks for name in variants for loss in ("bce", "mse")]
    assert likelihood_quantity.quantities(names, tasks) == {ModelName("asked", "vae", "bce", 0): "image"}


def test_published_figures_are_offered_where_their_convention_fits():
    quadrants, hole = {"name": "quadrants", "observed": 2}, {"name": "stroke_hole", "size": 6}
    for asked, expected in (
        (("mnist", quadrants, "hidden", "grey"), [61.9, 51.0]),
        (("mnist", quadrants, "image", "stochastic"), [86.76, 84.78]),
        (("digits", quadrants, "hidden", "grey"), []),
        (("mnist", quadrants, "hidden", "threshold"), []),
        (("mnist", hole, "hidden", "grey"), []),
        (("mnist", hole, "image", "threshold"), []),
        (("mnist", hole, "image", "grey"), []),
    ):
        assert [figure.nats for figure in published_figures.likelihoods(*asked)] == expected


# ------------------------------------------------------------------------------------------------------------ THE JOB


@pytest.fixture
def files(tmp_path, build_model, strokes):
    """A job's inputs: `of(name)` has a model of that variant."""
    complete, labels = strokes(30)
    mask = np.zeros((30, 1, 12, 12), bool)
    mask[..., 4:8, 4:8] = True
    artifacts.write_npz(tmp_path / "dataset.npz", test_images=complete, test_labels=labels, classes=4)
    artifacts.write_npz(tmp_path / "test.npz", corrupted=np.where(mask, 0, complete), mask=mask)

    def of(name: str, **other) -> SimpleNamespace:
        model_file.save(build_model(name, **other), tmp_path / "model.pt")
        return SimpleNamespace(
            **{key: tmp_path / f"{key}.npz" for key in ("dataset", "test")}, model=tmp_path / "model.pt"
        )

    return of


JOB = {"images": 20, "samples": 30, "targets": ["grey", "stochastic"], "seed": 0, "data_seed": 0}


@pytest.mark.parametrize(
    ("name", "quantity", "pixels"),
    [("vae", "image", 144), ("cvae_label", "image", 144), ("cvae_incomplete", "hidden", 16)],
)
def test_importance_sampled(name, quantity, pixels, files, tmp_path):
    inputs = files(name)
    for output in ("first.json", "second.json"):
        likelihood_script.main(JOB | {"quantity": quantity}, inputs, tmp_path / output)
    assert (tmp_path / "first.json").read_bytes() == (tmp_path / "second.json").read_bytes()
    content = artifacts.read_json(tmp_path / "first.json")
    assert (content["quantity"], content["estimator"]) == (quantity, "importance")
    assert (content["images"], content["pixels"]) == (20, pixels)
    grey, stochastic = content["targets"]
    assert (grey["target"], stochastic["target"]) == ("grey", "stochastic")
    for part in (grey, stochastic):
        assert [row["samples"] for row in part["estimates"]] == [1, 10, 30]
        nats = [row["nats"] for row in part["estimates"]]
        # An untrained network takes each pixel for nearly a coin.
        assert nats[-1] == pytest.approx(pixels * math.log(2), rel=0.1)
        assert part["elbo"]["samples"] == 10
        assert part["elbo"]["nats"] > nats[1]  # of the same draws: mean of logarithms, logarithm of the mean
        assert 1 <= part["effective_samples"] <= 30
        assert 0 < part["estimates"][0]["standard_error"] < nats[0]
        assert part["above_floor"] == pytest.approx(nats[-1] - part["entropy_floor"])
    assert grey["entropy_floor"] > 0
    assert stochastic["entropy_floor"] == 0


def test_exact(files, tmp_path):
    likelihood_script.main(JOB | {"quantity": "hidden"}, files("ae"), tmp_path / "out.json")
    content = artifacts.read_json(tmp_path / "out.json")
    assert content["estimator"] == "exact"
    for part in content["targets"]:
        (row,) = part["estimates"]
        assert row["samples"] is None
        assert row["nats"] == pytest.approx(16 * math.log(2), rel=0.1)
        assert part["elbo"] is None
        assert part["effective_samples"] is None


def test_a_model_of_other_images(files, tmp_path):
    with pytest.raises(DamagedFile, match=r"model\.pt: a model for images \(1, 14, 14\)"):
        likelihood_script.main(JOB | {"quantity": "image"}, files("vae", shape=(1, 14, 14)), tmp_path / "out.json")


def test_a_network_that_is_not_what_its_file_says(files, tmp_path):
    with pytest.raises(UserError, match=r"networks/vae\.py must say `variational`"):
        likelihood_script.main(JOB | {"quantity": "hidden"}, files("vae"), tmp_path / "out.json")
