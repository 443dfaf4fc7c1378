"""workflow/profiles/: what holds of each profile. test_slurm.py tries the Slurm profile where Slurm is installed."""

import re

import pytest
import yaml

from checkout import ROOT

PROFILES = ROOT / "workflow/profiles"
ALONE = {"all", "restore", "send_runs", "baselines"}  # targets, and jobs that take long enough to queue by themselves


@pytest.fixture(scope="module")
def slurm():
    return yaml.safe_load((PROFILES / "slurm/config.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rules() -> set[str]:
    texts = [
        path.read_text(encoding="utf-8") for path in [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    ]
    return {name for text in texts for name in re.findall(r"^ *rule (\w+):", text, re.MULTILINE)}


def test_every_short_job_is_in_a_group(slurm, rules):
    """A group would wait for itself if a rule between two of its rules were not in the group."""
    assert set(slurm["groups"]) == rules - ALONE
    assert set(slurm["group-components"]) <= set(slurm["groups"].values())


def test_a_group_of_models_asks_for_two_hours_at_most(slurm):
    """A queue that is short of time takes longer ones last."""
    one = sum(slurm["set-resources"][rule]["runtime"] for rule in ("train", "evaluate", "likelihood"))
    assert one * slurm["group-components"]["models"] <= 120


def test_jobs_that_compute_with_a_model_share_the_gpu(rules):
    profile = yaml.safe_load((PROFILES / "gpu/config.yaml").read_text(encoding="utf-8"))
    assert set(profile) == {"cores", "resources"}
    (limit,) = profile["resources"]
    assert re.fullmatch("gpu=[1-9]", limit)
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "workflow/rules").glob("*.smk")}
    asking = [rule for text in texts.values() for rule in re.split("^rule ", text, flags=re.M) if "**ON_DEVICE" in rule]
    assert {rule.split(":")[0] for rule in asking} == {"train", "evaluate", "likelihood"}


def test_resources_are_of_rules_that_there_are(slurm, rules):
    assert set(slurm["set-resources"]) <= rules
    for resources in [slurm["default-resources"], *slurm["set-resources"].values()]:
        assert set(resources) <= {"mem_mb", "runtime"}
        assert all(value > 0 for value in resources.values())
