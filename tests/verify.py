"""Does the workflow give the same bytes twice? `make verify`, or, for less or for other data, what to make by hand:

    .venv/bin/python tests/verify.py
    .venv/bin/python tests/verify.py results/mnist/train/inpainting/vae/bce/seed0/model.pt \\
        --config dataset='{source: /path/to/mnist}'

Runs Snakemake in two new copies of the working tree, in two folders and with different --cores, and compares all files
under results/ but logs, MLflow's store and the provenance record, which hold times. Without arguments it runs
config/digits.yaml; arguments are passed on to Snakemake. Ends with 1 if a file differs, and keeps the folders then.
"""

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


def run(checkout: Checkout, cores: int, arguments: list[str]) -> dict[str, str]:
    """The manifest of a run in `checkout`."""
    start = time.monotonic()
    command = [sys.executable, "-m", "snakemake", *arguments, "--cores", str(cores), "--quiet", "all"]
    subprocess.run(command, cwd=checkout.folder, env=os.environ | {"PYTHONPATH": ""}, check=True)
    found = manifest(checkout.folder / "results")
    print(f"--cores {cores}: {len(found)} files in {time.monotonic() - start:.0f} s", flush=True)
    return found


def main(arguments: list[str]) -> int:
    base = Path(tempfile.mkdtemp(prefix="verify-"))
    # The folders' names differ in length as well: a path that gets into a file would show.
    checkouts = [Checkout(base / ("copy" * number)) for number in (1, 2)]
    one, other = (run(checkout, cores, arguments or EMBEDDED) for checkout, cores in zip(checkouts, CORES, strict=True))
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
    sys.exit(main(sys.argv[1:]))
