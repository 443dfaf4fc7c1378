"""The true label of an image: who is given it, and what is left out where images have none."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from restoration.core import registry
from restoration.core.errors import UserError

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
