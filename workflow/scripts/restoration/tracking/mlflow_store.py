"""Where MLflow's runs are kept: a server of the user's, or an SQLite file under results/."""

import fcntl
import logging
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from restoration.core.errors import reason
from restoration.tracking import run_links

if TYPE_CHECKING:
    from mlflow import MlflowClient

STORE = Path("results/mlflow")
KIND = {"mlflow.experimentKind": "custom_model_development"}  # its page shows runs and their curves, not prompts

logger = logging.getLogger("restoration.mlflow_store")


def store_uri() -> str:
    """The default store: an SQLite file under results/."""
    return f"sqlite:///{(STORE / 'mlflow.db').resolve()}"


def connect(uri: str | None) -> "MlflowClient":
    """A client of the server at `uri`, or, for None, of the default store, which is made first if it is not there.

    Two processes that make MLflow's tables at once both fail; so one does, under a lock, beside their place.
    """
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # two lines for each run that ends
    # What a server does not take is sent later: a job does not wait for long, by default for minutes.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # that it tries again
    from mlflow import MlflowClient

    if not (uri or "").startswith("http"):
        from mlflow.store.db import utils

        utils.MAX_RETRY_COUNT = 3  # of ten the waits, each twice the one before, come to minutes
        logging.getLogger(utils.__name__).setLevel(logging.ERROR)
    if uri:
        return MlflowClient(uri)
    STORE.mkdir(parents=True, exist_ok=True)
    with open(STORE / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (STORE / "mlflow.db").exists():
            _make_database(STORE / "mlflow.db")
    return MlflowClient(store_uri())


def why(error: Exception, most: int = 120) -> str:
    """What MLflow says, in one line; of a connection that failed, the address and the innermost cause; of a server that
    answers with an error, as where its database is away, the error's number.
    """
    text = str(error)
    failed = re.match(r"API request to (\w+://[^/]+)\S* failed", text)
    if failed and (answered := re.search(r"too many (\d+) error responses", text)):
        return f"{failed[1]} answers with error {answered[1]}"
    if failed and "Caused by" in text:
        cause = re.sub(r"^\[Errno -?\d+\] ", "", text.rpartition(": ")[2]).split("'")[0].split(". (")[0].rstrip('")( ')
        return f"{failed[1]} does not answer: {cause}"
    return reason(error, most)


def is_away(uri: str | None, error: Exception) -> bool:
    """Whether `error` came because the server does not answer; else it is of what was asked, and all else may do."""
    text = str(error)
    if "Caused by" in text and "ResponseError" not in text:  # a connection that failed: not to wait for a second one
        return True
    try:
        connect(uri).search_experiments(max_results=1)
    except Exception:
        return True
    return False


def experiment(client: "MlflowClient", uri: str | None, name: str) -> str:
    """The id of an experiment, which is made if it is not there, and restored if it was deleted on MLflow's page.

    Where its runs are is noted for the page of all data sets.
    """
    number = _number(client, uri, name)
    with suppress(OSError):
        run_links.keep(STORE, name, uri, number)
    return number


def _number(client: "MlflowClient", uri: str | None, name: str) -> str:
    known = client.get_experiment_by_name(name)
    if known is None:
        location = None if uri else (STORE / "artifacts" / name).resolve().as_uri()
        try:
            return str(client.create_experiment(name, artifact_location=location, tags=KIND))
        except Exception:  # another job was first
            known = client.get_experiment_by_name(name)
            if known is None:
                raise
    if known.lifecycle_stage == "deleted":  # and keeps its name, so that no other can be made
        _restore(client, known.experiment_id, name)
    return str(known.experiment_id)


def _restore(client: "MlflowClient", number: str, name: str) -> None:
    try:
        client.restore_experiment(number)
    except Exception:  # another job was first
        if client.get_experiment(number).lifecycle_stage == "deleted":
            raise
    else:
        logger.warning("MLflow: experiment %s was deleted; it is restored, with its runs, for there are new ones", name)


def _make_database(path: Path) -> None:
    import sqlite3

    from mlflow import MlflowClient

    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    MlflowClient(f"sqlite:///{part.resolve()}").search_experiments()
    with sqlite3.connect(part) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode=WAL")  # readers and one writer do not wait for each other
    database.close()
    os.replace(part, path)
