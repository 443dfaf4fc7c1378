"""Of which models a log-likelihood is estimated, and of what: told by their parts' files, without importing them."""

from collections.abc import Iterable, Mapping
from typing import Any

from restoration.core import registry
from restoration.core.errors import UserError

IMAGES = ("corrupted", "observed")  # the conditions that show a part of the image


def quantity(variant: Mapping[str, Any], loss: str, corruption: str) -> str | None:
    """What there is to estimate: "image", log p(the complete image | the condition, if it has one), or "hidden",
    log p(the hidden pixels | the corrupted image); None if there is nothing.

    A variational network without an image for its condition is a model of whole images. One with it, or a
    deterministic network, is a model of what the corruption hides.
    """
    if not registry.constant("losses", loss, "LIKELIHOOD"):
        return None  # its loss leaves the scale of errors open
    if registry.constant("networks", variant["network"], "variational") and variant["condition"] not in IMAGES:
        return "image"
    return None if registry.constant("corruptions", corruption, "HIDES") == "none" else "hidden"


def quantities(models: Iterable[Any], tasks: Mapping[str, Any]) -> dict[Any, str]:
    """The models, as `configuration.models` gives them, whose task asks for their likelihood, where there is something
    to estimate, with what.
    """
    found = {}
    for model in models:
        task = tasks[model.task]
        what = quantity(task["variants"][model.variant], model.loss, task["corruption"]["name"])
        if what and "likelihood" in task:
            found[model] = what
    return found


def check(variants: Mapping[str, Any], corruption: str, where: str) -> None:
    """Raises UserError where a task's likelihood is asked for, and none of its variants has one."""
    pairs = [(variant, loss) for variant in variants.values() for loss in variant["losses"]]
    if any(quantity(variant, loss, corruption) for variant, loss in pairs):
        return
    known = [loss for loss in registry.names("losses") if registry.constant("losses", loss, "LIKELIHOOD")]
    if not any(loss in known for _, loss in pairs):
        reason = f"no variant is trained with a loss that is a likelihood ({', '.join(known)})"
    else:
        reason = f"corruption '{corruption}' hides nothing, and no variant is a model of whole images"
    raise UserError(f"{where}.likelihood: nothing to estimate, {reason}; set it to false")
