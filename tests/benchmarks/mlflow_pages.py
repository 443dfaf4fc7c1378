"""MLflow's server over a store with many runs, and how long it takes to answer what its pages ask."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

from restoration.tracking import mlflow_store

PAGE_SIZE = 100  # what the table of runs asks for at a time
POINTS, FIGURES, PARAMETERS = 30, 60, 20  # of a run: of each of three curves, figures besides, and parameters
PATIENCE = 120  # seconds for the server to start


def fill(folder: Path, runs: int) -> tuple[str, str]:
    """Make a store in `folder` with one experiment of so many runs; return its address and the experiment's id."""
    from mlflow.entities import Metric, Param, RunTag

    with chdir(folder):
        client, uri = mlflow_store.connect(None), mlflow_store.store_uri()
    experiment = client.create_experiment("growth", artifact_location=(folder / "artifacts").as_uri())
    metrics = [Metric(f"train_{name}", 1.0 / step, 0, step) for name in "abc" for step in range(1, POINTS + 1)]
    metrics += [Metric(f"encode/raw/figure_{number}", float(number), 0, 0) for number in range(FIGURES)]
    params = [Param(f"variant.key_{number}", str(number)) for number in range(PARAMETERS)]
    for number in range(runs):
        run = client.create_run(experiment, run_name=f"inpainting vae{number} bce seed 0")
        client.log_batch(run.info.run_id, metrics=metrics, params=params, tags=[RunTag("state", "current")])
        client.set_terminated(run.info.run_id)
    return uri, experiment


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def server(uri: str, folder: Path) -> Iterator[str]:
    """Run MLflow's server on this machine alone; yield its address once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with (folder / "server.txt").open("w+") as printed:
        process = subprocess.Popen(
            [*command, "--backend-store-uri", uri],
            cwd=folder,
            stdout=printed,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # its workers end with it
        )
        try:
            wait(process, f"http://127.0.0.1:{port}/health", folder / "server.txt")
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait(process: subprocess.Popen, address: str, printed: Path) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit(f"MLflow's server does not answer:\n{printed.read_text()}")


def first_page(address: str, experiment: str, runs: int) -> float:
    """Return the seconds until the first page of the experiment's `runs` was there.

    Raises AssertionError if the page is not whole.
    """
    asked = {"experiment_ids": [experiment], "max_results": PAGE_SIZE, "order_by": ["attributes.start_time DESC"]}
    body, kind = json.dumps(asked).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/2.0/mlflow/runs/search", body, kind)
    start = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:
        shown = len(json.load(answer)["runs"])
    seconds = time.perf_counter() - start
    if shown != min(runs, PAGE_SIZE):
        raise AssertionError(f"MLflow shows {shown} of {runs} runs")
    return seconds
