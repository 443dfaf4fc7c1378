"""results/index.html: the data sets with their verdicts and champions, and the changes from each run to the next.

Each run leaves a summary in the data set's logs/runs. The page is made of the summaries alone, and so also shows runs
whose results were overwritten. Snakemake's own process writes the page: imports are few and light.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from restoration.config.model_names import way_name
from restoration.core.artifacts import read_json, write_json, write_text
from restoration.core.errors import UserError
from restoration.core.job_parameters import flatten
from restoration.evaluation import judging
from restoration.report.html_template import render
from restoration.tracking import mlflow_store

KEPT = 20  # summaries of a data set
SHOWN = 12  # changed errors of a comparison
SUMMARY = ("when", "commit", "settings", "verdicts", "tasks", "champions", "errors")
Summary = dict[str, Any]


def summarise(folder: Path, configuration: Mapping[str, Any], commit: str, versions: Mapping[str, str]) -> Summary:
    """Sum up the results in `folder`, which this configuration made. Raises DamagedFile, OSError."""
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
                name = f"{task}: {way_name(row['variant'], row['loss'], row['method'])}"
                errors[name] = [float(row[key]) for key in ("mean", "low", "high")]
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


def record(folder: Path, summary: Summary) -> None:
    """Keep the summary if more than time and commit differ from the last one."""
    runs = folder / "logs" / "runs"
    files = sorted(runs.glob("[0-9]*.json"))
    kept = _read(files[-1]) if files else None
    if kept and all(kept[key] == summary[key] for key in summary if key not in ("when", "commit")):
        return
    write_json(runs / f"{int(files[-1].stem) + 1 if files else 1:06}.json", summary)
    for old in files[: max(0, len(files) + 1 - KEPT)]:
        old.unlink()


def _read(path: Path) -> Any:
    """Read a summary; return None for a damaged file, so that an old run does not fail the new one."""
    with suppress(UserError):
        return read_json(path, *SUMMARY)


def compare(before: Summary, after: Summary) -> SimpleNamespace:
    """Compare two runs. Changes are (name, before, after); a side is empty if the thing was not there.

    figures: the errors that changed most, intervals apart first: (restorer, before, after, change in percent, whether
    the two intervals are apart); more: how many more changed; alike: how many did not change.
    """
    one, other = before["errors"], after["errors"]
    figures = [
        (
            name,
            _interval(one[name]),
            _interval(other[name]),
            100 * (other[name][0] / one[name][0] - 1) if one[name][0] else 0.0,
            other[name][1] > one[name][2] or other[name][2] < one[name][1],
        )
        for name in other
        if name in one and one[name] != other[name]
    ]
    figures.sort(key=lambda figure: (-figure[4], -abs(figure[3])))
    verdicts = [
        (f"{sentence} ({reading})" if reading else sentence, before["verdicts"].get(key, [""])[-1], verdict)
        for key, (sentence, reading, verdict) in after["verdicts"].items()
    ]
    return SimpleNamespace(
        when=after["when"],
        settings=_changes(before["settings"], after["settings"]),
        verdicts=[change for change in verdicts if change[1] != change[2]],
        champions=_changes(before["champions"], after["champions"]),
        figures=figures[:SHOWN],
        more=max(0, len(figures) - SHOWN),
        alike=sum(one.get(name) == error for name, error in other.items()),
        new=[name for name in other if name not in one],
        gone=[name for name in one if name not in other],
    )


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    names = [*after, *(name for name in before if name not in after)]
    changes = [(name, before.get(name, ""), after.get(name, "")) for name in names]
    return [change for change in changes if change[1] != change[2]]


def write(results: Path, template: Path, style: Path, theme: Path) -> Path:
    """Write the page of all data sets under `results` that have a summary, and return its path.

    Raises OSError, and sqlite3.Error if MLflow's store, to whose runs the page links, is damaged.
    """
    store = results / mlflow_store.STORE.name
    here, served = mlflow_store.addresses(store), mlflow_store.noted_addresses(store)
    sets = []
    for folder in sorted(path.parent.parent for path in results.glob("*/logs/runs")):
        files = sorted((folder / "logs/runs").glob("[0-9]*.json"))
        if not (runs := [run for path in files if (run := _read(path))]):
            continue
        verdicts = [verdict for *_, verdict in runs[-1]["verdicts"].values()]
        counts = {word: verdicts.count(word) for word in dict.fromkeys(verdicts)}
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
                "comparisons": [compare(*pair) for pair in pairwise(runs)][::-1],
            }
        )
    page = render(template, sets=sets, style=style, theme=theme)
    write_text(results / "index.html", page)
    return results / "index.html"


def _interval(error: Sequence[float]) -> str:
    return "{:.4g} [{:.4g}, {:.4g}]".format(*error)
