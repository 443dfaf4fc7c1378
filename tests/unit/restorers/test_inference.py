import pytest
import torch
from helpers import SOURCE, VARIANTS, quick, seeded

from restoration.core import registry
from restoration.evaluation import scoring
from restoration.models.model_file import Model
from restoration.models.networks import Autoencoder, RestorationNetwork
from restoration.models.variants import Variant

METHODS = registry.names("inference")
CLASSES = 4

best_prior, cycle_spinning, inferred_label, encode = (
    registry.load("inference", name) for name in ("best_prior", "cycle_spinning", "inferred_label", "encode")
)


class Templates(Autoencoder):
    """Decodes each label to its own template and gives each label the KL divergence that is set for it."""

    image_shape, latent, variational = (1, 6, 6), 1, True

    def __init__(self, divergence: list[float]) -> None:
        super().__init__()
        self.templates = torch.full((CLASSES, 1, 6, 6), -4.0)
        for label in range(CLASSES):
            self.templates[label, :, label] = 4.0
        self.mean = (2 * torch.tensor(divergence)).sqrt()

    def encode(self, image, condition):
        return condition @ self.mean[:, None], torch.zeros(len(image), 1)

    def decode(self, latent, condition):
        return self.templates[condition.argmax(dim=1)]


def template_model(loss: str, divergence: list[float]) -> Model:
    variant = Variant("vae", "corrupted", "label", {})
    return Model(Templates(divergence), variant, loss, (1, 6, 6), CLASSES)


