"""Diagnostics of a model beside its scores: its use of the latent, its prior draws, and its error under both losses."""

import math
from typing import Any

import torch
from torch.nn import functional

from restoration.data import device
from restoration.data.dataset_files import Images
from restoration.data.holes import has_hole, observed
from restoration.models.gaussian_latent import kl_divergence, sample
from restoration.models.model_file import Model

ACTIVE = 0.01  # a unit of the latent is active if its posterior mean has a larger variance
COLLAPSED = 0.1  # nats; a latent with a smaller KL is collapsed: the KL bounds what the latent tells of an image
DRAWS = 16  # of the prior for each image, for the diversity


def measure(model: Model, images: Images, seed: int) -> dict[str, Any]:
    """Return `latent`, `prior_draw` (both None without a latent distribution) and `common` of metrics.json."""
    variational = model.network.variational
    return {
        "latent": latent(model, images, seed) if variational else None,
        "prior_draw": prior_draw(model, images, seed) if variational else None,
        "common": common(model, images),
    }


@torch.no_grad()
def latent(model: Model, images: Images, seed: int) -> dict[str, Any]:
    """Return how much the latent tells of an image.

    kl: the mean over the images of KL(q(z | x) || p(z)) in nats, where x is what the encoder sees in training.
    active_units of `units`: how many have a posterior mean with a variance above ACTIVE over the images (Burda, Grosse
    and Salakhutdinov, 2016, arXiv:1509.00519, section 2). With a learned prior N(m, s^2), (mean - m) / s counts in the
    place of the mean. collapsed: no unit is active, or the KL is below COLLAPSED. diversity: as from `diversity`.
    """
    network = model.autoencoder
    means, divergence = [], 0.0
    for complete, corrupted, mask, labels in device.batches(*images):
        condition = network.given(model.variant.granted(corrupted, mask, labels, model.classes))
        mu, logvar = network.encode(model.variant.seen_in_training(complete, corrupted), condition)
        assert logvar is not None  # of a variational network
        prior_mu, prior_logvar = network.prior(condition, len(mu))
        divergence += float(kl_divergence(mu, logvar, (prior_mu, prior_logvar)).double().sum())
        means.append((mu - prior_mu).double() / (0.5 * prior_logvar.double()).exp())
    divergence /= len(images.labels)
    active = int((torch.cat(means).var(dim=0, correction=0) > ACTIVE).sum())
    return {
        "kl": divergence,
        "active_units": active,
        "units": network.latent,
        "diversity": diversity(model, images, seed),
        "collapsed": active == 0 or divergence < COLLAPSED,
    }


@torch.no_grad()
def diversity(model: Model, images: Images, seed: int) -> float:
    """Return how much images decoded from the prior differ, in units of the range [0, 1].

    The variance of a pixel over DRAWS draws, averaged over images and hidden pixels (all pixels, where none is
    hidden); of this mean the square root.
    """
    generator = device.generator(seed, "diversity")
    variance, pixels = 0.0, 0
    for _, corrupted, mask, labels in device.batches(*images):
        condition, mu, logvar = _prior(model, corrupted, mask, labels)
        # Sums, so that no draw is kept; in double precision, because the variance is a small difference.
        total, squares = torch.zeros(2, *corrupted.shape, dtype=torch.float64)
        for _ in range(DRAWS):
            image = model.loss.image(model.autoencoder.decode(sample(mu, logvar, generator), condition)).double()
            total += image
            squares += image.square()
        spread = (squares - total.square() / DRAWS) / (DRAWS - 1)
        region = mask.expand_as(spread) if has_hole(images.mask) else torch.ones_like(spread, dtype=torch.bool)
        variance += float(spread[region].sum())
        pixels += int(region.sum())
    return math.sqrt(max(0.0, variance / pixels))


@torch.no_grad()
def prior_draw(model: Model, images: Images, seed: int) -> dict[str, float | None]:
    """Return the loss of one prior draw: for each image one latent is drawn and decoded, and the model's own loss is
    summed over pixels; the mean over the images.

    visible: over the visible pixels. This is the test loss that the source's lineage published, as trying showed.
    hidden: over the hidden pixels. Without a hole, `visible` is over the whole image and `hidden` is None.
    """
    generator = device.generator(seed, "prior draw")
    visible = hidden = 0.0
    for complete, corrupted, mask, labels in device.batches(*images):
        condition, mu, logvar = _prior(model, corrupted, mask, labels)
        logits = model.autoencoder.decode(sample(mu, logvar, generator), condition)
        loss = model.loss.pixelwise(logits, complete).double()
        inside = float(loss.masked_fill(~mask, 0).sum()) if has_hole(images.mask) else 0.0
        visible, hidden = visible + float(loss.sum()) - inside, hidden + inside
    count = len(images.labels)
    return {"visible": visible / count, "hidden": hidden / count if has_hole(images.mask) else None}


@torch.no_grad()
def common(model: Model, images: Images) -> dict[str, float]:
    """Return the errors of the network's own restorations under both losses, whichever it was trained with.

    mse: squared error; bce: binary cross-entropy; each summed over the pixels, the mean over the images. In double
    precision, so that the sigmoid rounds to 1, and the logarithm is cut off, for logits above 36 only.
    """
    totals = torch.zeros(2, dtype=torch.float64)
    for complete, corrupted, mask, labels in device.batches(*images):
        seen = observed(corrupted, mask)
        condition = model.variant.granted(seen, mask, labels, model.classes)
        image, target = model.loss.image(model.network.restore(seen, condition).double()), complete.double()
        squared_error = (image - target).square().sum()
        totals += torch.stack([squared_error, functional.binary_cross_entropy(image, target, reduction="sum")])
    mse, bce = (totals / len(images.labels)).tolist()
    return {"mse": mse, "bce": bce}


def _prior(
    model: Model, corrupted: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
    """Return the condition that is granted at test time, and the prior's mean and log-variance under the condition."""
    condition = model.network.given(model.variant.granted(observed(corrupted, mask), mask, labels, model.classes))
    return condition, *model.autoencoder.prior(condition, len(labels))
