"""The latent's distribution: sampling and the Kullback-Leibler divergence.

Source: Kingma and Welling, "Auto-Encoding Variational Bayes", 2014, arXiv:1312.6114.
"""

import torch


def sample(mu: torch.Tensor, logvar: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """One draw of N(mu, exp(logvar)) for each row, differentiable in both: mu + sigma * epsilon (section 2.4)."""
    epsilon = torch.empty_like(mu).normal_(generator=generator)
    return torch.addcmul(mu, epsilon, (0.5 * logvar).exp())


def kl_divergence(mu: torch.Tensor, logvar: torch.Tensor) -> torch.Tensor:
    """KL(N(mu, exp(logvar)) || N(0, I)) in nats for each row, in closed form (appendix B): (B, latent) to (B,)."""
    return -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum(dim=1)
