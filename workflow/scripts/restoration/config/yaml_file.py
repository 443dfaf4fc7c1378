"""The configuration as YAML reads it: refuses or repairs what YAML and Snakemake silently change."""

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from restoration.core.errors import UserError, quoted

WORDS = {"true": True, "false": False}
TEXTS = ("dataset.source", "tracking.uri", "packages.", "restore.")  # beginnings of keys that stay texts
DEEPEST = 6  # keys within keys; a mapping within itself is deeper


def refuse_duplicates(path: str | Path) -> None:
    """Refuse a file that has a key twice in a mapping, with a UserError: YAML would silently keep the last.

    A file that is no YAML passes: Snakemake has read it before and says so.
    """
    try:
        root = yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return
    pending, seen = [root], set()
    while pending:
        node = pending.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            pending += node.value
        elif isinstance(node, yaml.MappingNode):
            keys: dict[tuple[str, str], yaml.Node] = {}
            for key, value in node.value:
                pending += [key, value]
                first = keys.setdefault((key.tag, str(key.value)), key)
                if first is not key:
                    lines = " and ".join(str(mark.line + 1) for mark in (first.start_mark, key.start_mark))
                    raise UserError(f"{path}: {quoted(key.value)} is there twice, line {lines}; keep one of them")


def plain(value: Any, where: tuple[str, ...] = ()) -> Any:
    """Return a copy of Snakemake's configuration as plain dicts and lists, with texts made numbers where meant.

    `--config` passes nested values as texts, and YAML takes 1e-3 for a text. A text that is a number or a truth value
    becomes one, except under the keys TEXTS. `null` becomes None everywhere; a folder of this name can be written
    ./null. Raises UserError for what no key takes: a key that is no text, an infinite number, a mapping within itself.
    """
    if isinstance(value, Mapping | list | tuple) and len(where) == DEEPEST:
        raise UserError(f"{dotted(where)}: nested too deeply; no key takes this")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                written = "a number" if isinstance(key, float) or type(key) is int else quoted(key)
                raise UserError(f"{dotted(where)}: the key {written} is not a text; write it in quotes")
        return {key: plain(entry, (*where, key)) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry, (*where, str(number))) for number, entry in enumerate(value)]
    if value == "null":
        return None
    if isinstance(value, str) and not ".".join(where).startswith(TEXTS):
        if value in WORDS:
            return WORDS[value]
        if re.fullmatch(r"[-+]?[0-9]{1,18}", value):
            return int(value)
        if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", value):
            return plain(float(value), where)
    if (isinstance(value, float) and not math.isfinite(value)) or (isinstance(value, int) and abs(value) > 10**18):
        # Python does not even write an integer of thousands of digits.
        written = str(value) if isinstance(value, float) else "a number of more than 18 digits"
        raise UserError(f"{dotted(where)}: {written} is no number to compute with")
    return value


def laid_over(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Lay `given` over `defaults`, as Snakemake lays a --configfile over a configfile: its keys come first."""
    from snakemake.utils import update_config

    laid: dict[str, Any] = {}
    for part in (given, defaults, given):
        update_config(laid, part)
    return laid


def in_order(config: Any, first: Any) -> Any:
    """Return `config` with the keys of `first` in its order, then the others: Snakemake puts new keys in front.

    `inference` keeps its order, because its first entry is the one that pictures show.
    """
    if not isinstance(config, Mapping) or not isinstance(first, Mapping):
        return config
    keys = [*(key for key in first if key in config), *(key for key in config if key not in first)]
    return {key: config[key] if key == "inference" else in_order(config[key], first.get(key)) for key in keys}


def dotted(keys: Iterable[Any]) -> str:
    """Return the name of a key in messages: 'tasks.inpainting.seeds'."""
    return ".".join(str(key)[:60] for key in keys) or "the configuration"
