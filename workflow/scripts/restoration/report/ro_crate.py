"""The RO-Crate of a results folder: inputs, outputs, code, software and command, for machines.

The crate follows the Workflow Run Crate profile 0.5 (https://w3id.org/ro/wfrun/workflow/0.5; Leo et al., 2024), and so
Process Run Crate 0.5 and Workflow RO-Crate 1.0. The folder holds a copy of the workflow, and so is complete.
"""

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from restoration.core.artifacts import reading, sha256, write_json

TEXTS = Path(__file__).parents[3] / "report" / "ro_crate.yaml"
RECORD = "ro-crate-metadata.json"  # of a results folder: the last file of a run
COMMAND = "RESTORATION_COMMAND"  # environment variables that tell the job Snakemake's command line and start
STARTED = "RESTORATION_STARTED"
PACKAGES = ["snakemake", "torch", "torchvision", "numpy", "pandas", "matplotlib", "seaborn", "mlflow"]


def announce() -> None:
    """Set the environment variables for the job that writes the record; only Snakemake's own process knows them."""
    os.environ[COMMAND] = shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])
    os.environ[STARTED] = now()


def now() -> str:
    """Return the time in UTC, to the second, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Return the installed version of Python, then of each of PACKAGES."""
    return {"python": platform.python_version()} | {package: version(package) for package in PACKAGES}


def code_version(folder: Path) -> dict[str, Any]:
    """Return the commit of the code and the files that differ from it: {'commit': str, 'changed': list}.

    The commit is None unless `folder` is the top of its own work tree: an archive may be unpacked in another's.
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    try:
        if not Path(git("rev-parse", "--show-toplevel").rstrip("\n")).samefile(folder):
            return {"commit": None, "changed": []}
        commit = git("rev-parse", "HEAD").strip()
        changed = [line[3:] for line in git("status", "--porcelain", "--untracked-files=normal").splitlines()]
    except (OSError, subprocess.CalledProcessError):  # a copy without a history, or a machine without git
        return {"commit": None, "changed": []}
    return {"commit": commit, "changed": changed}


def credits(citation: Path) -> tuple[str, list[dict[str, str]]]:
    """Read licence (SPDX) and authors (schema.org) from a CITATION.cff (1.2.0). Raises DamagedFile without them."""
    with reading(citation):
        content = yaml.safe_load(citation.read_text(encoding="utf-8"))
        return content["license"], [_author(author) for author in content["authors"]]


def _author(author: Mapping[str, str]) -> dict[str, str]:
    if "name" in author:
        name, kind = author["name"], "Organization"
    else:
        parts = ("given-names", "name-particle", "family-names", "name-suffix")
        name, kind = " ".join(author[part] for part in parts if part in author), "Person"
    return {"@id": author.get("orcid", f"#{quote(name)}"), "@type": kind, "name": name}


def write(
    folder: Path,
    workflow: str,
    given: Mapping[str, str | None],
    made: Iterable[str],
    code: Mapping[str, Any],
    versions: Mapping[str, str],
    credits: tuple[str, Sequence[Mapping[str, str]]],
) -> None:
    """Write the RO-Crate of `folder`.

    workflow: the copy of the Snakefile; given: inputs, name to SHA-256, None for a file in the folder; made: outputs.
    All names are relative to the folder. code: from `code_version`; versions: of packages; credits: from `credits`.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.rocrate import ROCrate

    texts, crate = yaml.safe_load(TEXTS.read_text(encoding="utf-8")), ROCrate(version="1.1")

    def entity(identifier: str, kind: str, **properties: Any) -> Any:
        return crate.add(ContextEntity(crate, identifier, {"@type": kind, **properties}))

    def file(name: str, parameter: Any) -> Any:
        path = folder / name
        properties = {"name": name, "sha256": sha256(path), "contentSize": str(path.stat().st_size)}
        if media := texts["media_types"].get(path.suffix):
            properties["encodingFormat"] = media
        return crate.add_file(path, name, properties={**properties, "exampleOfWork": parameter})

    def parameter(name: str) -> Any:
        return crate.add_formal_parameter(name, "File", f"#{name}", texts[name], properties={"multipleValues": True})

    (licence, authors), root = credits, crate.root_dataset
    root["name"] = f"Restorations of {folder.name} by autoencoders"
    root["description"] = texts["description"]
    root["license"] = f"{licence} for the workflow; those of the data set hold for the images."
    root["conformsTo"] = [
        entity(address, "CreativeWork", name=name, version=address.rsplit("/", 1)[1])
        for name, address in texts["profiles"].items()
    ]
    main = crate.add_workflow(folder / workflow, workflow, main=True, lang="snakemake")
    main["name"] = texts["workflow"]
    main["encodingFormat"] = "text/plain"
    main["conformsTo"] = {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"}
    main["sha256"] = sha256(folder / workflow)
    main["license"] = entity(f"https://spdx.org/licenses/{licence}", "CreativeWork", name=licence)
    main["creator"] = [entity(author["@id"], author["@type"], name=author["name"]) for author in authors]
    main["version"] = code["commit"] or "unknown"
    main["additionalProperty"] = entity(
        "#uncommitted",
        "PropertyValue",
        name="files that differ from the commit",
        value=code["changed"] or ("none" if code["commit"] else "unknown"),
    )
    main["softwareRequirements"] = [
        entity(f"#{name}", "SoftwareApplication", name=name, softwareVersion=installed)
        for name, installed in versions.items()
    ]
    asked, answered = parameter("given"), parameter("made")
    main["input"], main["output"] = asked, answered
    inputs = [
        file(name, asked)
        if digest is None
        else entity(f"#{quote(name)}", "CreativeWork", name=name, sha256=digest, exampleOfWork=asked)
        for name, digest in given.items()
    ]
    outputs = [file(name, answered) for name in made]
    properties = {
        "name": texts["execution"],
        "description": os.environ.get(COMMAND, "snakemake"),
        "startTime": os.environ.get(STARTED, now()),
        "endTime": now(),
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }
    root["mentions"] = crate.add_action(main, "#execution", inputs, outputs, properties)
    write_json(folder / RECORD, crate.metadata.generate())
