"""The mean of the posterior given the visible pixels, by importance sampling: it has the least squared error.

E[image | visible] = sum of w_k image(z_k), w_k proportional to p(visible | z_k) p(z_k) / q(z_k), z_k drawn from q: the
self-normalised weights of Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 3. The encoder is no good q,
because it takes the hole for missing ink. q is Laplace's approximation, a Gaussian round `map_latent`'s latent with the
curvature there (MacKay, 2003, chapter 27). As in `map_latent`, pixels near the hole count more, and the result is
blended into the visible ones.

The error is least if the model is right. A VAE's posterior is too wide, because its prior holds more than digits. On
1,000 validation images of MNIST with the 6 x 6 hole, the plain posterior's mean is 12 % worse than `map_latent`. All
weights doubled narrow the posterior: the mean is then within 1 % of `map_latent`, and 3 % better for `vae` under MSE.
Where most is hidden, the weights of `map_latent` do better: 5 % with a visible quarter, 9 % with a 14 x 14 hole.
"""

import math

import torch

from restoration.core.registry import NonNegativeFloat, OddInt, PositiveInt
from restoration.models.gaussian_latent import log_density
from restoration.models.model_file import Model
from restoration.restorers import blending
from restoration.restorers.inference.map_latent import most_probable

NEEDS = {"variational": True}
APART = 0.05  # of latents for a numerical derivative, in standard deviations of the prior
STEP = 0.1  # of logits for a numerical derivative


def restore(
    model: Model,
    corrupted: torch.Tensor,
    mask: torch.Tensor,
    condition: torch.Tensor | None,
    generator: torch.Generator,
    *,
    steps: PositiveInt = 20,
    learning_rate: NonNegativeFloat = 0.8,
    samples: PositiveInt = 50,
    window: OddInt = 5,
    near: NonNegativeFloat = 24.0,
    far: NonNegativeFloat = 0.6,
    blend: bool = True,
) -> torch.Tensor:
    """Restore (B, C, H, W): `steps` to the most probable latent, then `samples` draws round it, for all images at once.

    Draws come in pairs that lie opposite each other. No draw counts more than the root of `samples` times what the most
    probable latent would count, which is 1 where q is the posterior; else the heaviest of few draws would be nearly all
    (truncated weights: Ionides, 2008, Journal of Computational and Graphical Statistics 17(2); there in the mean's
    place). `window`, `near`, `far`: as in `map_latent`.
    """
    network = model.autoencoder
    prior = network.prior(condition, len(corrupted))
    counts = blending.weights(mask, window, near, far)
    mode = most_probable(model, corrupted, condition, counts, steps, learning_rate)
    spread = deviation(model, corrupted, condition, counts, mode, prior[1])

    def density(latent: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        return log_density(latent, *prior) - model.misfit(logits, corrupted, counts)

    highest = density(mode, network.decode(mode, condition))
    total, weight = torch.zeros_like(corrupted), torch.zeros(len(corrupted))
    largest = torch.full((len(corrupted),), -torch.inf)
    noise = torch.empty_like(mode)
    for number in range(samples):
        noise = -noise if number % 2 else torch.empty_like(mode).normal_(generator=generator)
        latent = torch.baddbmm(mode[:, :, None], spread, noise[:, :, None])[:, :, 0]
        logits = network.decode(latent, condition)
        # Both densities relative to the mode, so that constants of q cancel.
        log_weight = density(latent, logits) - highest + 0.5 * noise.square().sum(dim=1)
        log_weight = log_weight.clamp(max=0.5 * math.log(samples))
        # Sums relative to the largest weight so far, because all weights may underflow.
        largest, before = torch.maximum(largest, log_weight), largest
        old, new = (before - largest).exp(), (log_weight - largest).exp()
        total = total * old[:, None, None, None] + model.loss.image(logits) * new[:, None, None, None]
        weight = weight * old + new
    restored = total / weight[:, None, None, None]
    return blending.blended(restored, corrupted, mask) if blend else restored


@torch.enable_grad()
def deviation(
    model: Model,
    corrupted: torch.Tensor,
    condition: torch.Tensor | None,
    counts: torch.Tensor,
    mode: torch.Tensor,
    prior_logvar: torch.Tensor,
) -> torch.Tensor:
    """Return the matrix (B, latent, latent) that turns a draw of N(0, I) into one of Laplace's approximation, less
    `mode`.

    Its precision, in units of the prior's standard deviation, is I + J^T W J: the Gauss-Newton approximation, with J
    the decoder's derivative and W the loss's second derivative by each logit, 0 where that is negative.
    """
    network, scale = model.autoencoder, (0.5 * prior_logvar).exp()
    at = mode.clone().requires_grad_()
    logits = network.decode(at, condition)
    level = logits.detach()

    def slope(shift: float) -> torch.Tensor:
        shifted = (level + shift).requires_grad_()
        return torch.autograd.grad(model.loss.pixelwise(shifted, corrupted).sum(), shifted)[0]

    curvature = ((slope(STEP) - slope(-STEP)) / (2 * STEP)).clamp(min=0) * counts
    rows = []
    for unit in torch.eye(mode.shape[1]):
        with torch.no_grad():
            along = (network.decode(torch.addcmul(mode, scale, unit, value=APART), condition) - level) / APART
        rows.append(torch.autograd.grad(logits, at, curvature * along, retain_graph=True)[0] * scale)
    product = torch.stack(rows, dim=1)
    # Rounding leaves it slightly asymmetric, and with small negative eigenvalues.
    values, axes = torch.linalg.eigh((product + product.mT) / 2)
    return scale[:, :, None] * axes * (1 + values.clamp(min=0)).rsqrt()[:, None]
