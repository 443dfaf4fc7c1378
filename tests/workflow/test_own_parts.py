"""The examples in config/README.md of a user's own parts, run as they stand there."""

import json
import os
import re
import subprocess
import sys

import pytest

from checkout import ROOT, Checkout
from restoration.core import registry

pytestmark = pytest.mark.long

PLACE = re.compile(r"(?:#|\.\.) ([\w./]+\.\w+)(?:, (at its end|below `[^`]+`))?\n")
PARTS = {
    "networks": "linear_autoencoder",
    "losses": "charbonnier",
    "corruptions": "band",
    "datasets": "bars",
    "claims": "clear",
    "inference": "repeated",
    "baselines": "normalised_convolution",
}


def examples():
    """Return each block of code: its path, where it belongs in an existing file, and its text."""
    readme = (ROOT / "config/README.md").read_text(encoding="utf-8")
    section = readme.partition("## Adding parts\n")[2]
    blocks = re.findall(r"^```\w+\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    found = [(PLACE.match(block), block) for block in blocks]
    assert all(place for place, _ in found), "a block that does not say where it belongs"
    return [(place[1], place[2], block) for place, block in found]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Make a checkout with all examples in their places."""
    checkout = Checkout(tmp_path_factory.mktemp("own"))
    for name, place, text in examples():
        path = checkout.folder / name
        assert path.exists() == bool(place)
        if place and place.startswith("below"):
            line = f"\n{place.split('`')[1]}\n"
            before = path.read_text()
            assert before.count(line) == 1
            path.write_text(before.replace(line, line + text))
        else:
            path.write_text((path.read_text() + "\n\n" if place else "") + text)
    return checkout


def python(folder, *arguments):
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": ""}, capture_output=True, text=True)


def test_there_is_an_example_of_each_kind_of_part():
    names = [name for name, _, _ in examples()]
    package = "workflow/scripts/restoration"
    assert {f"{package}/{registry.FOLDERS[kind]}/{name}.py" for kind, name in PARTS.items()} <= set(names)
    assert {"config/own.yaml", "config/own_claims.yaml", "workflow/rules/figures.smk"} <= set(names)


def test_the_unit_tests_try_parts_that_nobody_told_them_of(own):
    run = python(own.folder, "pytest", "-n", "0", "-vv", "-k", " or ".join(PARTS.values()), "tests/unit")
    assert run.returncode == 0, run.stdout
    passed = [line for line in run.stdout.splitlines() if "PASSED" in line]
    for kind, name in PARTS.items():
        assert sum(name in line for line in passed) >= 3, f"{kind}: {name}\n{run.stdout}"


def test_a_figure_of_ones_own_is_in_a_group_of_slurms(own):
    run = python(own.folder, "pytest", "-n", "0", "tests/unit/tools/test_profiles.py")
    assert run.returncode == 0, run.stdout


def test_the_examples_have_the_form_of_the_other_files(own):
    names = [name for name, _, _ in examples()]
    scripts = [name for name in names if name.endswith(".py")]
    for check in (["ruff", "format", "--check"], ["ruff", "check"]):
        run = python(own.folder, *check, *scripts)
        assert run.returncode == 0, run.stdout + run.stderr
    run = python(own.folder, "snakefmt", "--check", "workflow/rules/figures.smk")
    assert run.returncode == 0, run.stdout + run.stderr
    modules = [name for name in scripts if "/restoration/" in name]
    run = python(own.folder, "mypy", *modules)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_examples_run(own):
    own.finish(configuration="config/own.yaml")
    results = own.folder / "results/bars"
    claims = json.loads((results / "claims/claims.json").read_text())["claims"]
    verdicts = {claim["id"]: claim["verdict"] for claim in claims}
    assert verdicts.keys() == {"wide_wins", "clear"}
    assert "not tested" not in verdicts.values()
    page = (results / "report/report.html").read_text(encoding="utf-8")
    assert 'id="task.band.histogram"' in page
    assert (results / "figures/band/histogram.png").is_file()
    record = (results / "ro-crate-metadata.json").read_text()
    assert "figures/band/histogram.svg" in record
