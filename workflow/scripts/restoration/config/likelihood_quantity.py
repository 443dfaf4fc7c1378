"""Which models have a likelihood to estimate, and of what: as the files of their parts say, without importing them."""

from collections.abc import Iterable, Mapping
from typing import Any

from restoration.config.model_names import ModelName
from restoration.core import registry
from restoration.core.errors import UserError

IMAGE_CONDITIONS = ("corrupted", "observed")  # the conditions that show a part of the image


def quantity(variant: Mapping[str, Any], loss: str, corruption: str) -> str | None:
    """Return what a model's likelihood is of: "image", "hidden", or None if there is nothing to estimate.

    image: log p(complete image | condition), for a variational network without an image as condition. hidden:
    log p(hidden pixels | corrupted image), for a variational network with one, and for a deterministic network. None:
    the corruption hides nothing, or the loss is no likelihood, because the scale of errors is left open.
    """
    if not registry.constant("losses", loss, "LIKELIHOOD"):
        return None
    if (
        registry.constant("networks", variant["network"], "variational")
        and variant["condition"] not in IMAGE_CONDITIONS
    ):
        return "image"
    return None if registry.constant("corruptions", corruption, "HIDES") == "none" else "hidden"


def quantities(models: Iterable[ModelName], tasks: Mapping[str, Any]) -> dict[ModelName, str]:
    """Return the models whose likelihood is estimated, each with its quantity."""
    found = {}
    for model in models:
        task = tasks[model.task]
        what = quantity(task["variants"][model.variant], model.loss, task["corruption"]["name"])
        if what and "likelihood" in task:
            found[model] = what
    return found


def check(variants: Mapping[str, Any], corruption: str, where: str) -> None:
    """Refuse a task's likelihood, with a UserError, if none of its variants has one."""
    pairs = [(variant, loss) for variant in variants.values() for loss in variant["losses"]]
    if any(quantity(variant, loss, corruption) for variant, loss in pairs):
        return
    known = [loss for loss in registry.names("losses") if registry.constant("losses", loss, "LIKELIHOOD")]
    if not any(loss in known for _, loss in pairs):
        reason = f"no variant is trained with a loss that is a likelihood ({', '.join(known)})"
    else:
        reason = f"corruption '{corruption}' hides nothing, and no variant is a model of whole images"
    raise UserError(f"{where}.likelihood: nothing to estimate, {reason}; set it to false")
