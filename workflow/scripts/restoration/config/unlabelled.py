"""What makes no sense for images without labels is left out: models that are given the label, inference that looks for
it, and claims that are about either, or about classes.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from restoration.config import selectors
from restoration.core import registry
from restoration.core.errors import UserError
from restoration.evaluation import measure_properties

LeftOut = dict[str, list[str]]


def leave_out(tasks: Mapping[str, Any], variants: Mapping[str, Any]) -> LeftOut:
    """Take out of the tasks, which fit the schema, the variants that are given the label and the inference that needs
    one. Returns the names of both, the variants' as 'task/variant'.

    Raises UserError for a task of which no variant is left.
    """
    gone: LeftOut = {"variants": [], "inference": []}
    for name, task in tasks.items():
        given = [
            variant
            for variant, overrides in task["variants"].items()
            if (variants.get(variant, {}) | overrides).get("condition") == "label"
        ]
        for variant in given:
            del task["variants"][variant]
            gone["variants"].append(f"{name}/{variant}")
        if given and not task["variants"]:
            raise UserError(
                f"tasks.{name}: its variants are given the label, and the images have none; set it to false"
            )
        for method in list(task["inference"]):
            if method in registry.names("inference") and _needs_label(method):
                del task["inference"][method]
                gone["inference"] += [method] if method not in gone["inference"] else []
    return gone


def claims(known: Mapping[str, Mapping[str, Any]], gone: LeftOut) -> tuple[dict[str, Any], list[str]]:
    """Of claims, as `claims_file.load` gives them, those that need no label, and the others' names."""
    left = [name for name, claim in known.items() if any(_needs(test, gone) for test in claim["tests"])]
    return {name: claim for name, claim in known.items() if name not in left}, left


def _needs_label(method: str) -> bool:
    return (registry.constant("inference", method, "NEEDS") or {}).get("condition") == "label"


def _needs(test: Mapping[str, Any], gone: LeftOut) -> bool:
    """Whether a test names what was left out, a measure that reads labels, or is of a kind that does."""
    kind, parameters = test["kind"], test["parameters"]
    task = parameters.get("task", "*")
    variants = {variant for of, variant in (name.split("/") for name in gone["variants"]) if task in ("*", of)}
    annotations = {key: annotation for key, (annotation, _) in registry.parameters("claims", kind).items()}
    named: Iterable[str] = [text for key, value in parameters.items() if annotations[key] == "Rows" for text in value]
    read = [selectors.read(text) for text in named]
    return (
        bool(registry.constant("claims", kind, "CLASSES"))
        or any(
            annotations[key] == "Measure" and value in measure_properties.OF_LABELS for key, value in parameters.items()
        )
        or any(one.variant in variants or one.method in gone["inference"] for one in read)
    )
