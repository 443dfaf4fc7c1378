"""The mean of the posterior given the visible pixels, by importance sampling: what has the least squared error.

E[image | visible] = sum of w_k image(z_k), w_k proportional to p(visible | z_k) p(z_k) / q(z_k), z_k drawn from q: the
self-normalised weights of Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 3. The encoder is no good q,
for it takes the hole for missing ink: q is Laplace's approximation, a Gaussian round `map_latent`'s latent with the
curvature there (MacKay, 2003, chapter 27). As in `map_latent`, pixels near the hole count more, and the result is
blended into the visible ones.

Least is the error where the model is right; a VAE's posterior is too wide, for its prior holds more than digits. On
1,000 validation images of MNIST, 6 x 6 hole, the plain posterior's mean is 12 % worse than `map_latent`; with all
weights doubled, which narrows it, the mean is within 1 % of it, and 3 % better for `vae` under MSE. Where most is
hidden, the weights of `map_latent` do better: of a quarter 5 %, of a 14 x 14 hole 9 % better than it.
"""

import math

import torch

from restoration.core.registry import NonNegativeFloat, OddInt, PositiveInt
from restoration.models.gaussian_latent import log_density
from restoration.models.model_file import Model
from restoration.restorers import blending
from restoration.restorers.inference import misfit
from restoration.restorers.inference.map_latent import most_probable

NEEDS = {"variational": True}
APART = 0.05  # between two latents whose difference is a derivative, in standard deviations of the prior
STEP = 0.1  # the same of logits


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
    """(B, C, H, W) to (B, C, H, W): `steps` to the most probable latent, then `samples` draws round it, in pairs that
    lie opposite each other, for all images at once.

    No draw counts more than the root of `samples` times what the most probable latent would, which is 1 where q is the
    posterior: of few draws the heaviest would be nearly all (truncated weights: Ionides, 2008, Journal of Computational
    and Graphical Statistics 17(2); there in the mean's place).

    `window`, `near`, `far`: what the visible pixels count, as `blending.weights`; near 0 and far 1: the plain
    posterior.
    """
    network = model.autoencoder
    prior = network.prior(condition, len(corrupted))
    counts = blending.weights(mask, window, near, far)
    mode = most_probable(model, corrupted, condition, counts, steps, learning_rate)
    spread = deviation(model, corrupted, condition, counts, mode, prior[1])

    def density(latent: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        return log_density(latent, *prior) - misfit(model, logits, corrupted, counts)

    highest = density(mode, network.decode(mode, condition))
    total, weight = torch.zeros_like(corrupted), torch.zeros(len(corrupted))
    largest = torch.full((len(corrupted),), -torch.inf)
    noise = torch.empty_like(mode)
    for number in range(samples):
        noise = -noise if number % 2 else torch.empty_like(mode).normal_(generator=generator)
        latent = torch.baddbmm(mode[:, :, None], spread, noise[:, :, None])[:, :, 0]
        logits = network.decode(latent, condition)
        # Both densities by what they are at the mode, so that constants of q fall out.
        log_weight = density(latent, logits) - highest + 0.5 * noise.square().sum(dim=1)
        log_weight = log_weight.clamp(max=0.5 * math.log(samples))
        # Sums relative to the largest weight so far, as all may vanish.
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
    """The matrix (B, latent, latent) that makes of a draw of N(0, I) one of Laplace's approximation, less `mode`.

    Its precision, in units of the prior's standard deviation, is I + J^T W J: the Gauss-Newton approximation, with J
    the decoder's derivative and W the loss's second derivative by each logit, 0 where it is below.
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
    # Of differences, it is neither symmetric nor without negative eigenvalues to the last digit.
    values, axes = torch.linalg.eigh((product + product.mT) / 2)
    return scale[:, :, None] * axes * (1 + values.clamp(min=0)).rsqrt()[:, None]
