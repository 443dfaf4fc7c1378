"""Names of models and of ways to restore: in words on pages and figures, in MLflow, and in the claims file.

A way to restore is a model with an inference, or a baseline, which has no variant and no loss.
"""

from typing import NamedTuple

GIVEN_LABEL = "†"  # behind the name of a model whose way to restore is given the true label


class ModelName(NamedTuple):
    """A trained model's task, variant, loss and seed."""

    task: str
    variant: str
    loss: str
    seed: int


def run_name(task: str, variant: str, loss: str, seed: int | str) -> str:
    """Return the name of a model's run in MLflow: 'inpainting cvae_label bce seed 0'."""
    return f"{task} {variant} {loss} seed {seed}"


def in_words(name: str) -> str:
    """Return a method, task or corruption as pages write it: 'best prior'."""
    return name.replace("_", " ")


def model_name(variant: str, loss: str) -> str:
    """Return a model, all seeds together, as pages and figures write it: 'cvae_label, BCE'."""
    return f"{variant}, {loss.upper()}"


def trained_name(variant: str, loss: str) -> str:
    """Return a model, all seeds together, as sentences write it: 'cvae_label trained with BCE'."""
    return f"{variant} trained with {loss.upper()}"


def way_name(variant: str, loss: str, method: str) -> str:
    """Return a way to restore as pages and figures write it: 'cvae_label, BCE, best prior', or 'median'."""
    return f"{model_name(variant, loss)}, {in_words(method)}" if variant else in_words(method)


def selector_text(variant: str, loss: str) -> str:
    """Return a model as a claims file writes it: 'cvae_label/bce'."""
    return f"{variant}/{loss}"
