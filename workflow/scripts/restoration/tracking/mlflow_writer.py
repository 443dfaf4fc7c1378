"""One log's run on an MLflow server."""

import logging

from mlflow import MlflowClient, entities
from mlflow.exceptions import MlflowException

from restoration.core.errors import reason
from restoration.tracking import run_log
from restoration.tracking.outbox import Line

BATCH = 1000  # the most metric values that MLflow takes in one call
PARENT = "mlflow.parentRunId"  # a run with this tag is shown beneath the run that it names
DIGEST = 36  # the most characters that MLflow takes for a data set's digest

logger = logging.getLogger("restoration.mirror")


class RunWriter:
    """The run that a log is written to. Every line may be written again: MLflow is the same afterwards.

    MLflow keeps one of two equal metric points, and the run is found again by its name, identity and time. A name has
    one current run: the one that began last. Every method raises what MLflow raises.
    """

    def __init__(self, client: MlflowClient, experiment: str, begin: Line) -> None:
        """experiment: its id; begin: the log's first line."""
        self.client, self.experiment = client, experiment
        self.name, self.identity, self.time = begin["name"], begin["identity"], begin["time"]
        self.run_id = ""
        self.began_here = True  # or an evaluation adds to the run of its training's log

    def write(self, line: Line) -> None:
        """Write a line. MLflow may refuse a part of the run for ever: that part is left out, with a warning."""
        arguments = {key: value for key, value in line.items() if key != "do"}
        try:
            if line["do"] == "begin":
                self._begin(line)
            else:
                getattr(self, f"_{line['do']}")(**arguments)
        except MlflowException as error:
            if error.error_code != "INVALID_PARAMETER_VALUE" or line["do"] == "begin":
                raise
            why = reason(error)
            logger.warning("MLflow: %s: the server refuses a part of it (%s); the rest is sent", self.name, why)

    def _begin(self, line: Line) -> None:
        if line["part"] == "training":
            self._create({})
            return
        evaluated = {"evaluated": str(self.time)}  # set first: the run is this evaluation's from now on
        if trained := self._of_training(evaluated):
            self.run_id = trained.info.run_id
            self.began_here = trained.info.start_time == self.time
            self._tags(evaluated)
        else:
            self._create(evaluated)
        if self.began_here:
            for made in run_log.training_lines(line):
                self.write(made)

    def _of_training(self, evaluated: dict[str, str]) -> entities.Run | None:
        """Return the run that began last before this evaluation, if it is the finished training of this identity."""
        for run in self._runs(f"attributes.start_time <= {self.time}", most=1):
            tags = run.data.tags
            free = run.info.status == "FINISHED" and "evaluated" not in tags
            if tags.get("identity") == self.identity and (free or evaluated.items() <= tags.items()):
                return run
        return None

    def _create(self, tags: dict[str, str]) -> None:
        """Begin the run in the place of earlier ones, which are shown beneath it from now on; those that never ended
        are closed as KILLED. Where a later run is there, this one is shown beneath that.
        """
        own = self._runs(f"attributes.start_time = {self.time} and tags.identity = '{self.identity}'")
        current = [run.info for run in self._runs("tags.state = 'current'")]
        later = [info.run_id for info in current if info.start_time > self.time]
        tags = {"identity": self.identity, **tags, "state": "current"}
        if later:
            tags |= {"state": "superseded", PARENT: later[0]}
        if own:
            self.run_id = own[0].info.run_id
        else:
            self.run_id = self.client.create_run(self.experiment, self.time, tags, self.name).info.run_id
        for info in current:
            if info.run_id not in (self.run_id, *later):
                if info.status == "RUNNING":
                    self.client.set_terminated(info.run_id, "KILLED")
                self._tags({"state": "superseded", PARENT: later[0] if later else self.run_id}, info.run_id)

    def _runs(self, condition: str, most: int = 1000) -> list[entities.Run]:
        """Return the runs of this name, the newest first."""
        quoted = self.name.replace("'", "")
        condition = f"attributes.run_name = '{quoted}' and {condition}"
        order = ["attributes.start_time DESC"]
        return list(self.client.search_runs([self.experiment], condition, max_results=most, order_by=order))

    def _params(self, values: dict[str, str]) -> None:
        self.client.log_batch(self.run_id, params=[entities.Param(key, value) for key, value in values.items()])

    def _tags(self, values: dict[str, str], run_id: str | None = None) -> None:
        tags = [entities.RunTag(key, value) for key, value in values.items()]
        self.client.log_batch(run_id or self.run_id, tags=tags)

    def _metrics(self, names: list[str], steps: list[int], values: list[list[float]], time: int) -> None:
        """values: a row for each of the steps, in each a value for each of the names; time: milliseconds."""
        points = [
            entities.Metric(name, value, time, step)
            for step, row in zip(steps, values, strict=True)
            for name, value in zip(names, row, strict=True)
        ]
        for start in range(0, len(points), BATCH):
            self.client.log_batch(self.run_id, metrics=points[start : start + BATCH])

    def _dataset(self, name: str, path: str, sha256: str, context: str) -> None:
        source = f'{{"uri": "{path}", "sha256": "{sha256}"}}'
        data = entities.Dataset(name, sha256[:DIGEST], source_type="local", source=source)
        tag = entities.InputTag("mlflow.data.context", context)
        self.client.log_inputs(self.run_id, [entities.DatasetInput(data, [tag])])

    def _file(self, path: str, folder: str) -> None:
        self.client.log_artifact(self.run_id, path, folder)

    def _end(self, status: str, time: int) -> None:
        if self.began_here:  # or the run keeps its training's end and duration
            self.client.set_terminated(self.run_id, status, time)
