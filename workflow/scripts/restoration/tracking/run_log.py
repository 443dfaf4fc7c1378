"""What a training or an evaluation tells MLflow: lines in a log of its own, which the mirror takes from the outbox.

The files under results/ are the truth, and MLflow shows them: whatever goes wrong here is one warning, and the job goes
on. A training begins a run. An evaluation adds to the run of its training, and names the files from which the mirror
can make that run where MLflow has none.
"""

import logging
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from restoration.config.model_names import run_name
from restoration.core import artifacts
from restoration.core.job_parameters import flatten
from restoration.tracking import outbox
from restoration.tracking.outbox import Line, now

DIAGNOSED = ["latent", "prior_draw", "common"]  # parts of metrics.json, each a mapping or None
DESCRIPTION = "mlflow.note.content"  # the tag that MLflow shows on a run's page
MEASURES = {"mse": "MSE", "psnr": "PSNR", "ssim": "SSIM", "accuracy": "accuracy"}
STEPS = {"training": 0, "evaluation": 1}  # of the system's metrics

logger = logging.getLogger("restoration.tracking")


class RunLog(AbstractContextManager["RunLog"]):
    """One job's log, as a context: FINISHED at its end, FAILED on an exception. A failure to write is one warning."""

    def __init__(self, uri: str | None, experiment: str, name: str, identity: str) -> None:
        """uri: of the server that the log is meant for; None for the default store."""
        self.of = {"uri": uri, "experiment": experiment, "name": name, "identity": identity}
        self.uri, self.name, self.identity = uri, name, identity
        self.log: outbox.Log | None = None
        self.part = ""

    def training(self, parameters: Mapping[str, Any], dataset: str | Path) -> "RunLog":
        """Begin the log of a training. parameters: nested."""
        self.part = "training"
        with self._trying():
            self.log = outbox.Log.create(self.name)
            self.log.append("begin", part=self.part, time=now(), **self.of)
            self.log.append(**_params(parameters))
            self.log.append(**_dataset(dataset, self.part))
        return self

    def evaluation(self, files: Mapping[str, str], dataset: str | Path, test: str | Path) -> "RunLog":
        """Begin the log of an evaluation. files: the training's `summary`, `history`, `validation` and `model`."""
        self.part = "evaluation"
        with self._trying():
            self.log = outbox.Log.create(self.name)
            kept = {key: self.log.keep(path) for key, path in files.items()}
            self.log.append("begin", part=self.part, time=now(), **self.of, files=kept, dataset=str(dataset))
            self.log.append(**_dataset(test, self.part))
        return self

    def log_history(self, values: Any, first: int) -> None:
        """Log iterations. values: tensor (iterations, 3), as `training.Trainer.record`; first: the first's number."""
        from restoration.models.objective import MEASURED  # loads torch, which the mirror does not need

        rows = values.tolist()
        self._log([f"train_{name}" for name in MEASURED], list(range(first, first + len(rows))), rows)

    def log_validation(self, rows: list[dict[str, float]]) -> None:
        """Log epochs' ends. rows: iteration, and what was measured."""
        for row in rows:
            measured = {f"validation_{name}": value for name, value in row.items() if name != "iteration"}
            self._log(list(measured), [int(row["iteration"])], [list(measured.values())])

    def _log(self, names: list[str], steps: list[int], values: list[list[float]]) -> None:
        if values:
            self._write(do="metrics", names=names, steps=steps, values=values, time=now())

    def log_evaluation(
        self, metrics: Mapping[str, Any], milliseconds: Mapping[str, float], files: Sequence[str], report: Path
    ) -> None:
        """Log the contents of metrics.json and the milliseconds that each method takes for an image as metrics, among
        them `method/output/region_measure`, the files as artifacts, and a description with the figures.
        """
        values = {f"test_{name}": value for name, value in metrics["test"].items()}
        for part in DIAGNOSED:
            known = {key: value for key, value in (metrics[part] or {}).items() if value is not None}
            values |= {f"{part}/{key}": float(value) for key, value in known.items()}
        for method, outputs in metrics["scores"].items():
            for output, regions in outputs.items():
                values |= {f"{method}/{output}/{key.replace('.', '_')}": v for key, v in flatten(regions).items()}
            values[f"{method}/multiply_adds"] = metrics["cost"][method]["multiply_adds"]
            values[f"{method}/milliseconds_per_image"] = milliseconds[method]
        self._log(list(values), [0], [list(values.values())])
        for file in files:
            self.log_file(file, "evaluation")
        note = description(self.name, metrics, report.as_posix())
        self._write(do="tags", values={DESCRIPTION: note})

    def log_file(self, path: str | Path, folder: str) -> None:
        """Log a file as an artifact, as it is now."""
        if self.log:
            with self._trying():
                self.log.append("file", path=self.log.keep(path), folder=folder)

    def _write(self, **line: Any) -> None:
        if self.log:
            with self._trying():
                self.log.append(**line)

    @contextmanager
    def _trying(self) -> Iterator[None]:
        """Warn of a failure, and write nothing more: the log has no end, so that an evaluation makes the run anew."""
        try:
            yield
        except Exception as error:
            self.log = None
            logger.warning("MLflow: %s: not recorded (%s); the results are not affected", self.name, error)

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)  # bytes there, kilobytes elsewhere
        used = [peak, usage.ru_utime + usage.ru_stime]
        self._log(["system/peak_memory_mb", "system/cpu_seconds"], [STEPS[self.part]], [used])
        self._write(do="end", status="FAILED" if kind else "FINISHED", time=now())


