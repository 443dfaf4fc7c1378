"""Run a stage of the pipeline that dvc_pipeline.py wrote: its job's script, with a `snakemake` like Snakemake's."""

import json
import os
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml


class Named(list):
    """Values, some of which have names."""

    def __init__(self, values: list, names: dict[str, Any]) -> None:
        super().__init__(values)
        self.names = names

    def __getattr__(self, name: str) -> Any:
        try:
            return self.names[name]
        except KeyError:
            raise AttributeError(name) from None

    def items(self) -> Any:
        return self.names.items()

    def get(self, name: str, default: Any = None) -> Any:
        return self.names.get(name, default)


def main(name: str) -> None:
    stage = json.loads(Path("stages.json").read_text(encoding="utf-8"))[name]
    with open("params.yaml", encoding="utf-8") as file:
        parameters = yaml.load(file, yaml.CSafeLoader)[name]
    params = {key: [f"{name} = {value}" for name, value in lines.items()] for key, lines in parameters.items()}
    params["code"] = stage["code"]
    snakemake = SimpleNamespace(
        **{kind: Named(stage[kind]["all"], stage[kind]["names"]) for kind in ("input", "output", "wildcards")},
        **{key: stage[key] for key in ("rule", "config", "log", "threads")},
        params=Named(list(params.values()), params),
    )
    for library in ("OMP", "OPENBLAS", "MKL", "NUMEXPR"):  # as Snakemake does
        os.environ[f"{library}_NUM_THREADS"] = str(stage["threads"])
    sys.path.insert(0, str(Path(stage["script"]).parent))
    runpy.run_path(stage["script"], {"snakemake": snakemake}, "__main__")


if __name__ == "__main__":
    main(sys.argv[1])
