"""The claims file: read, and refused where a claim cannot be tested, before anything runs. Imports nothing heavy."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from restoration.config import part_checks, selectors, yaml_file
from restoration.config.model_names import selector_text
from restoration.config.true_label import LeftOut
from restoration.core import registry
from restoration.core.errors import UserError, quoted, reason
from restoration.evaluation.judging import BY_CLASSIFIER, MEASURES
from restoration.restorers import baselines

Claims = dict[str, dict[str, Any]]


def load(path: str | bool | None, config: Mapping[str, Any]) -> Claims:
    """Return each claim by its id: `sentence`, `source`, `reading` and `tests`, each with `kind` and `parameters`.

    path: from the working directory; false or None: no claims. config: as given, with what is switched off: a test may
    ask for that, and comes out as not tested. Raises UserError, in one line that names file and key.
    """
    if path is None or path is False:
        return {}
    if not isinstance(path, str):
        raise UserError(f"claims: {quoted(path)} is not the path of a file; false for none")
    try:
        content = yaml_file.read(path)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f"claims: {path} cannot be read ({reason(error)})") from None
    try:
        entries = yaml_file.plain(content)
        yaml_file.check_schema(entries, "claims", "the claims (for none, claims: false)")
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    known = names(config)
    claims: Claims = {}
    for entry in entries:
        where = f"{path}: {entry['id']}"
        if entry["id"].lower() in map(str.lower, claims):
            raise UserError(f"{where}: is there twice; rename one of them")
        if ("test" in entry) == ("tests" in entry):
            raise UserError(f"{where}: needs one of 'test', a mapping, and 'tests', a list of them")
        tests = {f"{where}.tests.{number}": test for number, test in enumerate(entry.get("tests", []))}
        claims[entry["id"]] = {
            "sentence": entry["sentence"],
            "source": entry["source"],
            "reading": entry.get("reading", ""),
            "tests": [_test(test, known, key) for key, test in (tests or {f"{where}.test": entry["test"]}).items()],
        }
    return claims


def names(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what claims may name, of the configuration, switched on or not, and of the registries."""
    known = {key: list(config[key]) for key in ("tasks", "variants")}
    known |= {kind: registry.names(kind) for kind in ("losses", "inference", "baselines")}
    calibrated = [name for name in known["baselines"] if baselines.calibrated(name, hides=None)]
    known["baselines"] += [f"{name}{baselines.CALIBRATED_SUFFIX}" for name in calibrated]
    return known


def needs(claims: Claims) -> list[tuple[str, str]]:
    """Return what the tests read, each once: (what, task); task '*' for all."""
    return list(
        dict.fromkeys(
            (need, test["parameters"].get("task", "*"))
            for claim in claims.values()
            for test in claim["tests"]
            for need in registry.constant("claims", test["kind"], "NEEDS")
        )
    )


def kinds(claims: Claims) -> list[str]:
    return sorted({test["kind"] for claim in claims.values() for test in claim["tests"]})


def without_label(known: Claims, gone: LeftOut) -> tuple[Claims, list[str]]:
    """Return the claims, as from `load`, that need no label, and the names of the others.

    gone: as from `true_label.leave_out`.
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
    for key, (annotation, _) in part_checks.parameters("claims", kind).items():
        if annotation == "Measure" and parameters[key] in BY_CLASSIFIER:
            return True
        if annotation == "Rows":
            asked = [selectors.read(text) for text in parameters[key]]
            if any(one.variant in variants or one.method in gone["inference"] for one in asked):
                return True
    return False


def _test(test: Mapping[str, Any], known: Mapping[str, Sequence[str]], where: str) -> dict[str, Any]:
    """Return a test with complete parameters. Raises UserError."""
    kind = test["kind"]
    given = {key: value for key, value in test.items() if key != "kind"}
    complete = part_checks.check("claims", kind, given, where)
    for key, (annotation, _) in part_checks.parameters("claims", kind).items():
        _check_meaning(kind, annotation, complete[key], known, f"{where}.{key}")
    for key, choices in (registry.constant("claims", kind, "CHOICES") or {}).items():
        if complete[key] not in choices:
            raise UserError(f"{where}.{key}: {quoted(complete[key])} is not one of {', '.join(choices)}")
    return {"kind": kind, "parameters": {k: list(v) if isinstance(v, tuple) else v for k, v in complete.items()}}


def _check_meaning(kind: str, annotation: str, value: Any, known: Mapping[str, Sequence[str]], where: str) -> None:
    """Refuse a task, measure, model or baseline that does not exist, or that the kind of test is not for."""
    if annotation == "Task" and value == selectors.ANY and not registry.constant("claims", kind, "EVERY_TASK"):
        raise UserError(f"{where}: '{kind}' is put to one task; name one of {', '.join(known['tasks'])}")
    if annotation == "Task" and value not in (selectors.ANY, *known["tasks"]):
        raise UserError(f"{where}: there is no task {quoted(value)}; known: {', '.join(known['tasks'])}")
    if annotation == "Measure" and value not in MEASURES:
        raise UserError(f"{where}: there is no measure {quoted(value)}; known: {', '.join(MEASURES)}")
    models_alone = registry.constant("claims", kind, "MODELS_ALONE")
    for text in value if annotation == "Rows" else ():
        selector = selectors.check(text, known, where)
        if models_alone and not selector.variant:
            raise UserError(f"{where}: {quoted(text)} is not trained, which '{kind}' is about; take it out")
        if models_alone and selector.method:
            model = selector_text(selector.variant, selector.loss)
            raise UserError(f"{where}: {quoted(text)} names an inference, which '{kind}' has none of; say {model}")