@pytest.fixture
def task(strokes) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Images with a hole, its mask, and labels."""
    images, labels = strokes(9)
    mask = torch.zeros(9, 1, 12, 12, dtype=torch.bool)
    mask[:, :, 3:8, 4:9] = True
    return (torch.from_numpy(images) / 255).masked_fill(mask, 0), mask, torch.from_numpy(labels)


@torch.no_grad()
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("loss", registry.names("losses"))
def test_every_method_restores_whole_images_and_only_reads_what_it_gets(method, loss, task, build_model):
    entry = registry.load("inference", method)
    corrupted, mask, labels = task
    before = corrupted.clone(), mask.clone()
    applicable = [model for name in VARIANTS if scoring.restorer(model := build_model(name, loss), method, {}, 0)]
    assert applicable
    for model in applicable:
        condition = model.variant.granted(corrupted, mask, labels, model.classes)
        first, again = (entry.restore(model, corrupted, mask, condition, seeded(), **quick(method)) for _ in range(2))
        assert first.shape == corrupted.shape
        assert 0 <= first.min() < first.max() <= 1
        assert first.equal(again)
    assert corrupted.equal(before[0])
    assert mask.equal(before[1])


@pytest.mark.parametrize(
    ("method", "applicable"),
    [
        ("encode", [*SOURCE, "unet", "unet_blind", "conv_vae", "cvae_prior"]),
        ("best_prior", [*SOURCE[1:], "conv_vae", "cvae_prior"]),
        ("inferred_label", ["cvae_label"]),
    ],
)
def test_methods_apply_where_they_make_sense(method, applicable, build_model):
    names = [*SOURCE, "unet", "unet_blind", "conv_vae", "cvae_prior"]
    assert [name for name in names if scoring.restorer(build_model(name), method, {}, 0)] == applicable


@torch.no_grad()
def test_encode_decodes_the_mean_of_the_latent(task, build_model):
    corrupted, mask, labels = task
    model = build_model("cvae_label")
    condition = model.variant.granted(corrupted, mask, labels, model.classes)
    generator = seeded()
    state = generator.get_state()
    restored = encode.restore(model, corrupted, mask, condition, generator)
    mu, _ = model.network.encode(corrupted, condition)
    torch.testing.assert_close(restored, torch.sigmoid(model.network.decode(mu, condition)))
    assert generator.get_state().equal(state)


def misfit(restored: torch.Tensor, corrupted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return (restored - corrupted).where(~mask, 0).square().flatten(1).sum(dim=1)


@torch.no_grad()
@pytest.mark.parametrize("name", [*SOURCE[1:], "conv_vae", "cvae_prior"])
def test_more_samples_of_the_prior_never_fit_the_visible_pixels_worse(name, task, build_model):
    corrupted, mask, labels = task
    model = build_model(name)
    condition = model.variant.granted(corrupted, mask, labels, model.classes)
    errors = torch.stack(
        [
            misfit(best_prior.restore(model, corrupted, mask, condition, seeded(), samples=samples), corrupted, mask)
            for samples in (1, 2, 5, 20, 100)
        ]
    )
    assert (errors.diff(dim=0) <= 1e-6).all()
    assert (errors[-1] < errors[0]).any()


@torch.no_grad()
def test_the_best_of_the_prior_is_one_of_the_draws_chosen_by_its_visible_pixels(task, build_model):
    corrupted, mask, _ = task
    model, samples = build_model("vae"), 15
    generator = seeded(2)
    draws = [
        torch.sigmoid(model.network.decode(torch.randn(len(corrupted), 3, generator=generator), None))
        for _ in range(samples)
    ]
    chosen = torch.stack([misfit(draw, corrupted, mask) for draw in draws]).argmin(dim=0)
    expected = torch.stack([draws[best][image] for image, best in enumerate(chosen.tolist())])
    restored = best_prior.restore(model, corrupted, mask, None, seeded(2), samples=samples)
    torch.testing.assert_close(restored, expected)
    assert chosen.unique().numel() > 1


@torch.no_grad()
def test_a_learned_prior_is_the_one_that_is_sampled(task, build_model):
    corrupted, mask, labels = task
    model = build_model("cvae_prior")
    condition = model.variant.granted(corrupted, mask, labels, model.classes)
    mu, logvar = model.autoencoder.prior(condition, len(corrupted))
    latent = mu + (0.5 * logvar).exp() * torch.randn(mu.shape, generator=seeded(2))
    expected = torch.sigmoid(model.autoencoder.decode(latent, condition))
    restored = best_prior.restore(model, corrupted, mask, condition, seeded(2), samples=1)
    torch.testing.assert_close(restored, expected)


@torch.no_grad()
@pytest.mark.parametrize("name", ["unet", "unet_blind"])
def test_encode_restores_directly_where_there_is_no_code(name, task, build_model):
    corrupted, mask, labels = task
    model = build_model(name)
    condition = model.variant.granted(corrupted, mask, labels, model.classes)
    restored = encode.restore(model, corrupted, mask, condition, seeded())
    torch.testing.assert_close(restored, torch.sigmoid(model.network.restore(corrupted, condition)))


@torch.no_grad()
def test_the_prior_is_compared_with_all_pixels_where_noise_hides_them_all(build_model):
    model, everything = build_model("vae"), torch.ones(2, 1, 12, 12, dtype=torch.bool)
    noisy = torch.rand(2, 1, 12, 12)
    restored = best_prior.restore(model, noisy, everything, None, seeded(), samples=30)
    generator = seeded()
    draws = [torch.sigmoid(model.network.decode(torch.randn(2, 3, generator=generator), None)) for _ in range(30)]
    errors = torch.stack([(draw - noisy).square().flatten(1).sum(dim=1) for draw in draws])
    assert errors.argmin(dim=0).any()  # not simply the first
    torch.testing.assert_close((restored - noisy).square().flatten(1).sum(dim=1), errors.amin(dim=0))


@torch.no_grad()
@pytest.mark.parametrize("loss", ["bce", "mse"])
def test_the_inferred_label_is_the_one_whose_visible_pixels_fit(loss):
    model = template_model(loss, divergence=[0.0] * CLASSES)
    truth = torch.tensor([2, 0, 3, 1])
    images = torch.sigmoid(model.network.templates[truth])
    mask = torch.zeros(4, 1, 6, 6, dtype=torch.bool)
    mask[..., :4] = True
    wrong = torch.eye(CLASSES)[[0, 1, 2, 3]]
    restored = inferred_label.restore(model, images.masked_fill(mask, 0), mask, wrong, seeded())
    torch.testing.assert_close(restored, images)


@torch.no_grad()
def test_the_inferred_label_pays_for_its_latent():
    everything = torch.ones(2, 1, 6, 6, dtype=torch.bool)
    model = template_model("bce", divergence=[3.0, 2.0, 0.5, 1.0])
    restored = inferred_label.restore(model, torch.zeros(2, 1, 6, 6), everything, None, seeded())
    torch.testing.assert_close(restored, torch.sigmoid(model.network.templates[[2, 2]]))


class Grid(RestorationNetwork):
    """Adds to its condition, taken as an image, a pattern that stays where it is."""

    image_shape = (1, 6, 6)

    def __init__(self) -> None:
        super().__init__()
        self.pattern = torch.arange(36.0).view(1, 1, 6, 6) / 36

    def restore(self, image, condition):
        return torch.logit(condition.view_as(image)) + self.pattern


def test_cycle_spinning_is_the_mean_over_shifts_of_image_and_condition():
    """What stays with the image stays where it is, what stays with the grid is averaged over the shifts."""
    image = torch.rand(3, 1, 6, 6, generator=seeded()) * 0.8 + 0.1
    mask = torch.zeros(3, 1, 6, 6, dtype=torch.bool)
    model = Model(Grid(), Variant("grid", "corrupted", "corrupted", {}), "bce", (1, 6, 6), CLASSES)
    restored = cycle_spinning.restore(model, image, mask, image.flatten(1), seeded(), reach=1)
    expected = torch.zeros_like(image)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            for row in range(6):
                for column in range(6):
                    at = model.network.pattern[0, 0, (row + down) % 6, (column + right) % 6]
                    expected[:, 0, row, column] += torch.sigmoid(torch.logit(image[:, 0, row, column]) + at) / 9
    assert torch.allclose(restored, expected, atol=1e-6)
