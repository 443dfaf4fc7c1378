"""Inference by gradient against what a grid over a latent of one dimension gives, and the parts that it is made of."""

import numpy as np
import pytest
import torch

from restoration.core import registry
from restoration.data import corruptions
from restoration.models.model_file import Model
from restoration.models.networks import Autoencoder
from restoration.models.variants import Variant
from restoration.restorers import blending

map_latent, posterior_mean = (registry.load("inference", name) for name in ("map_latent", "posterior_mean"))
PLAIN = {"near": 0.0, "far": 1.0, "blend": False}
SHAPE = (1, 6, 6)


class Line(Autoencoder):
    """One latent number, by which each pixel's logit rises or falls at its own pace; the encoder knows nothing."""

    image_shape, latent, variational = SHAPE, 1, True

    def __init__(self) -> None:
        super().__init__()
        self.pace = torch.linspace(-2, 2, 36).view(1, *SHAPE)

    def encode(self, image, condition):
        return torch.zeros(len(image), 1), torch.zeros(len(image), 1)

    def decode(self, latent, condition):
        return latent[:, :, None, None] * self.pace


@pytest.fixture
def model() -> Model:
    return Model(Line(), Variant("vae", "corrupted", "none", {}), "bce", SHAPE, 4)


@pytest.fixture
def task(model) -> tuple[torch.Tensor, torch.Tensor]:
    """Two images of the model's with their right half hidden, and noise so that no latent fits all pixels."""
    images = torch.sigmoid(model.network.decode(torch.tensor([[1.5], [-0.7]]), None))
    noise = 0.2 * torch.randn(images.shape, generator=torch.Generator().manual_seed(1))
    mask = torch.zeros(2, *SHAPE, dtype=torch.bool)
    mask[..., 3:] = True
    return (images + noise).clamp(0, 1).masked_fill(mask, 0), mask


@pytest.fixture
def grid(model, task) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents and the log of their posterior density, up to a constant: (G,) and (2, G)."""
    corrupted, mask = task
    latents = torch.linspace(-6, 6, 4001)
    logits = model.network.decode(latents[:, None], None)
    loss = [
        (model.loss.pixelwise(logits, image.expand_as(logits)) * ~hidden).flatten(1).sum(dim=1)
        for image, hidden in zip(corrupted, mask, strict=True)
    ]
    return latents, -torch.stack(loss) - 0.5 * latents.square()


@torch.no_grad()
def test_the_most_probable_latent_is_that_of_the_grid(model, task, grid):
    latents, density = grid
    best = latents[density.argmax(dim=1)][:, None]
    restored = map_latent.restore(model, *task, None, torch.Generator(), steps=300, **PLAIN)
    expected = torch.sigmoid(model.network.decode(best, None))
    torch.testing.assert_close(restored, expected, atol=0.005, rtol=0)


@torch.no_grad()
def test_the_posterior_mean_is_that_of_the_grid(model, task, grid):
    latents, density = grid
    images = torch.sigmoid(model.network.decode(latents[:, None], None))
    expected = torch.einsum("ng,gchw->nchw", density.softmax(dim=1), images)
    generator = torch.Generator().manual_seed(0)
    restored = posterior_mean.restore(model, *task, None, generator, steps=200, samples=4000, **PLAIN)
    torch.testing.assert_close(restored, expected, atol=0.01, rtol=0)
    best = images[density.argmax(dim=1)]
    assert (restored - expected).abs().max() < 0.3 * (best - expected).abs().max()


@torch.no_grad()
@pytest.mark.parametrize("entry", [map_latent, posterior_mean])
def test_pixels_near_the_hole_count_more(entry, model):
    """The image's far side is that of one latent, its near side of another."""
    one, other = torch.sigmoid(model.network.decode(torch.tensor([[2.0], [-2.0]]), None)).split(1)
    mask = torch.zeros(1, *SHAPE, dtype=torch.bool)
    mask[..., 5:] = True
    image = torch.where(torch.arange(6) < 3, one, other).masked_fill(mask, 0)
    errors = []
    for near in (0.0, 50.0):
        generator = torch.Generator().manual_seed(0)
        restored = entry.restore(
            model, image, mask, None, generator, steps=100, window=3, near=near, far=1.0, blend=False
        )
        errors.append(float((restored - other)[mask].square().sum()))
    assert errors[1] < errors[0]


