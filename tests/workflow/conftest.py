"""A checkout of its own, in which the real graph is run once on little data."""

import pytest

from checkout import Checkout


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="session")
def graph(checkout: Checkout) -> Checkout:
    """A checkout in which the whole graph has run."""
    run = checkout.snakemake()
    assert run.returncode == 0, run.stdout
    return checkout
