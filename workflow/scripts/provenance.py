"""Record the origin of the results as an RO-Crate, and keep a copy of the workflow beside the results."""

import shutil
from pathlib import Path

import yaml

from restoration.core import artifacts, fingerprint, script
from restoration.report import ro_crate

KEPT = ["CITATION.cff", "LICENSE", "Snakefile", "config", "envs", "workflow"]  # of the repository


def copy(repository: Path, folder: Path) -> None:
    """Copy the files of the workflow to `folder`."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in KEPT:
        if (repository / name).is_dir():
            shutil.copytree(repository / name, folder / name, symlinks=True, ignore=ignore)
        else:
            shutil.copy(repository / name, folder / name)


if __name__ == "__main__":
    with script.running(snakemake):
        results = Path(snakemake.output.record).parent
        workflow = Path(snakemake.output.workflow)
        repository = fingerprint.SCRIPTS.parents[1]
        workflow.mkdir(parents=True)
        copy(repository, workflow)
        configuration = workflow / "configuration.yaml"
        artifacts.write_text(configuration, yaml.safe_dump(script.settings(snakemake), sort_keys=False))
        ro_crate.write(
            results,
            str((workflow / "Snakefile").relative_to(results)),
            {str(configuration.relative_to(results)): None} | artifacts.read_json(snakemake.input.sources),
            sorted({str(Path(file).relative_to(results)) for file in snakemake.input if file != snakemake.input.texts}),
            ro_crate.code_version(repository),
            ro_crate.versions(),
            ro_crate.credits(repository / "CITATION.cff"),
        )