def test_the_weights_are_the_hidden_share_of_the_window():
    mask = torch.zeros(1, 1, 7, 7, dtype=torch.bool)
    mask[..., 3, 3] = True
    expected = np.full((7, 7), 0.5)
    expected[2:5, 2:5] = 0.5 + 4 / 9
    expected[3, 3] = 0
    np.testing.assert_allclose(blending.weights(mask, 3, 4.0, 0.5)[0, 0].numpy(), expected, rtol=1e-6)
    everything = torch.ones_like(mask)
    assert (blending.weights(everything, 3, 4.0, 0.5) == 1).all()


def test_what_is_blended_meets_the_visible_pixels_and_is_harmonic_in_the_hole():
    generator = torch.Generator().manual_seed(0)
    restored = 0.4 + 0.2 * torch.rand(2, 3, 9, 9, generator=generator)
    corrupted = 0.4 + 0.2 * torch.rand(2, 3, 9, 9, generator=generator)
    mask = torch.zeros(2, 1, 9, 9, dtype=torch.bool)
    mask[0, :, 3:6, 2:7], mask[1, :, :4, 5:] = True, True  # one inside, one at the image's corner
    joined = blending.blended(restored, corrupted, mask)
    visible = ~mask.expand_as(joined)
    torch.testing.assert_close(joined[visible], corrupted[visible])
    correction = (joined - restored).double()
    padded = torch.nn.functional.pad(correction, (1, 1, 1, 1))
    inside = torch.nn.functional.pad(torch.ones_like(correction), (1, 1, 1, 1))

    def around(values: torch.Tensor) -> torch.Tensor:
        return values[..., :-2, 1:-1] + values[..., 2:, 1:-1] + values[..., 1:-1, :-2] + values[..., 1:-1, 2:]

    mean = around(padded) / around(inside)
    assert (mean - correction)[~visible].abs().max() < 1e-5
    assert correction[~visible].abs().max() > 0.02


def harmonic(values: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
    """Values (C, H, W) continued into the hidden pixels (H, W), by elimination in double precision."""
    height, width = hidden.shape
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    places = torch.stack([rows, columns], dim=-1).view(-1, 2)
    beside = (torch.cdist(places.double(), places.double(), p=1) == 1).double()
    laplacian, unknown = beside.sum(dim=1).diag() - beside, hidden.flatten()
    filled = values.flatten(1).double()
    right = beside[unknown][:, ~unknown] @ filled[:, ~unknown].T
    filled[:, unknown] = torch.linalg.solve(laplacian[unknown][:, unknown], right).T
    return filled.view_as(values)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "hole",
    [
        {"name": "stroke_hole", "size": 6},
        {"name": "stroke_hole", "size": 14},
        {"name": "central_hole", "size": 14},
        {"name": "quadrants", "observed": 1},
        {"name": "missing_pixels", "fraction": 0.5},
        {"name": "missing_pixels", "fraction": 0.95},
    ],
    ids=lambda hole: "_".join(map(str, hole.values())),
)
@pytest.mark.parametrize("error", ["noise", "constant"])
def test_the_harmonic_function_is_the_exact_one_whatever_else_is_in_the_batch(hole, channels, error, strokes):
    images, _ = strokes(4, (channels, 28, 28))
    _, mask = corruptions.build(hole)(torch.from_numpy(images / 255).float(), torch.Generator().manual_seed(0))
    values = torch.rand(images.shape, generator=torch.Generator().manual_seed(1)) - 0.5
    if error == "constant":  # which takes the longest way into the hole
        values = torch.full_like(values, 0.5)
    mask[3] = False  # an image without a hole among the others
    filled = blending.harmonic(values, mask)
    for alone, hidden, together in zip(values, mask, filled, strict=True):
        expected = harmonic(alone, hidden[0]).float()
        torch.testing.assert_close(together, expected, atol=2e-5, rtol=0)
        torch.testing.assert_close(blending.harmonic(alone[None], hidden[None])[0], together, atol=2e-5, rtol=0)


def test_an_image_that_is_hidden_as_a_whole_is_not_blended():
    restored, noisy = torch.rand(2, 1, 5, 5)[:, None].unbind()
    everything = torch.ones(1, 1, 5, 5, dtype=torch.bool)
    assert blending.blended(restored, noisy, everything).equal(restored)
