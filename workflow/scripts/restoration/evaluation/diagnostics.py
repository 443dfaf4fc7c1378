"""What a model's scores do not say: whether it uses its latent, the source's own statistic, one scale for both losses,
and what a restoration costs to compute.
"""

import math
from typing import Any

import torch
from torch.nn import functional

from restoration.data import device
from restoration.data.dataset_files import Images
from restoration.data.holes import has_hole, observed
from restoration.data.tensors import batches
from restoration.evaluation import operation_count
from restoration.evaluation.scoring import Restorer
from restoration.models.gaussian_latent import kl_divergence, sample
from restoration.models.model_file import Model

ACTIVE = 0.01  # the variance of its posterior mean above which a unit of the latent is active
COLLAPSED = 0.1  # nats of KL below which a latent is collapsed: the most that it can tell of an image, on average
DRAWS = 16  # of the prior for each image, whose spread is the diversity
COUNTED = 8  # images, on which multiply-adds are counted


def measure(model: Model, images: Images, seed: int) -> dict[str, Any]:
    """`latent`, `prior_draw` and `common` as metrics.json has them; the first two are None without a latent
    distribution.
    """
    variational = model.network.variational
    return {
        "latent": latent(model, images, seed) if variational else None,
        "prior_draw": prior_draw(model, images, seed) if variational else None,
        "common": common(model, images),
    }


@torch.no_grad()
def latent(model: Model, images: Images, seed: int) -> dict[str, Any]:
    """Whether the latent says anything of an image.

    kl: KL(q(z | what the encoder sees in training) || prior) in nats, the mean over the images. active_units of
    `units`: those whose posterior mean has a variance above ACTIVE over the images (Burda, Grosse and Salakhutdinov,
    2016, arXiv:1509.00519, section 2). A learned prior is first brought to N(0, I): of each mean the prior's is taken
    away, and the rest divided by its standard deviation. collapsed: no unit is active, or the KL,
    which no information about the images can exceed, is below COLLAPSED. diversity: see below.
    """
    network = model.autoencoder
    means, divergence = [], 0.0
    for complete, corrupted, mask, labels in batches(*images):
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
    """The standard deviation of a hidden pixel over DRAWS decoded draws of the prior, the root mean square over hidden
    pixels and images; over all pixels where nothing is hidden. In units of the range [0, 1].
    """
    generator = device.generator(seed, "diversity")
    variance, pixels = 0.0, 0
    for _, corrupted, mask, labels in batches(*images):
        condition, mu, logvar = _prior(model, corrupted, mask, labels)
        # Sum and sum of squares, so that the draws need not be kept; in double precision, as the variance is small.
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
    """The statistic behind the test losses of the source's lineage, found by trying which gives its figures: one draw
    of the prior for each image, decoded, and the model's own loss summed over the pixels, the mean over the images.

    visible: over the visible pixels, which is what was published; hidden: over the hidden ones. Where nothing or
    everything is hidden, `visible` is over the whole image and `hidden` None.
    """
    generator = device.generator(seed, "prior draw")
    visible = hidden = 0.0
    for complete, corrupted, mask, labels in batches(*images):
        condition, mu, logvar = _prior(model, corrupted, mask, labels)
        logits = model.autoencoder.decode(sample(mu, logvar, generator), condition)
        loss = model.loss.pixelwise(logits, complete).double()
        inside = float(loss.masked_fill(~mask, 0).sum()) if has_hole(images.mask) else 0.0
        visible, hidden = visible + float(loss.sum()) - inside, hidden + inside
    count = len(images.labels)
    return {"visible": visible / count, "hidden": hidden / count if has_hole(images.mask) else None}


@torch.no_grad()
def common(model: Model, images: Images) -> dict[str, float]:
    """The network's own restorations under both losses, whichever it was trained with: squared error and binary
    cross-entropy against the complete image, each summed over the whole image, the mean over the images.

    In double precision, in which a sigmoid is 1, and the logarithm cut off, for logits above 36 only.
    """
    totals = torch.zeros(2, dtype=torch.float64)
    for complete, corrupted, mask, labels in batches(*images):
        seen = observed(corrupted, mask)
        condition = model.variant.granted(seen, mask, labels, model.classes)
        image, target = model.loss.image(model.network.restore(seen, condition).double()), complete.double()
        squared_error = (image - target).square().sum()
        totals += torch.stack([squared_error, functional.binary_cross_entropy(image, target, reduction="sum")])
    mse, bce = (totals / len(images.labels)).tolist()
    return {"mse": mse, "bce": bce}


@torch.no_grad()
def multiply_adds(restore: Restorer, images: Images) -> int:
    """How many multiplications, each with an addition, the matrix products and convolutions of one image's restoration
    take, those of gradients among them. The same on every machine.
    """
    _, corrupted, mask, labels = next(batches(*images.subset(slice(COUNTED))))
    return round(operation_count.multiply_adds(lambda: restore(corrupted, mask, labels)) / len(labels))


def _prior(
    model: Model, corrupted: torch.Tensor, mask: torch.Tensor, labels: torch.Tensor
) -> tuple[torch.Tensor | None, torch.Tensor, torch.Tensor]:
    """The condition that is granted at test time, and by it the prior's mean and log-variance."""
    condition = model.network.given(model.variant.granted(observed(corrupted, mask), mask, labels, model.classes))
    return condition, *model.autoencoder.prior(condition, len(labels))