def model_log(config: Mapping[str, Any], model: Any, identity: str) -> RunLog:
    """Return the log of a model's job; `model` has the attributes task, variant, loss and seed."""
    name = run_name(model.task, model.variant, model.loss, model.seed)
    uri, experiment = config.get("tracking", {}).get("uri"), f"{config['dataset']['name']}/{model.task}"
    return RunLog(uri, experiment, name, identity)


def description(name: str, metrics: Mapping[str, Any], report: str) -> str:
    """Return the description of a model's run, in Markdown. metrics: of metrics.json; report: the page's place."""
    test, methods = metrics["test"], metrics["scores"].items()
    scored = [(method, output, scores) for method, outputs in methods for output, scores in outputs.items()]
    columns = [
        (region, measure)
        for region in sorted({region for *_, scores in scored for region in scores}, reverse=True)
        for measure in MEASURES
        if any(measure in scores.get(region, {}) for *_, scores in scored)
    ]
    rows = [
        ["inference", "output", *(f"{MEASURES[measure]}, {region}" for region, measure in columns)],
        ["---", "---", *["---:"] * len(columns)],
    ]
    for *names, scores in scored:
        values = [scores.get(region, {}).get(measure) for region, measure in columns]
        rows.append([*names, *("" if value is None else f"{value:.4g}" for value in values)])
    lines = [
        f"**{name}**, measured on {metrics['images']:,} test images.",
        f"Objective {test['objective']:.4g}: reconstruction {test['reconstruction']:.4g}, KL {test['kl']:.4g}.",
        "\n".join(f"| {' | '.join(row)} |" for row in rows),
        f"Beside the others: `{report}`",
    ]
    return "\n\n".join(lines)


def training_lines(begin: Line) -> Iterator[Line]:
    """Yield what a training would have logged, from the files that the first line of its evaluation's log names."""
    import pandas as pd

    files = begin["files"]
    yield _params(artifacts.read_json(files["summary"], "settings")["settings"])
    yield _dataset(begin["dataset"], "training")
    for prefix, key in (("train", "history"), ("validation", "validation")):
        frame = pd.read_parquet(files[key])
        steps, values = frame.pop("iteration").tolist(), frame.to_numpy().tolist()
        names = [f"{prefix}_{name}" for name in frame]
        yield {"do": "metrics", "names": names, "steps": steps, "values": values, "time": begin["time"]}
    yield {"do": "file", "path": files["model"], "folder": "model"}


def _params(nested: Mapping[str, Any]) -> Line:
    return {"do": "params", "values": {key: str(value) for key, value in flatten(nested).items()}}


def _dataset(path: str | Path, context: str) -> Line:
    name = " ".join(Path(path).with_suffix("").parts[1:])  # without results/
    return {"do": "dataset", "name": name, "path": str(path), "sha256": artifacts.sha256(path), "context": context}
