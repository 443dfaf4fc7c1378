"""Run the benchmarks. README.md beside this file tells what they measure.

make bench                                             # all of them
.venv/bin/python tests/benchmarks/bench.py --quick --only step
"""

import argparse
import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))
sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.measuring import Options, say

NAMES = ["step", "peers", "corruption", "inference", "ssim"]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=NAMES, help="this benchmark alone; may be given again")
    parser.add_argument("--repeats", type=int, help="of each contender, instead of each benchmark's own number")
    parser.add_argument("--quick", action="store_true", help="three minutes, for a first look; nothing is recorded")
    parser.add_argument(
        "--mnist", type=Path, metavar="FOLDER", help="MNIST's IDX files, instead of the embedded digits"
    )
    chosen = parser.parse_args(arguments)
    options = Options(chosen.repeats, chosen.quick, chosen.mnist)
    for name in chosen.only or NAMES:
        benchmark = import_module(f"benchmarks.suite.{name}")
        say(f"{name}: {benchmark.TITLE}")
        print(f"### {benchmark.TITLE}", "", *benchmark.table(benchmark.run(options)), sep="\n", end="\n\n", flush=True)


if __name__ == "__main__":
    main()
