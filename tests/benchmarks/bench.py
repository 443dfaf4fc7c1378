"""Run the benchmarks. README.md beside this file tells what they measure.

make bench                                                         # all of them, and the tables with their results
.venv/bin/python tests/benchmarks/bench.py --quick --only step     # a first look, which is not recorded
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))
sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import page, recorded
from benchmarks.measuring import Options, say
from benchmarks.suite import NAMES

HERE = Path(__file__).parent
PEERS = HERE / ".peers" / "bin" / "python"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def result(name: str, options: Options) -> dict[str, Any]:
    """Run the benchmark `name` in a process of its own; exit if the benchmark fails."""
    python = PEERS if getattr(import_module(f"benchmarks.suite.{name}"), "PEERS", False) else Path(sys.executable)
    if not python.exists():
        sys.exit(f"{name}: what it compares with is not there yet; `make bench` sets it up")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        command = [str(python), str(HERE / "one.py"), name, json.dumps(options._asdict(), default=str), str(file)]
        if subprocess.run(command, env={**os.environ, **ONE_THREAD}).returncode:
            sys.exit(f"{name}: failed")
        return json.loads(file.read_text(encoding="utf-8"))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=NAMES, help="this benchmark alone; may be given again")
    parser.add_argument("--repeats", type=int, help="of each contender, instead of each benchmark's own number")
    parser.add_argument("--quick", action="store_true", help="about three minutes in all; nothing is recorded")
    parser.add_argument("--mnist", type=Path, metavar="FOLDER", help="MNIST's IDX files, beside the embedded digits")
    parser.add_argument("--tables", action="store_true", help="run nothing, write the tables of what is recorded")
    chosen = parser.parse_args(arguments)
    options = Options(chosen.repeats, chosen.quick, chosen.mnist)
    for name in [] if chosen.tables else chosen.only or NAMES:
        benchmark = import_module(f"benchmarks.suite.{name}")
        if options.quick and not getattr(benchmark, "QUICK", True) and not chosen.only:
            say(f"{name}: has no quick form")
            continue
        say(f"{name}: {benchmark.TITLE}")
        measured = result(name, options)
        print(*page.section(name, measured), sep="\n", flush=True)
        if not options.quick:
            recorded.write(measured)
    if not options.quick:
        page.write(recorded.read(NAMES))


if __name__ == "__main__":
    main()
