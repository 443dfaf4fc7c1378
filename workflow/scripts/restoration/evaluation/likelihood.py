"""Log-likelihood of test images by importance sampling, in nats for each image.

log p(x) >= E log 1/k sum_i w_i with w_i = p(x | z_i) p(z_i) / q(z_i | x) and z_i drawn from q. The bound rises with k
and converges to log p(x) (Burda, Grosse and Salakhutdinov, "Importance Weighted Autoencoders", 2016, arXiv:1509.00519,
equation 8 and theorem 1). k = 1 is the evidence lower bound. Each density may have a condition besides.

q is the encoder, and gets the complete image, whatever the variant saw in training: nothing is restored here, but the
probability of a known image is estimated. Any q gives the right limit; a good q needs fewer draws. p(z) and p(x | z)
get only what may be known at test time.
"""

import math
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import torch

from restoration.core.determinism import derived_seed
from restoration.data import device
from restoration.data.dataset_files import Images
from restoration.data.holes import observed
from restoration.models.gaussian_latent import log_density, sample
from restoration.models.model_file import Model

ELBO_DRAWS = 10  # Pyro's tutorial reports the mean of ten
BATCH = 200  # images: a convolutional network then takes less than 1 GB


def chosen(count: int, wanted: int | None, seed: int) -> np.ndarray:
    """Return the indices of the images to use, rising: `wanted` of `count` at random; all, if `wanted` is None or more.

    Random, because MNIST's files are sorted: the second half of the test images is the harder one.
    """
    if wanted is None or wanted >= count:
        return np.arange(count)
    rng = np.random.default_rng(derived_seed(seed, "likelihood", "images"))
    return np.sort(rng.choice(count, wanted, replace=False))


def targets(images: np.ndarray, target: str, seed: int) -> np.ndarray:
    """Return the target of each pixel: uint8 to uint8, with 255 for 1.

    grey: the pixel's value; threshold: 1 above a half, else 0; stochastic: a Bernoulli draw with the value as
    probability.
    """
    if target == "threshold":
        return np.where(images > 127, 255, 0).astype(np.uint8)
    if target == "stochastic":
        rng = np.random.default_rng(derived_seed(seed, "likelihood", "binarisation"))
        return np.where(rng.random(images.shape) * 255 < images, 255, 0).astype(np.uint8)
    return images


def entropy(images: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    """Return the sum over the region of the entropies of Bernoullis with the pixels as probabilities, float64 (B,).

    No cross-entropy at these targets can be lower. images: (B, C, H, W) in [0, 1]; region: bool (B, 1, H, W).
    """
    images = images.double()
    pixels = torch.special.entr(images) + torch.special.entr(1 - images)
    return (pixels * region).flatten(1).sum(dim=1)


def log_weights(
    model: Model,
    target: torch.Tensor,
    condition: torch.Tensor | None,
    region: torch.Tensor,
    samples: int,
    generator: torch.Generator,
) -> torch.Tensor:
    """Return log w of `samples` draws for each image: float64 (B, samples).

    target: (B, C, H, W) in [0, 1]; condition: (B, K) or None; region: bool (B, 1, H, W), the pixels whose likelihood is
    estimated. Raises TypeError for a network without a latent distribution.
    """
    network = model.autoencoder
    mu, logvar = network.encode(target, condition)
    if logvar is None:
        raise TypeError(f"network '{model.variant.network}' has no distribution to draw from")
    prior_mu, prior_logvar = (part.double() for part in network.prior(condition, len(target)))
    weights = torch.empty(len(target), samples, dtype=torch.float64)
    for draw in range(samples):  # one draw for each image at a time, so that no condition is repeated in memory
        latent = sample(mu, logvar, generator)
        weights[:, draw] = log_likelihood(model.loss, network.decode(latent, condition), target, region)
        latent = latent.double()
        weights[:, draw] += log_density(latent, prior_mu, prior_logvar)
        weights[:, draw] -= log_density(latent, mu.double(), logvar.double())
    return weights


def log_likelihood(loss: ModuleType, logits: torch.Tensor, target: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    """Return log p(target | logits) over the region, float64 (B,)."""
    return -(loss.pixelwise(logits, target) * region).flatten(1).sum(dim=1, dtype=torch.float64)


def counts(samples: int) -> list[int]:
    """Return the numbers of samples to report: 1, 10, 100 and so on, and `samples` itself."""
    return [*(10**power for power in range(len(str(samples))) if 10**power < samples), samples]


def effective_samples(weights: torch.Tensor) -> torch.Tensor:
    """Return (sum w)^2 / sum w^2 of each image, (B,): 1 if one draw outweighs the others, k if all weigh the same."""
    return (2 * weights.logsumexp(dim=1) - (2 * weights).logsumexp(dim=1)).exp()


@torch.no_grad()
def measure(
    model: Model, images: Images, target: str, quantity: str, samples: int, seed: int, data_seed: int
) -> Iterator[dict[str, torch.Tensor]]:
    """Yield the figures of each image by name, batch by batch: all float64 (B,), in nats except `effective`.

    Every network has `entropy`; a network with a latent distribution has `k` for each k of `counts`, `elbo` and
    `effective`; a network without has `exact`. quantity: "image", all pixels, or "hidden", those of the mask. seed: of
    the draws; data_seed: of the binarisation, so that all models get the same targets.
    """
    generator = device.generator(seed, "likelihood", target)
    asked = targets(images.complete, target, data_seed)
    for start in range(0, len(asked), BATCH):
        rows = slice(start, start + BATCH)
        batch, truth = images.subset(rows), device.as_float(asked[rows])
        mask, labels = device.on_device(batch.mask), device.on_device(batch.labels)
        seen = observed(device.as_float(batch.corrupted), mask)
        condition = model.network.given(model.variant.granted(seen, mask, labels, model.classes))
        region = mask if quantity == "hidden" else torch.ones_like(mask)
        figures = {"entropy": entropy(truth, region)}
        if model.network.variational:
            weights = log_weights(model, truth, condition, region, samples, generator)
            # Of log p(x), from the first k draws.
            figures |= {str(k): weights[:, :k].logsumexp(dim=1) - math.log(k) for k in counts(samples)}
            figures |= {"elbo": weights[:, :ELBO_DRAWS].mean(dim=1), "effective": effective_samples(weights)}
        else:
            logits = model.network.restore(seen, condition)
            figures["exact"] = log_likelihood(model.loss, logits, truth, region)
        yield figures
