"""This workflow as a module of another workflow, as README.md says."""

import textwrap
from pathlib import Path

import pytest

from checkout import TINY, Checkout, jobs

pytestmark = pytest.mark.long

IMPORTING = """
    module restoration:
        snakefile:
            "{snakefile}"
        config:
            config{prefix}


    use rule * from restoration as restoration_*


    rule all:
        default_target: True
        input:
            rules.restoration_all.input,
            "lines.txt",


    rule lines:
        input:
            rules.restoration_report.output.table,
        output:
            "lines.txt",
        shell:
            "wc -l < {{input}} > {{output}}"
"""


def importing(folder: Path, snakefile: str | Path, prefix: str = "") -> str:
    """Write a workflow that imports this one and has a configuration of its own; return the file's name."""
    text = IMPORTING.format(snakefile=snakefile, prefix=f'\n        prefix:\n            "{prefix}"' if prefix else "")
    (folder / "importing.smk").write_text(textwrap.dedent(text))
    return "importing.smk"


@pytest.mark.parametrize("prefix", ["", "restored"])
def test_another_workflow_imports_this_one_from_another_folder(graph, tmp_path, prefix):
    importing(tmp_path, graph.folder / "workflow/Snakefile", prefix)
    other = Checkout(tmp_path, copied=True)
    dry = other.snakemake("--dry-run", "--snakefile", "importing.smk", configuration=str(graph.folder / TINY))
    assert dry.returncode == 0, dry.stdout
    own = graph.pending("--forceall")
    assert jobs(dry.stdout) == {"lines": 1, **{f"restoration_{rule}": count for rule, count in own.items()}}
    assert f"input: {prefix and prefix + '/'}results/digits/report/models.csv\n" in dry.stdout


def test_what_a_module_makes_is_what_the_workflow_makes(graph, tmp_path):
    copy = graph.clone(tmp_path / "clone")
    importing(copy.folder, "Snakefile")
    assert copy.pending("--snakefile", "importing.smk") == {"lines": 1}
    copy.finish("--snakefile", "importing.smk")
    rows = (copy.folder / "results/digits/report/models.csv").read_text().count("\n")
    assert (copy.folder / "lines.txt").read_text().strip() == str(rows)


def test_the_configuration_of_a_module_is_checked_in_one_line(graph, tmp_path):
    importing(tmp_path, graph.folder / "Snakefile")
    (tmp_path / "wrong.yaml").write_text("dataset: {name: digits, validation: 180}\nsead: 1\n")
    refused = Checkout(tmp_path, copied=True).snakemake("--snakefile", "importing.smk", configuration="wrong.yaml")
    assert refused.returncode != 0
    assert "Configuration: the configuration: unknown key 'sead'" in refused.stdout
    assert "Traceback" not in refused.stdout


def test_the_catalogs_place_of_the_workflow_is_the_same_workflow(graph):
    assert graph.pending("--snakefile", "workflow/Snakefile") == {}
