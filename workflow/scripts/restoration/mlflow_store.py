"""Where MLflow's runs are kept: a server of the user's, or an SQLite file under results/."""

import fcntl
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

STORE = Path("results/mlflow")


def store_uri() -> str:
    """The default store: an SQLite file under results/."""
    return f"sqlite:///{(STORE / 'mlflow.db').resolve()}"


def connect(uri: str | None) -> "MlflowClient":
    """A client of the server at `uri`, or, for None, of the default store, which is made first if it is not there.

    Two processes that make MLflow's tables at once both fail; so one does, under a lock, beside their place.
    """
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    from mlflow import MlflowClient

    if uri:
        return MlflowClient(uri)
    STORE.mkdir(parents=True, exist_ok=True)
    with open(STORE / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (STORE / "mlflow.db").exists():
            _make_database(STORE / "mlflow.db")
    return MlflowClient(store_uri())


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
