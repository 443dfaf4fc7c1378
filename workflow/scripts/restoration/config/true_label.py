"""The true label of an image: who is given it, and what is left out where images have none."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from restoration.config import selectors
from restoration.core import registry
from restoration.core.errors import UserError
from restoration.evaluation.judging import BY_CLASSIFIER

if TYPE_CHECKING:
    import pandas as pd

LeftOut = dict[str, list[str]]


def labelled(variants: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of a task's variants that are given the true label."""
    return [name for name, variant in variants.items() if variant["condition"] == "label"]


def given_label(variant: str, method: str, labelled: Collection[str]) -> bool:
    """Tell whether a way to restore is given the true label. labelled: as from `labelled`."""
    return variant in labelled and not blind(method)


@cache
def blind(method: str) -> bool:
    """Tell whether an inference ignores the label that a variant is given (BLIND in its file); False for a baseline."""
    return method in registry.names("inference") and bool(registry.constant("inference", method, "BLIND"))


def without_label(table: "pd.DataFrame", labelled: Collection[str]) -> "pd.DataFrame":
    """Return the rows of what restores without the true label, including baselines. labelled: as from `labelled`."""
    ways = zip(table["variant"], table["method"], strict=True)
    return table.loc[[not given_label(*way, labelled) for way in ways]]


def leave_out(tasks: Mapping[str, Any], variants: Mapping[str, Any]) -> LeftOut:
    """Remove variants and inferences that need a label from the tasks, which fit the schema; return their names.

    A variant is named 'task/variant'. Raises UserError for a task without any other variant.
    """
    gone: LeftOut = {"variants": [], "inference": []}
    for name, task in tasks.items():
        needing = {variant: variants.get(variant, {}) | own for variant, own in task["variants"].items()}
        given = [variant for variant, settings in needing.items() if settings.get("condition") == "label"]
        for variant in given:
            del task["variants"][variant]
            gone["variants"].append(f"{name}/{variant}")
        if given and not task["variants"]:
            raise UserError(
                f"tasks.{name}: its variants are given the label, and the images have none; set it to false"
            )
        for method in list(task["inference"]):
            needs = registry.constant("inference", method, "NEEDS") if method in registry.names("inference") else None
            if (needs or {}).get("condition") == "label":
                del task["inference"][method]
                gone["inference"] += [method] if method not in gone["inference"] else []
    return gone


def leave_out_claims(
    known: Mapping[str, Mapping[str, Any]], gone: LeftOut
) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """Return the claims, as from `claims_file.load`, that need no label, and the names of the others.

    gone: as from `leave_out`.
    """
    left = [name for name, claim in known.items() if any(_needs_label(test, gone) for test in claim["tests"])]
    return {name: claim for name, claim in known.items() if name not in left}, left


def _needs_label(test: Mapping[str, Any], gone: LeftOut) -> bool:
    """Tell whether a test asks for classes, for a measure by the classifier, or for what was left out."""
    kind, parameters = test["kind"], test["parameters"]
    if registry.constant("claims", kind, "CLASSES"):
        return True
    task, names = parameters.get("task", selectors.ANY), [name.split("/") for name in gone["variants"]]
    variants = {variant for of, variant in names if task in (selectors.ANY, of)}
    for key, (annotation, _) in registry.parameters("claims", kind).items():
        if annotation == "Measure" and parameters[key] in BY_CLASSIFIER:
            return True
        if annotation == "Rows":
            asked = [selectors.read(text) for text in parameters[key]]
            if any(one.variant in variants or one.method in gone["inference"] for one in asked):
                return True
    return False
