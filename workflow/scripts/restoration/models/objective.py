"""The training objective: reconstruction summed over pixels, plus the KL divergence, for each image.

For a VAE, the objective is the negative evidence lower bound of the source's section 2.2, up to the loss's constant.
"""

from types import ModuleType

import numpy as np
import torch

from restoration.data import device
from restoration.models.gaussian_latent import kl_divergence, sample
from restoration.models.model_file import Model
from restoration.models.networks import Autoencoder, RestorationNetwork

MEASURED = ["objective", "reconstruction", "kl"]  # per image; the columns of histories


def parts(
    network: RestorationNetwork,
    loss: ModuleType,
    image: torch.Tensor,
    condition: torch.Tensor | None,
    target: torch.Tensor,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return reconstruction and KL, each (B,), for one draw of the latent. KL is 0 where nothing is drawn.

    image: what the encoder sees, (B, C, H, W); condition: (B, K) or None; target: the complete image, (B, C, H, W).
    """
    if not isinstance(network, Autoencoder):
        reconstruction = loss.reconstruction(network.restore(image, condition), target)
        return reconstruction, torch.zeros_like(reconstruction)
    condition = network.given(condition)
    mu, logvar = network.encode(image, condition)
    latent = mu if logvar is None else sample(mu, logvar, generator)
    reconstruction = loss.reconstruction(network.decode(latent, condition), target)
    if logvar is None:
        return reconstruction, torch.zeros_like(reconstruction)
    prior = network.prior(condition, len(image)) if network.learned_prior else None
    return reconstruction, kl_divergence(mu, logvar, prior)


@torch.no_grad()
def held_out(
    model: Model, complete: np.ndarray, corrupted: np.ndarray, mask: np.ndarray, labels: np.ndarray, seed: int
) -> dict[str, float]:
    """Average the training objective and its parts over held-out images.

    As in training, the encoder of some variants sees the complete image: the result measures the fit, not a
    restoration.
    """
    generator = device.generator(seed, "objective")
    totals = torch.zeros(2, dtype=torch.float64)
    for truth, damaged, hidden, label in device.batches(complete, corrupted, mask, labels):
        image = model.variant.seen_in_training(truth, damaged)
        condition = model.variant.granted(damaged, hidden, label, model.classes)
        both = parts(model.network, model.loss, image, condition, truth, generator)
        totals += torch.stack([part.double().sum() for part in both])
    reconstruction, kl = (totals / len(complete)).tolist()
    return {"objective": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}
