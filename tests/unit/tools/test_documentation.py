"""What is written twice says the same: files that tools/ make, and files that repeat the Makefile or the lock."""

import re
from functools import cache

import conda_environment
import configuration_tables
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from checkout import ROOT
from restoration.config import part_checks
from restoration.core import registry

SHIPPED = {"autoencoder", "conv_vae", "cvae_prior", "unet", "vae"}


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def locked():
    """The lock's requirements, from pip's own reading of each line."""
    lines = read("envs/requirements.txt").replace("\\\n", " ").splitlines()
    return [Requirement(re.split(r" --hash", line)[0].strip()) for line in lines if line.strip()]


def test_the_tables_of_keys_are_those_that_make_docs_makes():
    written = read("config/README.md")
    assert configuration_tables.documented(written) == written, "`make docs` makes them anew"


def test_every_key_of_the_tables_says_what_it_means():
    schema = configuration_tables.Schema(
        yaml.safe_load(read("workflow/schemas/config.schema.yaml")), yaml.safe_load(read("config/config.yaml"))
    )
    for place in configuration_tables.TABLES.values():
        for key, meaning, value, _ in schema.table(place):
            assert meaning.strip()
            assert value or key.endswith("<other>`")


def test_a_readme_that_lacks_a_table_is_refused():
    with pytest.raises(ValueError, match="has the tables"):
        configuration_tables.documented("# Configuration\n")


def test_a_value_is_written_as_in_yaml():
    values = [None, "mnist", [0, 1], {"encode": {}}, 0.001]
    assert list(map(configuration_tables.written, values)) == [
        "`null`",
        "`mnist`",
        "`[0, 1]`",
        "`{encode: {}}`",
        "`0.001`",
    ]


def networks():
    """The rows of the README's table of networks: name to parameters and conditions."""
    rows = re.findall(r"^\| `(\w+)`: [^|]*\| ([^|]*) \| ([^|]*) \|$", read("config/README.md"), re.MULTILINE)
    return {name: (parameters, conditions) for name, parameters, conditions in rows}


@pytest.mark.parametrize("name", sorted(SHIPPED | set(networks())))
def test_the_readme_has_the_parameters_and_conditions_of_a_network(name):
    parameters, conditions = networks()[name]
    expected = [f"`{key}` ({default})" for key, (_, default) in part_checks.parameters("networks", name).items()]
    assert parameters == ", ".join(expected)
    known = registry.constant("networks", name, "conditions")
    assert conditions == ("all" if known is None else ", ".join(f"`{condition}`" for condition in known))


def test_the_conda_file_has_the_packages_of_the_lock():
    content = yaml.safe_load(read("envs/environment.yaml"))
    [pip] = [entry["pip"] for entry in content["dependencies"] if isinstance(entry, dict)]
    assert list(map(Requirement, pip)) == locked()
    assert read("envs/environment.yaml") == conda_environment.environment(read("envs/requirements.txt")), "`make lock`"


def test_the_lock_has_a_package_once_for_each_python():
    for name in {requirement.name for requirement in locked()}:
        alike = [requirement for requirement in locked() if requirement.name == name]
        for python in ("3.11", "3.12", "3.13"):
            on = {"python_full_version": f"{python}.1", "python_version": python}
            assert sum(one.marker is None or one.marker.evaluate(on) for one in alike) <= 1


def test_the_locked_packages_are_those_that_are_asked_for():
    names = {canonicalize_name(requirement.name) for requirement in locked()}
    asked = [Requirement(line) for line in read("envs/requirements.in").splitlines() if line and line[0] != "#"]
    assert {canonicalize_name(one.name) for one in asked} <= names
    pinned = {canonicalize_name(requirement.name): requirement for requirement in locked()}
    for one in asked:
        assert one.specifier.contains(next(iter(pinned[canonicalize_name(one.name)].specifier)).version)


def test_the_hooks_before_a_commit_are_the_commands_of_make_check():
    [recipe] = re.findall(r"^check:.*\n((?:\t.*\n)+)", read("Makefile"), re.MULTILINE)
    commands = [line.strip().replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    [repository] = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    assert [hook["entry"] for hook in repository["hooks"]] == commands


def test_the_citation_has_the_version_of_the_changelog():
    citation = yaml.safe_load(read("CITATION.cff"))
    version, date = re.findall(r"^## \[([0-9.]+)\] - (\S+)$", read("CHANGELOG.md"), re.MULTILINE)[0]
    assert (citation["version"], str(citation["date-released"])) == (version, date)
    assert citation["license"] == "MIT"
    assert read("LICENSE").startswith("MIT License\n")
