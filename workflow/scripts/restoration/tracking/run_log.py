"""MLflow: experiment a task, run a model.

The files under results/ are the truth, MLflow a view of them that can be watched live: whatever goes wrong here is one
warning, and the job goes on; what the server did not take is written down, to be sent later. A job has one current run,
found by its tags: an earlier one that never ended is closed as KILLED, one that ended is marked as superseded.
"""

import logging
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from restoration.config.model_names import run_name
from restoration.core import artifacts, script
from restoration.core.job_parameters import flatten
from restoration.models.objective import MEASURED
from restoration.tracking import mirror, mlflow_store, run_description, unsent
from restoration.tracking.mlflow_run import Call, ServerRun

if TYPE_CHECKING:
    import pandas as pd

DIAGNOSED = ["latent", "prior_draw", "common"]  # parts of metrics.json, each a mapping or None
DATASETS = {"dataset": "training", "test": "evaluation"}  # a job's inputs that are recorded, and what they are for

logger = logging.getLogger("restoration.tracking")


def now() -> int:
    """Milliseconds, as MLflow counts them."""
    return int(time.time() * 1000)


def used() -> dict[str, float]:
    """What this process has taken of the machine until now, as metrics of a run."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    peak = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)  # bytes there, kilobytes elsewhere
    return {"system/peak_memory_mb": peak, "system/cpu_seconds": usage.ru_utime + usage.ru_stime}


class Run:
    """One run, as a context: FINISHED at its end, FAILED on an exception. Every method only warns if MLflow fails."""

    def __init__(
        self, uri: str | None, experiment: str, name: str, identity: str, files: Mapping[str, str] | None = None
    ) -> None:
        """files: the inputs of the job, of which those in DATASETS are recorded."""
        self.uri, self.experiment, self.name, self.identity = uri, experiment, name, identity
        self.files = files or {}
        self.server: ServerRun | None = None
        self.calls: list[Call] = []  # all, for a server that has lost the first of them when it is sent the others
        self.part = "training"
        self.began = self.reopened = False
        self.unsent: unsent.Entry | None = None
        self.lost = False

    @property
    def run_id(self) -> str:
        """On the server; empty where it has none."""
        return self.server.run_id if self.server else ""

    def _do(self, do: str, **given: Any) -> Any:
        """Make a call, and return what it returns. Where a courier makes them, and from the first that fails on, write
        them down instead.
        """
        call: Call = {"do": do, "of": self.part, **given}
        self.calls.append(call)
        try:
            if len(self.calls) == 1 and mirror.at_work():
                self.unsent = unsent.Entry.new(self._about(), [])
            if self.unsent:
                self.unsent.append(call)
            elif not self.lost:
                if self.server is None:
                    self.server = ServerRun(self.uri, self.experiment, self.name, self.identity)
                return self.server.make(call)
        except Exception as error:
            self._keep(error)
        return None

    def _keep(self, error: Exception) -> None:
        """Write down what the server has not got, because of `error`; say where, or that it is lost."""
        try:
            if self.unsent:  # which cannot be written either
                raise error
            self.unsent = unsent.Entry.new(self._about(), self.calls)
        except Exception as second:
            self.unsent, self.lost = None, True
            told = dict.fromkeys(map(mlflow_store.why, (error, second)))
            logger.warning("MLflow: %s: not recorded (%s); the results are not affected", self.name, "; ".join(told))
            return
        logger.warning(
            "MLflow: %s: not sent (%s); it waits in %s until `%s`; the results are not affected",
            self.name,
            mlflow_store.why(error),
            self.unsent.folder,
            unsent.COMMAND,
        )

    def _about(self) -> dict[str, Any]:
        """What `unsent.Entry.new` is to know: before a call that was not made."""
        whose = {"uri": self.uri, "experiment": self.experiment, "name": self.name, "identity": self.identity}
        return {**whose, "run": self.run_id, "done": len(self.calls) - 1, "reopened": self.reopened}

    def start(self, parameters: Mapping[str, Any]) -> "Run":
        """A new run, in the place of earlier ones."""
        self.began = True
        self._do("create", time=now(), tags={})
        self._do("params", values={key: str(value) for key, value in flatten(parameters).items()})
        self._log_dataset("dataset")
        return self

    def reopen(self) -> bool:
        """Go on with the finished run of this identity that holds no evaluation yet; False if there is none.

        What its training could not send is sent first. A courier is not asked: it does so if there is one, and gets to
        know the training from here if there is none.
        """
        if not mirror.at_work():
            try:
                unsent.send(self.uri, unsent.entries(uri=self.uri, name=self.name))
            except Exception:
                logger.debug("", exc_info=True)  # which the next line will tell
        self.reopened = self.began = bool(self._do("reopen"))
        return self.reopened

    def _log_dataset(self, key: str) -> None:
        path = self.files.get(key)
        if path is not None and Path(path).is_file():
            name = " ".join(Path(path).with_suffix("").parts[1:])  # without results/
            self._do("dataset", name=name, path=path, sha256=artifacts.sha256(path), context=DATASETS[key])

    def log_history(self, values: Any, first: int) -> None:
        """values: (iterations, 3), as `training.Trainer.record`; first: the first one's number, from 1."""
        rows = values.tolist()
        self._log([f"train_{name}" for name in MEASURED], list(range(first, first + len(rows))), rows)

    def log_validation(self, rows: list[dict[str, float]]) -> None:
        """rows: iteration, objective, reconstruction and kl of each epoch's end."""
        values = [[row[name] for name in MEASURED] for row in rows]
        self._log([f"validation_{name}" for name in MEASURED], [int(row["iteration"]) for row in rows], values)

    def _log(self, names: list[str], steps: list[int], values: list[list[float]]) -> None:
        if values:
            self._do("metrics", names=names, steps=steps, values=values, time=now())

    def log_evaluation(self, metrics: Mapping[str, Any], milliseconds: Mapping[str, float], files: list[str]) -> None:
        """The contents of metrics.json and the milliseconds that each method takes for an image as metrics, among them
        `method/output/region_measure`, the files as artifacts, and a description with the figures.
        """
        self.part = "evaluation"
        values = {f"test_{name}": metrics["test"][name] for name in MEASURED}
        for part in DIAGNOSED:
            known = {key: value for key, value in (metrics[part] or {}).items() if value is not None}
            values |= {f"{part}/{key}": float(value) for key, value in known.items()}
        for method, outputs in metrics["scores"].items():
            for output, regions in outputs.items():
                values |= {f"{method}/{output}/{key.replace('.', '_')}": v for key, v in flatten(regions).items()}
            values[f"{method}/multiply_adds"] = metrics["cost"][method]["multiply_adds"]
            values[f"{method}/milliseconds_per_image"] = milliseconds[method]
        self._log(list(values), [0], [list(values.values())])
        self._log_dataset("test")
        for file in files:
            self.log_file(file, "evaluation")
        report = None
        if "dataset" in self.files:  # results/<name>/download/dataset.npz
            report = (Path(self.files["dataset"]).parent.parent / "report/report.html").as_posix()
        note = run_description.of_model(self.name, metrics, report)
        self._do("tags", values={"evaluated": "true", run_description.TAG: note})

    def log_file(self, path: str | Path, folder: str | None = None) -> None:
        self._do("file", path=str(path), folder=folder)

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.began:
            # Of a training that is a job of its own step 0, of the evaluation, which goes on with its run, step 1.
            step = int(self.reopened or self.part == "evaluation")
            self.part, values = "evaluation", used()
            self._log(list(values), [step], [list(values.values())])
            self._do("end", status="FAILED" if kind else "FINISHED", time=now())
        if self.unsent:
            self.unsent.release()


def model_run(config: Mapping[str, Any], model: Any, identity: str) -> Run:
    """The run of a model; `model` has the attributes task, variant, loss and seed."""
    name = run_name(model.task, model.variant, model.loss, model.seed)
    uri, experiment = config.get("tracking", {}).get("uri"), f"{config['dataset']['name']}/{model.task}"
    return Run(uri, experiment, name, identity, script.inputs)


def log_training(run: Run, history: "pd.DataFrame", validation: "pd.DataFrame", model: str | Path) -> None:
    """All that a training leaves in its run, from its files."""
    run.log_history(history[MEASURED].to_numpy(), first=1)
    run.log_validation([dict(zip(validation, row, strict=True)) for row in validation.to_numpy().tolist()])
    run.log_file(model, "model")
