"""One benchmark in a process of its own: one.py NAME OPTIONS FILE. OPTIONS: JSON; FILE: where the result goes."""

import json
import os
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import recorded
from benchmarks.measuring import Options


def main(name: str, options: str, file: str) -> None:
    load = os.getloadavg()[0]
    chosen = Options(**json.loads(options))
    if chosen.mnist:
        chosen = Options(chosen.repeats, chosen.quick, Path(chosen.mnist))
    measurements = import_module(f"benchmarks.suite.{name}").run(chosen)
    Path(file).write_text(json.dumps(recorded.content(name, measurements, chosen, load)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
