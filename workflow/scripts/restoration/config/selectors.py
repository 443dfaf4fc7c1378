"""Selectors: texts by which a claims file names models and baselines.

cvae_label/mse/encode   a variant, under a loss, by an inference
cvae_label/mse          by the inference with the best mean
cvae_label              under every loss; same as cvae_label/*
*/*/encode              every variant that has this inference
*                       every model
baseline:median         a baseline
baseline:*              every baseline
"""

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from restoration.core.errors import UserError, quoted

BASELINE = "baseline:"
ANY = "*"


class Selector(NamedTuple):
    """variant: empty for a baseline, whose name is the method; method: empty for a model's best inference."""

    variant: str
    loss: str
    method: str

    def has(self, variant: str, loss: str) -> bool:
        """Tell whether a model, by any inference, is selected; with both empty, whether baselines are."""
        pairs = ((self.variant, variant), (self.loss, loss))
        return bool(self.variant) == bool(variant) and all(own in (ANY, other) for own, other in pairs)


def read(text: str) -> Selector:
    """Parse a selector. Raises ValueError."""
    if text.startswith(BASELINE):
        parts = ["", "", text.removeprefix(BASELINE)]
    else:
        parts = text.split("/")
        parts += [ANY] if len(parts) == 1 else []
        parts += [""] if len(parts) == 2 else []
    if len(parts) != 3 or not (parts[0] or parts[2]) or (parts[0] and not parts[1]) or text.endswith("/"):
        raise ValueError
    return Selector(*parts)


def check(text: str, known: Mapping[str, Sequence[str]], where: str) -> Selector:
    """Parse a selector. Raises UserError, naming the key `where`, for a wrong text or an unknown name.

    known: the names of variants, losses, inference and baselines.
    """
    try:
        selector = read(text)
    except ValueError:
        raise UserError(f"{where}: {quoted(text)} is not variant/loss/inference or {BASELINE}name") from None
    kinds = ("variants", "losses", "inference") if selector.variant else ("", "", "baselines")
    for kind, name in zip(kinds, selector, strict=True):
        if name not in ("", ANY) and name not in known[kind]:
            names = textwrap.shorten(", ".join(known[kind]), 200, placeholder=" …")
            raise UserError(f"{where}: there is no {quoted(name)} among the {kind}; known: {names}")
    return selector
