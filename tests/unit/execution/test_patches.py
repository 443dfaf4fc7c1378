"""Which changes are made in which Snakemake."""

from types import ModuleType

import pytest
import snakemake
import snakemake.api  # snakemake.dag cannot be imported first

from checkout import ROOT
from restoration.execution import early_cutoff, patches


@pytest.fixture(autouse=True)
def afresh(monkeypatch):
    monkeypatch.delenv(patches.SWITCH, raising=False)
    monkeypatch.setattr(patches, "installed", set())
    patches.off.cache_clear()
    yield
    patches.off.cache_clear()


def test_the_locked_snakemake_has_all_names(capsys):
    locked = (ROOT / "envs/requirements.txt").read_text(encoding="utf-8").split("\nsnakemake==")[1]
    assert locked.startswith(tuple(f"{version}." for version in patches.TESTED))
    assert patches.off() == set()
    assert capsys.readouterr().err == ""


def test_a_version_that_was_not_tested_is_left_alone(monkeypatch, capsys):
    monkeypatch.setattr(snakemake, "__version__", "9.270.0")
    assert patches.off() == {module.__name__ for module in patches.ALL} == patches.off()
    (line,) = capsys.readouterr().err.splitlines()
    assert "9.270.0" in line
    assert patches.SAME in line


def test_a_missing_name_turns_off_what_needs_it(monkeypatch, capsys):
    monkeypatch.setattr(early_cutoff, "NAMES", ("snakemake.dag:DAG.gone", "snakemake.nowhere:DAG", "snakemake.dag:D.n"))
    assert patches.off() == {early_cutoff.__name__}
    (line,) = capsys.readouterr().err.splitlines()
    assert all(name in line for name in (*early_cutoff.NAMES, "early cutoff"))


def test_the_switch_says_nothing(monkeypatch, capsys):
    monkeypatch.setenv(patches.SWITCH, "1")
    assert patches.off() == {module.__name__ for module in patches.ALL}
    assert patches.attempt(early_cutoff.install) is None
    assert capsys.readouterr().err == ""


def test_a_change_is_made_once_and_what_fails_is_said(monkeypatch, capsys):
    made = []
    change = ModuleType("change")
    change.install = lambda: made.append(1)
    patches.install(change)
    patches.install(change)
    assert made == [1]
    assert patches.attempt(int, "x") is None
    assert "ValueError" in capsys.readouterr().err
