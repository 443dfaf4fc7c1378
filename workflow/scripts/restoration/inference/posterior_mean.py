"""The mean of the posterior given the visible pixels, by importance sampling: what has the least squared error.

E[image | visible] = sum of w_k image(z_k), w_k proportional to p(visible | z_k) p(z_k) / q(z_k), z_k drawn from q: the
self-normalised weights of Burda, Grosse and Salakhutdinov, 2016, arXiv:1509.00519, section 3. The encoder is no good q,
for it takes the hole for missing ink: a Gaussian is fitted to each image's visible pixels instead, by gradient on the
evidence lower bound (Kim et al., "Semi-Amortized Variational Autoencoders", 2018, arXiv:1802.02550). As in
`map_latent`, pixels near the hole count more, and the result is blended into the visible ones.

Least is the error where the model is right. On MNIST's 6 x 6 hole it is 5 to 8 % above `map_latent`'s.
"""

import torch

from restoration import context
from restoration.inference import misfit
from restoration.latent import kl_divergence, log_density, sample
from restoration.models import Model
from restoration.optimisation import Adam
from restoration.registry import NonNegativeFloat, OddInt, PositiveInt

NEEDS = {"variational": True}


def restore(
    model: Model,
    corrupted: torch.Tensor,
    mask: torch.Tensor,
    condition: torch.Tensor | None,
    generator: torch.Generator,
    *,
    steps: PositiveInt = 80,
    learning_rate: NonNegativeFloat = 0.15,
    samples: PositiveInt = 50,
    window: OddInt = 5,
    near: NonNegativeFloat = 12.0,
    far: NonNegativeFloat = 0.3,
    blend: bool = True,
) -> torch.Tensor:
    """(B, C, H, W) to (B, C, H, W): `steps` of Adam to fit q, then `samples` draws of it, for all images at once.

    `window`, `near`, `far`: what the visible pixels count, as `context.weights`; near 0 and far 1: the plain posterior.
    """
    network = model.autoencoder
    prior = network.prior(condition, len(corrupted))
    counts = context.weights(mask, window, near, far)
    mu, logvar = fitted(model, corrupted, condition, counts, prior, generator, steps, learning_rate)
    total = torch.zeros_like(corrupted)
    weight = torch.zeros(len(corrupted))
    largest = torch.full((len(corrupted),), -torch.inf)
    for _ in range(samples):
        latent = sample(mu, logvar, generator)
        logits = network.decode(latent, condition)
        log_weight = log_density(latent, *prior) - log_density(latent, mu, logvar)
        log_weight -= misfit(model, logits, corrupted, counts)
        # Sums relative to the largest weight so far, which alone would overflow or vanish.
        largest, before = torch.maximum(largest, log_weight), largest
        old, new = (before - largest).exp(), (log_weight - largest).exp()
        total = total * old[:, None, None, None] + model.loss.image(logits) * new[:, None, None, None]
        weight = weight * old + new
    restored = total / weight[:, None, None, None]
    return context.blended(restored, corrupted, mask) if blend else restored


@torch.enable_grad()
def fitted(
    model: Model,
    corrupted: torch.Tensor,
    condition: torch.Tensor | None,
    counts: torch.Tensor,
    prior: tuple[torch.Tensor, torch.Tensor],
    generator: torch.Generator,
    steps: int,
    learning_rate: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and log-variance (B, latent) of the Gaussian that is nearest to each image's posterior."""
    network = model.autoencoder
    mu = network.code(corrupted, condition).detach().clone().requires_grad_()
    logvar = torch.full_like(mu, -2.0).requires_grad_()
    optimiser = Adam([mu, logvar], learning_rate)
    for _ in range(steps):
        logits = network.decode(sample(mu, logvar, generator), condition)
        bound = misfit(model, logits, corrupted, counts) + kl_divergence(mu, logvar, prior)
        optimiser.step(torch.autograd.grad(bound.sum(), [mu, logvar]))
    return mu.detach(), logvar.detach()
