"""results/index.html: the data sets with their verdicts and champions, and what changed from each run to the next.

After each execution a summary of what it left is kept in the data set's logs/runs, beside other files that hold times;
the page is made of these alone, and so knows runs whose figures were overwritten since. Snakemake's own process writes
it: only the standard library, PyYAML and Jinja are used here.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from restoration.config.model_names import way_name
from restoration.core.artifacts import read_json, write_json, write_text
from restoration.core.errors import UserError
from restoration.core.job_parameters import flatten
from restoration.evaluation import judging
from restoration.tracking import run_links

KEPT = 20  # summaries of a data set
SHOWN = 12  # figures of a comparison
Row = dict[str, Any]


class Change(NamedTuple):
    """From what to what; nothing on a side where it was not there."""

    what: str
    before: str
    after: str


class Figure(NamedTuple):
    """A way to restore whose error changed. apart: whether the two intervals have nothing in common."""

    what: str
    before: str
    after: str
    percent: float
    apart: bool


class Comparison(NamedTuple):
    """One run beside the run before it. alike: how many errors did not change; more: how many changes are not shown."""

    when: str
    commit: str
    settings: list[Change]
    verdicts: list[Change]
    champions: list[Change]
    figures: list[Figure]
    more: int
    alike: int
    new: list[str]
    gone: list[str]


def summarise(folder: Path, configuration: Mapping[str, Any], commit: str, versions: Mapping[str, str]) -> Row:
    """What the results in `folder` say, of the configuration that they were made with. Raises DamagedFile, OSError."""
    errors: dict[str, Any] = {}
    champions = {}
    for task in configuration["tasks"]:
        kept = read_json(folder / "champion" / f"{task}.json", "champion")["champion"]
        champions[task] = way_name(kept["variant"], kept["loss"], kept["method"]) if kept else "none"
        with open(folder / "compare" / task / "intervals.csv", newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        judged = judging.ranking(row["region"] for row in rows)
        for row in rows:
            if (row["output"], row["region"], row["measure"]) == judged:
                way = way_name(row["variant"], row["loss"], row["method"])
                errors[f"{task}: {way}"] = [float(row[key]) for key in ("mean", "low", "high")]
    path = folder / "claims" / "claims.json"
    claims = read_json(path, "claims")["claims"] if path.is_file() else []
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "settings": {key: json.dumps(value) for key, value in flatten({**configuration, "packages": versions}).items()},
        "verdicts": {claim["id"]: [claim["sentence"], claim["reading"], claim["verdict"]] for claim in claims},
        "tasks": list(configuration["tasks"]),
        "champions": champions,
        "errors": errors,
    }


def record(folder: Path, summary: Row) -> None:
    """Keep the summary, unless nothing but time and commit differ from the last one."""
    runs = folder / "logs" / "runs"
    files = sorted(runs.glob("[0-9]*.json"))
    kept = _read(files[-1]) if files else None
    if kept and all(kept[key] == summary[key] for key in summary if key not in ("when", "commit")):
        return
    write_json(runs / f"{int(files[-1].stem) + 1 if files else 1:06}.json", summary)
    for old in files[: max(0, len(files) + 1 - KEPT)]:
        old.unlink()


def _read(path: Path) -> Row | None:
    """A summary; None where the file is none, for a page of what was must not fail what is."""
    try:
        found: Row = read_json(path, "when", "commit", "settings", "verdicts", "tasks", "champions", "errors")
        return found
    except UserError:
        return None


def compare(before: Row, after: Row) -> Comparison:
    one, other = before["errors"], after["errors"]
    figures = [
        Figure(
            name,
            _interval(one[name]),
            _interval(other[name]),
            100 * (other[name][0] / one[name][0] - 1) if one[name][0] else 0.0,
            other[name][1] > one[name][2] or other[name][2] < one[name][1],
        )
        for name in other
        if name in one and one[name] != other[name]
    ]
    figures.sort(key=lambda figure: (-figure.apart, -abs(figure.percent)))
    return Comparison(
        after["when"],
        after["commit"],
        _changes(before["settings"], after["settings"]),
        [
            Change(f"{sentence} ({reading})" if reading else sentence, before["verdicts"].get(key, [""])[-1], verdict)
            for key, (sentence, reading, verdict) in after["verdicts"].items()
            if before["verdicts"].get(key, [""])[-1] != verdict
        ],
        _changes(before["champions"], after["champions"]),
        figures[:SHOWN],
        max(0, len(figures) - SHOWN),
        sum(one.get(name) == error for name, error in other.items()),
        [name for name in other if name not in one],
        [name for name in one if name not in other],
    )


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    names = [*after, *(name for name in before if name not in after)]
    pairs = [Change(name, before.get(name, ""), after.get(name, "")) for name in names]
    return [change for change in pairs if change.before != change.after]


def write(results: Path, template: Path, style: Path, theme: Path) -> Path:
    """Write the page of all data sets under `results` that have a summary; where it lies.

    Raises OSError where it cannot, and sqlite3.Error where MLflow's store, whose runs it links to, is none.
    """
    import jinja2
    from markupsafe import Markup

    store = results / "mlflow" / run_links.STORE.name
    here, served = run_links.links(store) if store.is_file() else {}, run_links.kept(store.parent)
    sets = []
    for folder in sorted(path.parent.parent for path in results.glob("*/logs/runs")):
        runs: Sequence[Row] = [
            run for path in sorted((folder / "logs/runs").glob("[0-9]*.json")) if (run := _read(path))
        ]
        if not runs:
            continue
        verdicts = [verdict for *_, verdict in runs[-1]["verdicts"].values()]
        counts = {word: verdicts.count(word) for word in dict.fromkeys(verdicts)}
        pairs = [compare(*pair) for pair in pairwise(runs)]
        report = f"{folder.name}/report/report.html"
        experiments = {task: f"{folder.name}/{task}" for task in runs[-1]["tasks"]}
        sets.append(
            {
                "name": folder.name,
                "report": report if (results / report).is_file() else "",
                "served": {task: served[name] for task, name in experiments.items() if served.get(name)},
                "here": {task: here[name] for task, name in experiments.items() if name in here.keys() - served.keys()},
                "run": runs[-1],
                "counts": counts,
                "comparisons": pairs[::-1],
            }
        )
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    page = environment.from_string(template.read_text(encoding="utf-8")).render(
        sets=sets,
        style=Markup(style.read_text(encoding="utf-8")),  # these two are files of this repository, not data
        theme=Markup(theme.read_text(encoding="utf-8")),
    )
    write_text(results / "index.html", page)
    return results / "index.html"


def _interval(error: Sequence[float]) -> str:
    return "{:.4g} [{:.4g}, {:.4g}]".format(*error)
