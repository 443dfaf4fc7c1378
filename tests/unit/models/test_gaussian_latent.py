import pytest
import torch
from helpers import seeded
from torch.distributions import Normal, kl

from restoration.models import gaussian_latent


@pytest.fixture
def distribution() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    mu = torch.randn(7, 5, generator=generator, dtype=torch.float64) * 2
    logvar = torch.randn(7, 5, generator=generator, dtype=torch.float64) * 1.5
    return mu, logvar


def test_kl_divergence_is_torchs_summed_over_the_latent(distribution):
    mu, logvar = distribution
    expected = kl.kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(gaussian_latent.kl_divergence(mu, logvar), expected)


@pytest.fixture
def prior() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    mu, logvar = torch.randn(2, 7, 5, generator=generator, dtype=torch.float64)
    return mu, logvar


def test_kl_divergence_from_another_prior_is_torchs(distribution, prior):
    mu, logvar = distribution
    expected = kl.kl_divergence(Normal(mu, (0.5 * logvar).exp()), Normal(prior[0], (0.5 * prior[1]).exp())).sum(dim=1)
    torch.testing.assert_close(gaussian_latent.kl_divergence(mu, logvar, prior), expected)


def test_kl_divergence_from_the_standard_prior_is_the_same_when_it_is_given(distribution):
    zeros = torch.zeros(7, 5, dtype=torch.float64)
    torch.testing.assert_close(
        gaussian_latent.kl_divergence(*distribution, (zeros, zeros)), gaussian_latent.kl_divergence(*distribution)
    )
    assert gaussian_latent.kl_divergence(*distribution, distribution).abs().max() < 1e-12


def test_log_density_is_torchs_summed_over_the_latent(distribution):
    mu, logvar = distribution
    z = torch.randn(4, 7, 5, dtype=torch.float64, generator=seeded(4))
    expected = Normal(mu, (0.5 * logvar).exp()).log_prob(z).sum(dim=-1)
    assert expected.shape == (4, 7)
    torch.testing.assert_close(gaussian_latent.log_density(z, mu, logvar), expected)


def test_sample_has_the_mean_and_the_variance_asked_for():
    mu, logvar = torch.tensor([-1.0, 0.0, 3.0]), torch.tensor([-2.0, 0.0, 1.0])
    count = 200_000
    draws = gaussian_latent.sample(mu.expand(count, 3), logvar.expand(count, 3), torch.Generator().manual_seed(0))
    standard_error = (0.5 * logvar).exp() / count**0.5
    assert ((draws.mean(dim=0) - mu).abs() < 5 * standard_error).all()
    torch.testing.assert_close(draws.var(dim=0), logvar.exp(), rtol=0.02, atol=0)
    covariance = torch.cov((draws - mu).T / (0.5 * logvar).exp()[:, None])
    assert (covariance - torch.eye(3)).abs().max() < 0.02


def test_sample_passes_the_gradient_on_to_mean_and_variance(distribution):
    mu, logvar = (part.requires_grad_() for part in distribution)
    draw = gaussian_latent.sample(mu, logvar, torch.Generator().manual_seed(0))
    draw.sum().backward()
    torch.testing.assert_close(mu.grad, torch.ones_like(mu))
    torch.testing.assert_close(logvar.grad, ((draw - mu) / 2).detach())


def test_sample_draws_from_its_generator_alone(distribution):
    draws = []
    for global_seed, seed in ((0, 5), (1, 5), (0, 6)):
        torch.manual_seed(global_seed)
        draws.append(gaussian_latent.sample(*distribution, torch.Generator().manual_seed(seed)))
    assert draws[0].equal(draws[1])
    assert not draws[0].equal(draws[2])
