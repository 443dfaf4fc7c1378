"""Does the workflow give the same bytes twice? `make verify`, or, for less or for other data, what to make by hand:

    .venv/bin/python tests/verify.py [--python OF_THE_SECOND_COPY] [ARGUMENTS_OF_SNAKEMAKE]
    .venv/bin/python tests/verify.py results/mnist/train/inpainting/vae/bce/seed0/model.pt \\
        --config dataset='{source: /path/to/mnist}'

Runs Snakemake in two new copies of the working tree, in two folders and with different --cores, and compares all files
under results/ but logs, MLflow's store and the provenance record, which hold times. Without arguments it runs
config/digits.yaml. Ends with 1 if a file differs, and keeps the folders then.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from checkout import Checkout, differing, manifest

CORES = (1, 4)
EMBEDDED = ["--configfile", "config/digits.yaml"]


def run(python: str, checkout: Checkout, cores: int, arguments: list[str]) -> dict[str, str]:
    """Return the manifest of a run in `checkout`."""
    start = time.monotonic()
    command = [python, "-m", "snakemake", *arguments, "--cores", str(cores), "--quiet", "all"]
    subprocess.run(command, cwd=checkout.folder, env=os.environ | {"PYTHONPATH": ""}, check=True)
    found = manifest(checkout.folder / "results")
    print(f"--cores {cores}: {len(found)} files in {time.monotonic() - start:.0f} s", flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="runs the second copy")
    options, arguments = parser.parse_known_args()
    pythons = (sys.executable, str(Path(options.python).absolute()))
    base = Path(tempfile.mkdtemp(prefix="verify-"))
    # The folders' names differ in length as well: a path that gets into a file would show.
    checkouts = [Checkout(base / ("copy" * number)) for number in (1, 2)]
    runs = zip(pythons, checkouts, CORES, strict=True)
    one, other = (run(*each, arguments or EMBEDDED) for each in runs)
    different = differing(one, other)
    for name in different:
        print(f"differs: {name}")
    print(f"{len(different)} of {len(one.keys() | other.keys())} files differ.")
    if different:
        print(f"Both are kept: {base}")
        return 1
    shutil.rmtree(base)
    return 0


if __name__ == "__main__":
    sys.exit(main())
