"""A checkout of its own, in which the real graph is run once on little data; and which tests need a program more."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest
import tracking_server

import slurm
from checkout import Checkout

# Folder of tests: the programs that it needs, and what to install for them on Debian.
PROGRAMS = {
    "browser": (("chromium", "chromedriver"), "chromium chromium-driver"),
    "server": (("initdb", "postgres"), "postgresql"),
}
LEFT_OUT = {
    folder: install
    for folder, (programs, install) in PROGRAMS.items()
    if not all(shutil.which(program, path=tracking_server.PATH) for program in programs)
}
# Slurm's tests take minutes of waiting for its queue: they are run when they are asked for.
if SLURM := "TEST_SLURM=1 in the environment" if "TEST_SLURM" not in os.environ else slurm.missing():
    LEFT_OUT["workflow/test_slurm.py"] = SLURM
collect_ignore = [str(Path(__file__).parent / name) for name in LEFT_OUT]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run the graph come first: at the end none is left for one worker while the other has nothing."""
    items.sort(key=lambda item: "unit" in item.path.parts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, needed in LEFT_OUT.items():
        terminalreporter.write_line(f"tests/{name} was left out, for what it needs is not here: {needed}")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout in which the whole graph has run: once, and each of pytest's workers has a copy of it."""
    place = tmp_path_factory.getbasetemp()
    shared = (place.parent if "PYTEST_XDIST_WORKER" in os.environ else place) / "graph"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed
        if not shared.exists():
            run = Checkout(shared).snakemake()
            if run.returncode:
                shutil.rmtree(shared)
                pytest.fail(run.stdout)
    return Checkout(shared, copied=True).clone(tmp_path_factory.mktemp("graph"))
