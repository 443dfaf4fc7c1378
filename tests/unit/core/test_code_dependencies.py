"""Which code decides a job's result: a change of anything else reruns nothing.

Seen from the storeys of the package. tests/workflow/test_reruns.py shows that Snakemake agrees.
"""

import pytest

from restoration.core import fingerprint, registry

LEARNED = {"core", "data", "models"}
RESTORED = LEARNED | {"restorers", "evaluation"}
DRAWN = {"core", "config", "report"}

# Script: the storeys whose modules are in its code. Those that only record runs in MLflow decide no result.
STOREYS = {
    "download": {"core", "data"},
    "corrupt": {"core", "data"},
    "classifier": LEARNED,
    "train": LEARNED,
    "evaluate": RESTORED,
    "baselines": RESTORED,
    "likelihood": LEARNED | {"evaluation", "config"},
    "compare": {"core", "config", "evaluation", "comparison"},
    "champion": {"core", "config", "evaluation", "comparison"},
    "claims": {"core", "config", "evaluation", "comparison"},
    "restore": RESTORED | {"config", "comparison", "champion"},
    "figure_cases": DRAWN | {"data", "evaluation", "comparison"},
    "figure_error": DRAWN | {"evaluation", "comparison"},
    "figure_latent": DRAWN | {"data", "evaluation"},
    "figure_likelihood": DRAWN | {"comparison"},
    "figure_loss": {"core", "report"},
    "figure_restorations": DRAWN | {"data"},
    "report": DRAWN | {"data", "evaluation", "comparison"},
    "provenance": {"core", "report"},
}
RECORDING = {"register", "send_runs"}

# Module: the scripts that have it in their code, where its storey alone does not tell.
MODULES = {
    "data.image_folder": {"download"},
    "data.split_sizes": {"download"},
    "models.training": {"train"},
    "models.training_progress": set(),  # only shows how far a training is
    "models.objective": {"train", "evaluate"},
    "models.classifier": {"classifier", "evaluate", "baselines"},
    "evaluation.diagnostics": {"evaluate"},
    "evaluation.tuning": {"baselines"},
    "evaluation.likelihood": {"likelihood"},
    "comparison.differences": {"compare", "report"},
    "comparison.claims": {"claims"},
    "comparison.published_figures": {"report"},
    "report.figure_style": {"report", *(script for script in STOREYS if script.startswith("figure_"))},
    "report.page": {"report"},
    "report.ro_crate": {"provenance", "report"},
}


def modules(script: str, *parts: tuple[str, str]) -> set[str]:
    """Return the dotted names of the modules in the code of a script's job, and the script's own, `train.py`."""
    return {line.split(" = ")[0] for line in fingerprint.code(f"{script}.py", parts)}


def test_every_script_has_a_row():
    """A script of a user's own is no part of the table."""
    scripts = {path.stem for path in fingerprint.SCRIPTS.glob("*.py")}
    assert {*STOREYS} <= scripts
    assert {script for script in scripts - {*STOREYS} - RECORDING if not script.startswith("figure_")} == set()


@pytest.mark.parametrize("script", STOREYS)
def test_a_job_depends_on_its_storeys_alone(script):
    """A storey's own name is that of its empty `__init__`."""
    names = [name.split(".")[1:] for name in modules(script) if name.startswith("restoration.")]
    assert {storey for storey, *inner in filter(None, names) if inner} == STOREYS[script]


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_in_the_code_of_the_jobs_that_use_it_alone(module):
    assert {script for script in STOREYS if f"restoration.{module}" in modules(script)} == MODULES[module]


@pytest.mark.parametrize("script", STOREYS)
def test_a_script_is_in_the_code_of_its_own_jobs_alone(script):
    assert {name for name in modules(script) if not name.startswith("restoration")} == {f"{script}.py"}


@pytest.mark.parametrize("kind", registry.ENTRY_POINTS)
def test_an_entry_of_a_registry_is_in_the_code_of_the_jobs_that_name_it_alone(kind):
    folder = f"restoration.{registry.FOLDERS[kind].replace('/', '.')}"
    entries = {f"{folder}.{name}" for name in registry.names(kind)}
    for script in STOREYS:
        assert modules(script) & entries == set()
    for name in registry.names(kind):
        found = modules("train", (kind, name))
        assert {folder, f"{folder}.{name}"} <= found
        assert kind == "inference" or found & entries == {f"{folder}.{name}"}  # some searches begin with another


def test_a_served_model_needs_nothing_that_does_not_come_with_it():
    """Neither the workflow's schemas, which are no part of the package, nor what reads them."""
    parts = [(kind, name) for kind in ("networks", "losses", "inference") for name in registry.names(kind)]
    others = dict.fromkeys(["yaml", "jsonschema", "snakemake", "scipy", "sklearn", "skimage", "matplotlib"], "any")
    assert fingerprint.packages("restoration/champion/pyfunc_model.py", parts, others) == []
