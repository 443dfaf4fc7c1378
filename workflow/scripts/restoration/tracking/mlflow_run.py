"""One run on MLflow's server, and the calls that make it.

A call is a mapping that JSON can hold, so that what a server did not take can be written down and made later. It holds
its time, and leaves the same if it is made twice: MLflow keeps one of two equal points.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from restoration.tracking import mlflow_store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

BATCH = 1000  # the most metric values that MLflow takes in one call
PARENT = "mlflow.parentRunId"  # a run with this tag is shown beneath the one that it names
DIGEST = 36  # the most characters that MLflow takes for a data set's digest

Call = dict[str, Any]  # `do` names the method of ServerRun that it is for, the others are its arguments


class ServerRun:
    """What MLflow has, or will have, of one job. Every method raises what MLflow raises."""

    def __init__(self, uri: str | None, experiment: str, name: str, identity: str, late: bool = False) -> None:
        """`late`: its calls are made after their time, so that there may be later runs of the same name."""
        self.name, self.identity, self.late = name, identity, late
        self.run_id = ""
        self.client: MlflowClient = mlflow_store.connect(uri)
        self.experiment_id = mlflow_store.experiment(self.client, uri, experiment)

    def make(self, call: Call) -> Any:
        """Make a call; what it returns."""
        return getattr(self, call["do"])(**{key: value for key, value in call.items() if key not in ("do", "of")})

    def is_there(self, run_id: str) -> bool:
        """Whether this server has that run, and it was not deleted."""
        from mlflow.exceptions import MlflowException

        try:
            return str(self.client.get_run(run_id).info.lifecycle_stage) == "active"
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return False
            raise

    def earlier(self) -> list["Run"]:
        """The current runs of this name, newest first."""
        quoted = self.name.replace("'", "")
        return list(
            self.client.search_runs(
                [self.experiment_id],
                f"attributes.run_name = '{quoted}' and tags.state = 'current'",
                order_by=["attributes.start_time DESC"],
            )
        )

    def create(self, time: int, tags: Mapping[str, str]) -> None:
        """A new run, in the place of earlier ones, which are shown beneath it from now on: those that never ended are
        closed as KILLED. time: milliseconds.
        """
        known = {"identity": self.identity, "state": "current", **tags}
        before = []
        for run in self.earlier():
            if run.info.start_time == time and run.data.tags.get("identity") == self.identity:
                self.run_id = run.info.run_id  # this one, of which the server's answer was lost
            elif self.late and run.info.start_time > time:
                known |= {"state": "superseded", PARENT: run.info.run_id}
            else:
                before.append(run.info)
        if not self.run_id:
            self.run_id = self.client.create_run(self.experiment_id, time, known, self.name).info.run_id
        for info in before:
            if info.status == "RUNNING":
                self.client.set_terminated(info.run_id, "KILLED")
            self._tag(info.run_id, {"state": "superseded", PARENT: known.get(PARENT, self.run_id)})

    def reopen(self) -> bool:
        """Go on with the finished run of this identity that holds no evaluation yet; False if there is none.

        Late, one that is open is taken as well: the server did so before its answer was lost.
        """
        for run in self.earlier():
            fits = run.info.status in (("FINISHED", "RUNNING") if self.late else ("FINISHED",))
            if fits and run.data.tags.get("identity") == self.identity and "evaluated" not in run.data.tags:
                self.run_id = run.info.run_id
                self.client.update_run(self.run_id, status="RUNNING")
                return True
        return False

    def params(self, values: Mapping[str, str]) -> None:
        from mlflow.entities import Param

        self.client.log_batch(self.run_id, params=[Param(key, value) for key, value in values.items()])

    def tags(self, values: Mapping[str, str]) -> None:
        self._tag(self.run_id, values)

    def _tag(self, run_id: str, values: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        self.client.log_batch(run_id, tags=[RunTag(key, value) for key, value in values.items()])

    def metrics(self, names: Sequence[str], steps: Sequence[int], values: Sequence[Sequence[float]], time: int) -> None:
        """values: a row for each of the steps, in each a value for each of the names; time: milliseconds."""
        from mlflow.entities import Metric

        rows = zip(steps, values, strict=True)
        points = [Metric(name, value, time, step) for step, row in rows for name, value in zip(names, row, strict=True)]
        for start in range(0, len(points), BATCH):
            self.client.log_batch(self.run_id, metrics=points[start : start + BATCH])

    def dataset(self, name: str, path: str, sha256: str, context: str) -> None:
        """A file that the job reads, as a data set; its digest is cut to the length that MLflow takes."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        source = f'{{"uri": "{path}", "sha256": "{sha256}"}}'
        data = Dataset(name, sha256[:DIGEST], source_type="local", source=source)
        self.client.log_inputs(self.run_id, [DatasetInput(data, [InputTag("mlflow.data.context", context)])])

    def file(self, path: str, folder: str | None) -> None:
        self.client.log_artifact(self.run_id, path, folder)

    def end(self, status: str, time: int) -> None:
        self.client.set_terminated(self.run_id, status, time)
