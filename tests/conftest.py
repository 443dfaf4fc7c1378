"""Fixtures that run the real graph on little data, and the tests that are left out for want of programs."""

import os
import shutil
from pathlib import Path

import pytest
import tracking_server

import slurm
from checkout import Checkout, tiny_graph

TESTS = Path(__file__).parent
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
# Slurm's tests wait for minutes for its queue: they run only when asked for.
if SLURM := "TEST_SLURM=1 in the environment" if "TEST_SLURM" not in os.environ else slurm.missing():
    LEFT_OUT["workflow/test_slurm.py"] = SLURM
collect_ignore = [str(TESTS / name) for name in LEFT_OUT]
LONG_FOLDERS = {"browser", "server"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of LONG_FOLDERS as long; put the tests that run the graph first, to keep all workers busy."""
    folders = {item: item.path.relative_to(TESTS).parts[0] for item in items}
    for item, folder in folders.items():
        if folder in LONG_FOLDERS:
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: folders[item] == "unit")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, needed in LEFT_OUT.items():
        terminalreporter.write_line(f"tests/{name} was left out; it needs: {needed}")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Copy the working tree, without results."""
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Copy the working tree with the results of the tiny graph, once for each of pytest's workers."""
    return tiny_graph(tmp_path_factory.mktemp("graph"))
