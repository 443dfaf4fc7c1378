"""Hold the source's claims against the results: a verdict on each, with figure, interval and evidence."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from restoration.comparison.claim_inputs import Evidence, Source
from restoration.comparison.claims import NOT_TESTED, VERDICTS, NotTested, Outcome, overall
from restoration.core import artifacts, registry, script

SHOWN = ("verdict", "finding", "figure", "low", "high", "threshold", "unit", "seeds", "images")


def examine(test: Mapping[str, Any], files: Mapping[Source, str]) -> dict[str, Any]:
    """Return one test's outcome, with its parameters, and the files and tasks that it read."""
    evidence = Evidence(files)
    try:
        outcome = registry.load("claims", test["kind"]).examine(evidence, **test["parameters"])
    except NotTested as reason:
        outcome = Outcome(NOT_TESTED, f"Not tested: {reason}.")
    tasks = list(dict.fromkeys(source.task for source in evidence.used))
    return {**asdict(outcome), **test, "evidence": {"tasks": tasks, "files": list(evidence.used.values())}}


def judge(name: str, claim: Mapping[str, Any], files: Mapping[Source, str]) -> dict[str, Any]:
    """Return the claim with its tests' outcomes; its figures are those of the first test with the claim's verdict."""
    tests = [examine(test, files) for test in claim["tests"]]
    verdict = overall([test["verdict"] for test in tests])
    deciding = next(test for test in tests if test["verdict"] == verdict)
    evidence = {
        key: list(dict.fromkeys(entry for test in tests for entry in test["evidence"][key]))
        for key in ("tasks", "files")
    }
    return {**claim, "id": name, **{key: deciding[key] for key in SHOWN}, "tests": tests, "evidence": evidence}


def main(job: Mapping[str, Any], paths: Sequence[str], output: str) -> None:
    """Write the verdicts. job: `claims`, as from claims_file.load; `sources`: what each of the files is."""
    files = {Source(*source): path for source, path in zip(job["sources"], paths, strict=True)}
    claims = [judge(name, claim, files) for name, claim in job["claims"].items()]
    counts = Counter(claim["verdict"] for claim in claims)
    artifacts.write_json(output, {"claims": claims, "counts": {verdict: counts[verdict] for verdict in VERDICTS}})


if __name__ == "__main__":
    with script.running(snakemake):
        main(script.settings(snakemake), snakemake.input, snakemake.output[0])
