"""The addresses of the runs of each experiment: on a server of the user's, or in MLflow's own store.

MLflow's pages open on what is for language models, with no run in sight, until its switch "Model training" is pressed.
These addresses open on the current runs. When runs go to a server, their address is noted in a file for each experiment
under results/mlflow/links, where the page of all data sets reads it.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlsplit

from restoration.core import artifacts

HOST = "http://127.0.0.1"
SERVER = f"{HOST}:5000"  # of `make mlflow`, if it is not told another port
STORE = Path("results/mlflow/mlflow.db")
SHOWN = {"workflowType": "machine_learning", "searchFilter": "tags.state = 'current'"}
KEPT = "links"  # a folder beside the store
EXPERIMENTS = """
    SELECT experiments.name, experiments.experiment_id FROM experiments
    JOIN runs ON runs.experiment_id = experiments.experiment_id AND runs.lifecycle_stage = 'active'
    WHERE experiments.lifecycle_stage = 'active' GROUP BY experiments.experiment_id ORDER BY experiments.name
"""


def address(server: str, number: str | int) -> str:
    """Return the address of an experiment's runs on MLflow's pages, without the server's name and password."""
    parts = urlsplit(server)
    pages = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
    query = "&".join(f"{key}={quote(value)}" for key, value in SHOWN.items())
    return f"{pages}/#/experiments/{number}/runs?{query}"


def links(store: Path = STORE, server: str = SERVER) -> dict[str, str]:
    """Return the name, <data set>/<task>, and the address of each experiment that has runs in the store.

    Raises sqlite3.Error where `store` is not MLflow's.
    """
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as database:
        found = database.execute(EXPERIMENTS).fetchall()
    return {name: address(server, number) for name, number in found}


def keep(folder: Path, experiment: str, uri: str | None, number: str | int) -> None:
    """Note where an experiment's runs go. folder: the store's; uri: None for the store itself."""
    path = folder / KEPT / f"{experiment}.txt"
    if uri is None:
        path.unlink(missing_ok=True)
        return
    told = address(uri, number) if uri.startswith("http") else ""  # a database has no pages
    if not path.is_file() or path.read_text(encoding="utf-8") != told:
        artifacts.write_text(path, told)


def kept(folder: Path) -> dict[str, str]:
    """Return the addresses that `keep` noted, by experiment; empty where the runs have no page."""
    found = sorted((folder / KEPT).rglob("*.txt"))
    return {
        path.relative_to(folder / KEPT).with_suffix("").as_posix(): path.read_text(encoding="utf-8") for path in found
    }
