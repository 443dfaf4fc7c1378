"""The configuration: checked, completed, and turned into the models to train.

Snakemake reads the configuration at each start; nothing here imports torch.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from restoration.config import dataset_settings, likelihood_quantity, part_checks, true_label
from restoration.config.model_names import ModelName
from restoration.config.yaml_file import TYPE_WORDS, check_schema, plain
from restoration.core import registry
from restoration.core.errors import UserError, quoted
from restoration.restorers import inference

VARIANT_KEYS = ("network", "encoder_input", "condition")
TRAINING_KEYS = ("seeds", "losses", "training")  # a variant's own come before the task's


def resolve(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the complete configuration: with defaults, without what is switched off.

    Each task gets its own `inference` (name to parameters) and `variants` (name to definition with `seeds`, `losses`
    and `training`). For images without labels, what needs labels is removed, and named in `left_out` as by
    `true_label.leave_out`. Raises UserError, in one line that names the key.
    """
    resolved = plain(config)
    if not isinstance(resolved, dict):
        raise UserError(f"the configuration: {quoted(resolved)} is not {TYPE_WORDS['object']}")
    tasks = [task for task in _switch_off(resolved, "tasks").values() if isinstance(task, dict)]
    for task in [resolved, *tasks]:
        _switch_off(task, "variants")
        _switch_off(task, "inference")
    for task in tasks:
        if task.get("likelihood", {}) is None:
            task["likelihood"] = {}
        elif task.get("likelihood") is False:
            del task["likelihood"]
    check_schema(resolved, "config", "the configuration")
    resolved["dataset"] = dataset_settings.complete(resolved["dataset"])
    for key in ("variants", "tasks"):
        for name, count in Counter(map(str.lower, resolved[key])).items():
            if count > 1:  # some disks take the two for the same
                raise UserError(f"{key}: '{name}' is there twice, in capital and small letters; rename one of them")
    part_checks.check_baselines()
    for name in resolved["variants"]:
        nothing: dict[str, Any] = {"seeds": [], "losses": [], "training": {}}
        _resolve_variant(name, {}, resolved["variants"], f"variants.{name}", nothing)
    if resolved["dataset"].get("labels") == []:
        resolved["left_out"] = true_label.leave_out(resolved["tasks"], resolved["variants"])
    resolved["tasks"] = {name: _resolve_task(name, task, resolved) for name, task in resolved["tasks"].items()}
    if not resolved["tasks"]:
        raise UserError("tasks: none is left; at least one is needed")
    asked, known = resolved["restore"], resolved["tasks"]
    if asked and asked["task"] not in known:
        raise UserError(f"restore.task: there is no task {quoted(asked['task'])}; known: {', '.join(known)}")
    return resolved


def models(resolved: Mapping[str, Any]) -> list[ModelName]:
    """Return every model that a resolved configuration asks for, in the configuration's order."""
    return [
        ModelName(task, variant, loss, seed)
        for task, settings in resolved["tasks"].items()
        for variant in settings["variants"]
        for loss in settings["variants"][variant]["losses"]
        for seed in settings["variants"][variant]["seeds"]
    ]


def _switch_off(place: dict[str, Any], key: str) -> dict[str, Any]:
    """Remove the entries of `place[key]` that are `false`, make those without a value empty, and return the rest."""
    entries = place.get(key)
    if not isinstance(entries, dict):
        return {}
    place[key] = {name: {} if entry is None else entry for name, entry in entries.items() if entry is not False}
    return place[key]


def _resolve_task(name: str, task: Mapping[str, Any], resolved: Mapping[str, Any]) -> dict[str, Any]:
    where = f"tasks.{name}"
    common = {
        "seeds": task.get("seeds", resolved["seeds"]),
        "losses": task.get("losses", resolved["losses"]),
        "training": {**resolved["training"], **task.get("training", {})},
    }
    part_checks.check_losses(common["losses"], f"{where}.losses" if "losses" in task else "losses")
    methods = {
        method: part_checks.check("inference", method, parameters, f"{where}.inference.{str(method)[:60]}")
        for method, parameters in task["inference"].items()
    }
    chosen = task["variants"]
    if not chosen or not methods:
        raise UserError(f"{where}.{'inference' if chosen else 'variants'}: none is left; at least one is needed")
    variants = {
        variant: _resolve_variant(
            variant, overrides, resolved["variants"], f"{where}.variants.{str(variant)[:60]}", common
        )
        for variant, overrides in chosen.items()
    }
    _check_inference(methods, variants, where)
    corruption = _resolve_corruption(task["corruption"], resolved["dataset"], f"{where}.corruption")
    settings = {"corruption": corruption, "inference": methods, "variants": variants}
    if "likelihood" in task:
        likelihood_quantity.check(variants, corruption["name"], where)
        settings["likelihood"] = task["likelihood"]
    return settings


def _check_inference(methods: Iterable[str], variants: Mapping[str, Any], where: str) -> None:
    """Refuse a method that no variant can use, and a variant that can use none of the methods."""
    needs = {method: registry.constant("inference", method, "NEEDS") or {} for method in methods}
    fits: dict[str, list[str]] = {}
    for variant, settings in variants.items():
        variational = registry.constant("networks", settings["network"], "variational")
        has = settings if variational is None else {**settings, "variational": variational}
        fits[variant] = [method for method in methods if inference.applies(needs[method], has)]
    for method in methods:
        if not any(method in fitting for fitting in fits.values()):
            wanted = ", ".join(f"{key}: {value}" for key, value in needs[method].items())
            raise UserError(f"{where}.inference.{method}: for none of the task's variants ({wanted}); set it to false")
    for variant, fitting in fits.items():
        if not fitting:
            raise UserError(
                f"{where}.variants.{variant}: no inference of the task is for it ({', '.join(methods)}); "
                "add encode, or set it to false"
            )


def _resolve_corruption(given: Mapping[str, Any], dataset: Mapping[str, Any], where: str) -> dict[str, Any]:
    name, sides = given["name"], dataset_settings.size(dataset)
    given = {key: value for key, value in given.items() if key != "name"}
    parameters = part_checks.check("corruptions", name, given, where)
    for key, (annotation, _) in part_checks.parameters("corruptions", name).items():
        if annotation == "Pixels" and sides and parameters[key] > min(sides):
            size = " x ".join(map(str, sides))
            raise UserError(
                f"{where}.{key}: {parameters[key]} does not fit; the images of {dataset['name']} have {size} pixels"
            )
    return {"name": name, **parameters}


def _resolve_variant(
    name: str, overrides: Mapping[str, Any], known: Mapping[str, Any], where: str, common: Mapping[str, Any]
) -> dict[str, Any]:
    """Return `known[name]` with the overrides; `common`: seeds, losses and training where neither has its own."""
    if name not in known:
        raise UserError(f"{where}: there is no variant {quoted(name)}; variants has: {', '.join(known)}")
    merged = {**common, **known[name], **overrides}
    parts = [place.get("training", {}) for place in (common, known[name], overrides)]
    training = {key: value for part in parts for key, value in part.items()}
    part_checks.check_losses(merged["losses"], f"{where}.losses")
    parameters = {key: value for key, value in merged.items() if key not in VARIANT_KEYS + TRAINING_KEYS}
    parameters = part_checks.check("networks", merged["network"], parameters, where)
    part_checks.check_condition(merged["network"], merged["condition"], where)
    return {
        **{key: merged[key] for key in VARIANT_KEYS},
        "parameters": parameters,
        "seeds": merged["seeds"],
        "losses": merged["losses"],
        "training": training,
    }
