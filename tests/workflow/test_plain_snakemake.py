"""Snakemake without this workflow's changes in it: nothing fails, and every file has the same bytes."""

import re
import shutil
from pathlib import Path

import pytest
import snakemake

from checkout import Checkout, differing, manifest
from restoration.execution import patches

ONE_MODEL = "tests/workflow/one_model.yaml"
# Names that another Snakemake may have renamed: methods, state, and what only the account reads.
PRIVATE = (
    *("finish", "check_incomplete", "execute_script", "job_rate_limiter", "_process_prefix", "_needrun", "_ready_jobs"),
    *("_n_until_ready", "_reason", "_clear_cache", "_params"),
)


def with_another_version(package: Path) -> None:
    with (package / "__init__.py").open("a", encoding="utf-8") as file:
        file.write('\n__version__ = "9.999.0"\n')


def with_other_names(package: Path) -> None:
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(rf"(?<![\w-])({'|'.join(PRIVATE)})\b", r"\1_renamed", text), encoding="utf-8")


@pytest.fixture(scope="module")
def changed(tmp_path_factory) -> dict[str, str]:
    """The manifest of a run with all changes."""
    ours = Checkout(tmp_path_factory.mktemp("changed"))
    run = ours.snakemake(configuration=ONE_MODEL)
    assert run.returncode == 0, run.stdout
    assert patches.SAME not in run.stdout
    return manifest(ours.folder / "results")


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "said"),
    [(None, None), (with_another_version, "9.999.0"), (with_other_names, "DAG.finish")],
    ids=["switched off", "of another version", "with other names"],
)
def test_the_graph_ends_the_same(changed, tmp_path, change, said):
    environment = {patches.SWITCH: "1"}
    if change:
        copy = tmp_path / "packages/snakemake"
        shutil.copytree(Path(snakemake.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
        change(copy)
        environment = {"PYTHONPATH": str(copy.parent)}
    ours = Checkout(tmp_path / "checkout")
    run = ours.snakemake(configuration=ONE_MODEL, environment=environment)
    assert run.returncode == 0, run.stdout
    assert "Traceback" not in run.stdout
    lines = [line for line in run.stdout.splitlines() if patches.SAME in line]
    assert len(lines) == bool(said)
    assert all(said in line for line in lines)
    assert differing(changed, manifest(ours.folder / "results")) == []
    assert re.search(r"train inpainting vae_incomplete bce 0 +[\d.]+ s +not made before", run.stdout)
    assert ours.pending(configuration=ONE_MODEL) == {}
