"""The addresses of the runs of each experiment in MLflow's own store.

MLflow's pages open on what is for language models, with no run in sight, until its switch "Model training" is pressed.
These addresses open on the runs, and on none that another has taken the place of.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

HOST = "http://127.0.0.1"
SERVER = f"{HOST}:5000"  # of `make mlflow`, if it is not told another port
STORE = Path("results/mlflow/mlflow.db")
SHOWN = {"workflowType": "machine_learning", "searchFilter": "tags.state = 'current'"}
EXPERIMENTS = """
    SELECT experiments.name, experiments.experiment_id FROM experiments
    JOIN runs ON runs.experiment_id = experiments.experiment_id AND runs.lifecycle_stage = 'active'
    WHERE experiments.lifecycle_stage = 'active' GROUP BY experiments.experiment_id ORDER BY experiments.name
"""


def links(store: Path = STORE, server: str = SERVER) -> dict[str, str]:
    """Of each experiment that has runs its name, <data set>/<task>, and the address of its runs.

    Raises sqlite3.Error where `store` is not MLflow's.
    """
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as database:
        found = database.execute(EXPERIMENTS).fetchall()
    query = "&".join(f"{key}={quote(value)}" for key, value in SHOWN.items())
    return {name: f"{server}/#/experiments/{number}/runs?{query}" for name, number in found}
