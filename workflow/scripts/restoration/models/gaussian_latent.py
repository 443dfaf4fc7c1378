"""The latent's distribution: sampling and the Kullback-Leibler divergence.

Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, arXiv:1312.6114.
"""

import math

import torch


def sample(mu: torch.Tensor, logvar: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Draw mu + sigma * epsilon from N(mu, exp(logvar)), one row each, differentiable in both (section 2.4)."""
    epsilon = torch.empty_like(mu).normal_(generator=generator)
    return torch.addcmul(mu, epsilon, (0.5 * logvar).exp())


def kl_divergence(
    mu: torch.Tensor, logvar: torch.Tensor, prior: tuple[torch.Tensor, torch.Tensor] | None = None
) -> torch.Tensor:
    """Return KL(N(mu, exp(logvar)) || prior) in nats for each row, in closed form: (B, latent) to (B,).

    prior: mu and logvar of another diagonal Gaussian, each (B, latent); None stands for N(0, I) (appendix B).
    """
    if prior is None:
        return -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum(dim=1)
    prior_mu, prior_logvar = prior
    ratio = logvar - prior_logvar
    return -0.5 * (1 + ratio - (mu - prior_mu).square() / prior_logvar.exp() - ratio.exp()).sum(dim=1)


def log_density(z: torch.Tensor, mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """Return log N(z; mu, exp(logvar)) in nats, summed over the last dimension; the arguments are broadcast."""
    return -0.5 * (math.log(2 * math.pi) + logvar + (z - mu).square() / logvar.exp()).sum(dim=-1)
