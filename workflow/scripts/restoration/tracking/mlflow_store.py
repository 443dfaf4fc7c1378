"""Where MLflow's runs are kept: a server of the user's, or an SQLite file under results/. And where they are shown.

MLflow's pages open on what is for language models, with no run in sight, until its switch "Model training" is pressed.
The addresses here open on the current runs. When runs go to a server, their address is noted in a file for each
experiment under results/mlflow/links, where the page of all data sets reads it.
"""

import fcntl
import logging
import os
import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from restoration.core import artifacts
from restoration.core.errors import reason

if TYPE_CHECKING:
    from mlflow import MlflowClient

STORE, DATABASE, LINKS = Path("results/mlflow"), "mlflow.db", "links"  # in STORE, the two others
SERVER = "http://127.0.0.1:5000"  # of `make mlflow`, if it is not told another port
SHOWN = {"workflowType": "machine_learning", "searchFilter": "tags.state = 'current'"}
EXPERIMENTS = """
    SELECT experiments.name, experiments.experiment_id FROM experiments
    JOIN runs ON runs.experiment_id = experiments.experiment_id AND runs.lifecycle_stage = 'active'
    WHERE experiments.lifecycle_stage = 'active' GROUP BY experiments.experiment_id ORDER BY experiments.name
"""
KIND = {"mlflow.experimentKind": "custom_model_development"}  # MLflow's page shows runs and their curves, not prompts

logger = logging.getLogger("restoration.mlflow_store")


def store_uri() -> str:
    """Return the address of the default store, an SQLite file under results/."""
    return f"sqlite:///{(STORE / DATABASE).resolve()}"


def connect(uri: str | None) -> "MlflowClient":
    """Return a client of the server at `uri`, or, for None, of the default store, which is made if it is not there.

    Two processes that make MLflow's tables at once both fail: a lock beside the store lets one do it.
    """
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # two lines for each run that ends
    # MLflow would try for minutes. What a server does not take now is sent later.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # it tells of each retry
    from mlflow import MlflowClient

    if not (uri or "").startswith("http"):
        _wait_less_for_databases()
    if uri:
        return MlflowClient(uri)
    STORE.mkdir(parents=True, exist_ok=True)
    with open(STORE / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (STORE / DATABASE).exists():
            _make_database(STORE / DATABASE)
    return MlflowClient(store_uri())


def _wait_less_for_databases() -> None:
    """Bound how often MLflow tries a database that does not answer.

    MLflow has no public name for this. Its ten tries, each waiting twice as long as the one before, come to minutes:
    without the bound an execution ends up to `mirror.PATIENCE` later where the database is away, and nothing else.
    """
    with suppress(ImportError):
        from mlflow.store.db import utils

        if hasattr(utils, "MAX_RETRY_COUNT"):
            utils.MAX_RETRY_COUNT = 3
        logging.getLogger(utils.__name__).setLevel(logging.ERROR)  # it tells of each retry


def why(error: Exception, uri: str | None = None) -> str:
    """Return what MLflow says, in one line.

    Of a connection that failed: the address and the innermost cause. Of a server that answers with an error, as where
    its database is away: the error's number. Of a server that asks for a password: its address.
    """
    text = str(error)
    failed = re.match(r"API request to (\w+://[^/]+)\S* failed", text)
    if failed and (answered := re.search(r"too many (\d+) error responses", text)):
        return f"{failed[1]} answers with error {answered[1]}"
    if failed and "Caused by" in text:
        cause = re.sub(r"^\[Errno -?\d+\] ", "", text.rpartition(": ")[2]).split("'")[0].split(". (")[0].rstrip('")( ')
        return f"{failed[1]} does not answer: {cause}"
    if re.search(r"error code 4\d\d", text):
        return f"tracking.uri: {uri} does not let us in ({reason(error, 250)})"
    return reason(error)


def answering(uri: str | None) -> "MlflowClient":
    """Return a client of a server that has answered. Raises what MLflow raises if it does not."""
    client = connect(uri)
    client.search_experiments(max_results=1)
    return client


def is_away(uri: str | None, error: Exception) -> bool:
    """Tell whether `error` came because the server does not answer. Else it is about what was asked."""
    text = str(error)
    if "Caused by" in text and "ResponseError" not in text:  # a connection that failed: do not wait for another
        return True
    try:
        answering(uri)
    except Exception:
        return True
    return False


def experiment(client: "MlflowClient", uri: str | None, name: str) -> str:
    """Return an experiment's id. Make it if it is not there, and restore it if it was deleted on MLflow's page.

    Note where its runs are for the page of all data sets.
    """
    known = client.get_experiment_by_name(name)
    if known is None:
        location = None if uri else (STORE / "artifacts" / name).resolve().as_uri()
        try:
            number = client.create_experiment(name, artifact_location=location, tags=KIND)
        except Exception:  # another folder's mirror was first
            known = client.get_experiment_by_name(name)
            if known is None:
                raise
    if known:
        number = known.experiment_id
    if known and known.lifecycle_stage == "deleted":  # the name is taken, so that no other can be made
        try:
            client.restore_experiment(number)
            logger.warning("MLflow: experiment %s was deleted; it is restored, with its runs, for new runs", name)
        except Exception:  # another folder's mirror was first
            if client.get_experiment(number).lifecycle_stage == "deleted":
                raise
    with suppress(OSError):
        note_address(STORE, name, uri, number)
    return str(number)


def address(server: str, number: str | int) -> str:
    """Return the address of an experiment's runs on MLflow's pages, without the server's name and password."""
    parts = urlsplit(server)
    pages = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
    query = "&".join(f"{key}={quote(value)}" for key, value in SHOWN.items())
    return f"{pages}/#/experiments/{number}/runs?{query}"


def addresses(folder: Path = STORE, server: str = SERVER) -> dict[str, str]:
    """Return the name, <data set>/<task>, and the address of each experiment that has runs in the default store.

    Empty where there is no store. Raises sqlite3.Error where its database is not MLflow's.
    """
    if not (folder / DATABASE).is_file():
        return {}
    with closing(sqlite3.connect(f"{(folder / DATABASE).resolve().as_uri()}?mode=ro", uri=True)) as database:
        return {name: address(server, number) for name, number in database.execute(EXPERIMENTS)}


def note_address(folder: Path, experiment: str, uri: str | None, number: str | int) -> None:
    """Note where an experiment's runs go. folder: the store's; uri: None for the store itself."""
    path = folder / LINKS / f"{experiment}.txt"
    if uri is None:
        path.unlink(missing_ok=True)
        return
    noted = address(uri, number) if uri.startswith("http") else ""  # a database has no pages
    if not path.is_file() or path.read_text(encoding="utf-8") != noted:
        artifacts.write_text(path, noted)


def noted_addresses(folder: Path) -> dict[str, str]:
    """Return the addresses that `note_address` noted, by experiment; empty where the runs have no page."""
    paths = sorted((folder / LINKS).rglob("*.txt"))
    names = [path.relative_to(folder / LINKS).with_suffix("").as_posix() for path in paths]
    return {name: path.read_text(encoding="utf-8") for name, path in zip(names, paths, strict=True)}


def _make_database(path: Path) -> None:
    from mlflow import MlflowClient

    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    MlflowClient(f"sqlite:///{part.resolve()}").search_experiments()
    with sqlite3.connect(part) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode=WAL")  # readers and one writer do not wait for each other
    database.close()
    os.replace(part, path)
