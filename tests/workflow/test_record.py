"""The provenance record, checked against its profile without a network."""

import hashlib
import json
from importlib.resources import files
from types import SimpleNamespace

import pytest
from rocrate_validator import services
from rocrate_validator.models import Severity
from rocrate_validator.utils.http import HttpRequester

pytestmark = pytest.mark.long

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
BIOSCHEMAS = "https://bioschemas.org/"
# Where version 1.1 of the context, which the profile is checked with, differs from the one that rocrate carries.
OF_1_1 = {
    "ComputationalWorkflow": f"{BIOSCHEMAS}ComputationalWorkflow",
    "FormalParameter": f"{BIOSCHEMAS}FormalParameter",
    "input": f"{BIOSCHEMAS}ComputationalWorkflow#input",
    "output": f"{BIOSCHEMAS}ComputationalWorkflow#output",
}


@pytest.fixture
def offline(monkeypatch):
    """Take the one document that the validator asks the network for from the rocrate package."""
    document = json.loads((files("rocrate") / "data" / "ro-crate.jsonld").read_text(encoding="utf-8"))
    document["@context"] = document["@context"] | OF_1_1

    def get(self, url, **_):
        assert url == CONTEXT
        return SimpleNamespace(
            status_code=200,
            ok=True,
            json=lambda: document,
            text=json.dumps(document),
            headers={"Content-Type": "application/ld+json"},
        )

    monkeypatch.setattr(HttpRequester, "get", get, raising=False)
    monkeypatch.setattr(HttpRequester, "head", get, raising=False)


@pytest.fixture
def entities(graph):
    record = json.loads((graph.folder / "results/digits/ro-crate-metadata.json").read_text(encoding="utf-8"))
    return {entity["@id"]: entity for entity in record["@graph"]}


def issues(folder):
    settings = services.ValidationSettings(
        rocrate_uri=str(folder),
        profile_identifier="workflow-run-crate-0.5",
        requirement_severity=Severity.REQUIRED,
        offline=True,
    )
    return [f"{issue.check.identifier}: {issue.message}" for issue in services.validate(settings).get_issues()]


def test_the_record_is_a_workflow_run_crate(graph, offline):
    assert issues(graph.folder / "results/digits") == []


def test_the_validator_does_find_faults(graph, offline, tmp_path):
    record = json.loads((graph.folder / "results/digits/ro-crate-metadata.json").read_text(encoding="utf-8"))
    record["@graph"] = [entity for entity in record["@graph"] if entity["@id"] != "#execution"]
    (tmp_path / "ro-crate-metadata.json").write_text(json.dumps(record))
    assert issues(tmp_path)


def test_every_file_of_the_record_is_there_with_its_sum(graph, entities):
    results = graph.folder / "results/digits"
    recorded = {name: entity for name, entity in entities.items() if "File" in entity["@type"]}
    sums = {name: hashlib.sha256((results / name).read_bytes()).hexdigest() for name in recorded}
    assert sums == {name: entity["sha256"] for name, entity in recorded.items()}
    made = {path.relative_to(results).as_posix() for path in results.rglob("*") if path.is_file()}
    left_out = {name for name in made - set(recorded) if name.split("/")[0] not in ("logs", "workflow")}
    assert left_out == {"ro-crate-metadata.json"}


def test_the_record_says_how_the_results_were_made(entities):
    run = entities["#execution"]
    assert "--configfile tests/workflow/tiny.yaml" in run["description"]
    assert {"@id": "#digits.csv.gz"} in run["object"]
    assert {"@id": "report/report.html"} in run["result"]
    assert run["startTime"] <= run["endTime"]
    assert entities["workflow/Snakefile"]["version"] == "unknown"  # the tests' copy has no history
    assert entities["#torch"]["softwareVersion"]


def test_the_record_says_whose_the_workflow_is_and_under_which_licence(entities):
    workflow = entities["workflow/Snakefile"]
    assert entities[workflow["license"]["@id"]]["name"] == "MIT"
    [creator] = workflow["creator"] if isinstance(workflow["creator"], list) else [workflow["creator"]]
    assert entities[creator["@id"]]["name"] == "the authors of this workflow"
