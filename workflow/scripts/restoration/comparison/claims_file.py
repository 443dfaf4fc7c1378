"""The claims file: read, and refused where a claim cannot be tested, before anything runs. Imports nothing heavy."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from restoration.config import selectors, yaml_file
from restoration.config.model_names import selector_text
from restoration.config.selectors import ANY
from restoration.core import registry
from restoration.core.errors import UserError, quoted, reason
from restoration.evaluation.judging import MEASURES
from restoration.restorers import baselines

ID = r"[A-Za-z][A-Za-z0-9_-]{0,59}"
TEXTS = {"id": True, "sentence": True, "source": True, "reading": False}  # True: every claim must have it
KEYS = [*TEXTS, "test", "tests"]


def load(path: str | bool | None, config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return each claim by its id: `sentence`, `source`, `reading` and `tests`, each with `kind` and `parameters`.

    path: from the working directory; false or None: no claims. config: as given, with what is switched off: a test may
    ask for that, and comes out as not tested. Raises UserError, in one line that names file and key.
    """
    if path is None or path is False:
        return {}
    if not isinstance(path, str):
        raise UserError(f"claims: {quoted(path)} is not the path of a file; false for none")
    try:
        yaml_file.refuse_duplicates(path)
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise UserError(f"claims: {path} cannot be read ({reason(error)})") from None
    try:
        entries = yaml_file.plain(content)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    if not isinstance(entries, list) or not entries:
        raise UserError(f"{path}: {quoted(entries)} is not a list of claims; claims: false for none")
    known = names(config)
    claims: dict[str, dict[str, Any]] = {}
    for number, entry in enumerate(entries):
        where = f"{path}: {number}"
        if not isinstance(entry, dict):
            raise UserError(f"{where}: {quoted(entry)} is not a mapping (key: value)")
        _check_keys(entry, where)
        where = f"{path}: {entry['id']}"
        if entry["id"].lower() in map(str.lower, claims):
            raise UserError(f"{where}: is there twice; rename one of them")
        claims[entry["id"]] = {
            "sentence": entry["sentence"],
            "source": entry["source"],
            "reading": entry.get("reading", ""),
            "tests": [_test(test, known, key) for key, test in _tests(entry, where)],
        }
    return claims


def names(config: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what claims may name, of the configuration, switched on or not, and of the registries."""
    known = {key: list(config[key]) for key in ("tasks", "variants")}
    known |= {kind: registry.names(kind) for kind in ("losses", "inference", "baselines")}
    calibrated = [name for name in known["baselines"] if baselines.calibrated(name, hides=None)]
    known["baselines"] += [f"{name}{baselines.CALIBRATED_SUFFIX}" for name in calibrated]
    return known


def needs(claims: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return what the tests read, each once: (what, task); task '*' for all."""
    return list(
        dict.fromkeys(
            (need, test["parameters"].get("task", "*"))
            for claim in claims.values()
            for test in claim["tests"]
            for need in registry.constant("claims", test["kind"], "NEEDS")
        )
    )


def kinds(claims: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return sorted({test["kind"] for claim in claims.values() for test in claim["tests"]})


def _check_keys(entry: Mapping[str, Any], where: str) -> None:
    for key in entry:
        if key not in KEYS:
            raise UserError(f"{where}: unknown key {quoted(key)}; known: {', '.join(KEYS)}")
    for key, required in TEXTS.items():
        if key in entry or required:
            value = entry.get(key)
            if key not in entry:
                raise UserError(f"{where}: '{key}' is missing")
            if not isinstance(value, str) or not value.strip():
                raise UserError(f"{where}.{key}: {quoted(value)} is not a text")
    if not re.fullmatch(ID, entry["id"]):
        what = "letters, digits, '_' and '-', beginning with a letter, of 60 characters at most"
        raise UserError(f"{where}.id: {quoted(entry['id'])} does not fit: a name of {what}")


def _tests(entry: Mapping[str, Any], where: str) -> list[tuple[str, Any]]:
    """Return the claim's tests, each with its key."""
    if ("test" in entry) == ("tests" in entry):
        raise UserError(f"{where}: needs one of 'test', a mapping, and 'tests', a list of them")
    if "test" in entry:
        return [(f"{where}.test", entry["test"])]
    tests = entry["tests"]
    if not isinstance(tests, list) or not tests:
        raise UserError(f"{where}.tests: {quoted(tests)} is not a list of tests")
    return [(f"{where}.tests.{number}", test) for number, test in enumerate(tests)]


def _test(test: Any, known: Mapping[str, Sequence[str]], where: str) -> dict[str, Any]:
    """Return a test with complete parameters. Raises UserError."""
    if not isinstance(test, dict):
        raise UserError(f"{where}: {quoted(test)} is not a mapping (key: value)")
    kind = test.get("kind")
    if kind not in registry.names("claims"):
        written = f"there is no kind {quoted(kind)}" if "kind" in test else "'kind' is missing"
        raise UserError(f"{where}: {written}; known: {', '.join(registry.names('claims'))}")
    given = {key: value for key, value in test.items() if key != "kind"}
    complete = registry.check("claims", kind, given, where)
    for key, (annotation, _) in registry.parameters("claims", kind).items():
        _check_meaning(kind, annotation, complete[key], known, f"{where}.{key}")
    for key, choices in (registry.constant("claims", kind, "CHOICES") or {}).items():
        if complete[key] not in choices:
            raise UserError(f"{where}.{key}: {quoted(complete[key])} is not one of {', '.join(choices)}")
    if not isinstance(registry.constant("claims", kind, "NEEDS"), list):
        raise UserError(f"claims/{kind}.py: NEEDS must be a list; claims/__init__.py says of what")
    return {"kind": kind, "parameters": {k: list(v) if isinstance(v, tuple) else v for k, v in complete.items()}}


def _check_meaning(kind: str, annotation: str, value: Any, known: Mapping[str, Sequence[str]], where: str) -> None:
    """Refuse a task, measure, model or baseline that does not exist, or that the kind of test is not for."""
    if annotation == "Task" and value == ANY and not registry.constant("claims", kind, "EVERY_TASK"):
        raise UserError(f"{where}: '{kind}' is put to one task; name one of {', '.join(known['tasks'])}")
    if annotation == "Task" and value not in (ANY, *known["tasks"]):
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
