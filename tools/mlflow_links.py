"""The addresses of the runs of each experiment in MLflow's own store, for `make mlflow`.

MLflow's pages open on what is for language models, with no run in sight, until its switch "Model training" is pressed.
These addresses open on the runs, and on none that another has taken the place of.
"""

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

STORE = Path("results/mlflow/mlflow.db")
SHOWN = {"workflowType": "machine_learning", "searchFilter": "tags.state = 'current'"}
EXPERIMENTS = """
    SELECT experiments.name, experiments.experiment_id FROM experiments
    JOIN runs ON runs.experiment_id = experiments.experiment_id AND runs.lifecycle_stage = 'active'
    WHERE experiments.lifecycle_stage = 'active' GROUP BY experiments.experiment_id ORDER BY experiments.name
"""


def links(store: Path, server: str) -> Iterator[str]:
    """A line for each experiment that has runs: its name, and the address of its runs."""
    with sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True) as database:
        found = database.execute(EXPERIMENTS).fetchall()
    database.close()
    query = "&".join(f"{key}={quote(value)}" for key, value in SHOWN.items())
    for name, number in found:
        yield f"{name:<30} {server}/#/experiments/{number}/runs?{query}"


if __name__ == "__main__":
    if not STORE.exists():
        sys.exit(f"{STORE} is not there: snakemake makes it, unless tracking.uri names a server")
    print(*links(STORE, *sys.argv[1:]), sep="\n", flush=True)
