"""MLflow: experiment a task, run a model.

The files under results/ are the truth, MLflow a view of them that can be watched live: whatever goes wrong here is one
warning, and the job goes on. A job has one current run, found by its tags: an earlier one that never ended is closed
as KILLED, one that ended is marked as superseded.
"""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from restoration import mlflow_store
from restoration.identity import flatten
from restoration.objective import MEASURED

if TYPE_CHECKING:
    import pandas as pd
    from mlflow import MlflowClient

BATCH = 1000  # the most metric values that MLflow takes in one call
DIAGNOSED = ["latent", "prior_draw", "common"]  # parts of metrics.json, each a mapping or None

logger = logging.getLogger("restoration.tracking")


class Run:
    """One run, as a context: FINISHED at its end, FAILED on an exception. Every method only warns if MLflow fails."""

    def __init__(self, uri: str | None, experiment: str, name: str, identity: str) -> None:
        self.experiment, self.name, self.identity = experiment, name, identity
        self.client: MlflowClient | None = None
        self.run_id = ""
        self._guard(lambda: self._connect(uri))

    def _connect(self, uri: str | None) -> None:
        client = mlflow_store.connect(uri)
        known = client.get_experiment_by_name(self.experiment)
        if known is None:
            location = None if uri else (mlflow_store.STORE / "artifacts" / self.experiment).resolve().as_uri()
            try:
                self.experiment_id = client.create_experiment(self.experiment, artifact_location=location)
            except Exception:  # another job of the same task was first
                known = client.get_experiment_by_name(self.experiment)
                if known is None:
                    raise
        if known is not None:
            self.experiment_id = known.experiment_id
        self.client = client

    def _guard(self, action: Callable[[], Any]) -> None:
        try:
            action()
        except Exception as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            logger.warning("MLflow: %s: not recorded (%s); the results are not affected", self.name, reason)
            self.client = None

    def earlier(self, client: "MlflowClient") -> list[Any]:
        """The current runs of this name, newest first."""
        quoted = self.name.replace("'", "")
        return list(
            client.search_runs(
                [self.experiment_id],
                f"attributes.run_name = '{quoted}' and tags.state = 'current'",
                order_by=["attributes.start_time DESC"],
            )
        )

    def start(self, parameters: Mapping[str, Any]) -> "Run":
        """A new run, in the place of earlier ones."""

        def action(client: "MlflowClient") -> None:
            for run in self.earlier(client):
                if run.info.status == "RUNNING":
                    client.set_terminated(run.info.run_id, "KILLED")
                client.set_tag(run.info.run_id, "state", "superseded")
            tags = {"identity": self.identity, "state": "current"}
            created = client.create_run(self.experiment_id, tags=tags, run_name=self.name)
            self.run_id = created.info.run_id
            from mlflow.entities import Param

            flat = [Param(key, str(value)) for key, value in flatten(parameters).items()]
            client.log_batch(self.run_id, params=flat)

        return self._do(action)

    def reopen(self) -> bool:
        """Go on with the finished run of this identity that holds no evaluation yet; False if there is none."""

        def action(client: "MlflowClient") -> None:
            for run in self.earlier(client):
                done = run.info.status == "FINISHED" and "evaluated" not in run.data.tags
                if done and run.data.tags.get("identity") == self.identity:
                    self.run_id = run.info.run_id
                    client.update_run(self.run_id, status="RUNNING")
                    return

        self._do(action)
        return bool(self.run_id)

    def _do(self, action: Callable[["MlflowClient"], Any]) -> "Run":
        if self.client is not None:
            client = self.client
            self._guard(lambda: action(client))
        return self

    def log_history(self, values: Any, first: int) -> None:
        """values: (iterations, 3), as `training.Trainer.record`; first: the first one's number, from 1."""
        rows = enumerate(values.tolist(), start=first)
        self._log(
            [(f"train_{name}", value, step) for step, row in rows for name, value in zip(MEASURED, row, strict=True)]
        )

    def log_validation(self, rows: list[dict[str, float]]) -> None:
        """rows: iteration, objective, reconstruction and kl of each epoch's end."""
        self._log([(f"validation_{name}", row[name], int(row["iteration"])) for row in rows for name in MEASURED])

    def log_evaluation(self, metrics: Mapping[str, Any], milliseconds: Mapping[str, float], files: list[str]) -> None:
        """The contents of metrics.json and the milliseconds that each method takes for an image as metrics, among them
        `method/output/region_measure`, and the files as artifacts.
        """
        values = {f"test_{name}": metrics["test"][name] for name in MEASURED}
        for part in DIAGNOSED:
            known = {key: value for key, value in (metrics[part] or {}).items() if value is not None}
            values |= {f"{part}/{key}": float(value) for key, value in known.items()}
        for method, outputs in metrics["scores"].items():
            for output, regions in outputs.items():
                values |= {f"{method}/{output}/{key.replace('.', '_')}": v for key, v in flatten(regions).items()}
            values[f"{method}/multiply_adds"] = metrics["cost"][method]["multiply_adds"]
            values[f"{method}/milliseconds_per_image"] = milliseconds[method]
        self._log([(name, value, 0) for name, value in values.items()])
        for file in files:
            self.log_file(file, "evaluation")
        self._do(lambda client: client.set_tag(self.run_id, "evaluated", "true"))

    def _log(self, points: list[tuple[str, float, int]]) -> None:
        """points: name, value, step."""

        def action(client: "MlflowClient") -> None:
            from mlflow.entities import Metric

            now = int(time.time() * 1000)
            metrics = [Metric(name, value, now, step) for name, value, step in points]
            for start in range(0, len(metrics), BATCH):
                client.log_batch(self.run_id, metrics=metrics[start : start + BATCH])

        self._do(action)

    def log_file(self, path: str | Path, folder: str | None = None) -> None:
        self._do(lambda client: client.log_artifact(self.run_id, str(path), folder))

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.run_id:
            self._do(lambda client: client.set_terminated(self.run_id, "FAILED" if kind else "FINISHED"))


def model_run(config: Mapping[str, Any], model: Any, identity: str) -> Run:
    """The run of a model; `model` has the attributes task, variant, loss and seed."""
    name = f"{model.task} {model.variant} {model.loss} seed {model.seed}"
    return Run(config.get("tracking", {}).get("uri"), f"{config['dataset']['name']}/{model.task}", name, identity)


def log_training(run: Run, history: "pd.DataFrame", validation: "pd.DataFrame", model: str | Path) -> None:
    """All that a training leaves in its run, from its files."""
    run.log_history(history[MEASURED].to_numpy(), first=1)
    run.log_validation([dict(zip(validation, row, strict=True)) for row in validation.to_numpy().tolist()])
    run.log_file(model, "model")
