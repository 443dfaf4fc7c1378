"""Measure how much results differ between machines: one model, trained where sums are added in other orders.

    .venv/bin/python tests/benchmarks/machines.py --config dataset='{source: /path/to/mnist}'

Another CPU type has other vector units and adds in another order. One machine can imitate this: torch and its libraries
use older instructions, or two threads. Other seeds show how large a difference matters. Arguments go to Snakemake.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from checkout import Checkout

MODEL = "inpainting/vae_incomplete/bce"
OLD = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}
WAYS = {
    "as it is": ({}, [], 0),
    "the same again": ({}, [], 0),
    "instructions without AVX": (OLD, [], 0),
    "AVX2 alone": ({"ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}, [], 0),
    "two threads": ({}, ["--set-threads", "train=2"], 0),
    "seed 1": ({}, [], 1),
    "seed 2": ({}, [], 2),
}


def measure(folder: Path, way: str, arguments: list[str]) -> tuple[bytes, float, float]:
    """Train a model; return its bytes, the mean objective of the last epoch, and the MSE inside the hole."""
    variables, options, seed = WAYS[way]
    results = folder / "results" / "mnist"
    files = [results / stage / MODEL / f"seed{seed}" for stage in ("train", "evaluate")]
    targets = [str((files[0] / "model.pt").relative_to(folder)), str((files[1] / "metrics.json").relative_to(folder))]
    settings = ["--config", f"seeds=[{seed}]"] if "--config" not in arguments else [*arguments, f"seeds=[{seed}]"]
    command = [sys.executable, "-m", "snakemake", *targets, "--cores", "2", "--quiet", "all", *options, *settings]
    subprocess.run(command, cwd=folder, env=os.environ | {"PYTHONPATH": ""} | variables, check=True)
    summary = json.loads((files[0] / "training.json").read_text())
    metrics = json.loads((files[1] / "metrics.json").read_text())
    hole = metrics["scores"]["encode"]["raw"]["hole"]["mse"]
    return (files[0] / "model.pt").read_bytes(), summary["train"]["objective"], hole


def main(arguments: list[str]) -> None:
    base = Path(tempfile.mkdtemp(prefix="machines-"))
    first = None
    print("| | same bytes | last epoch's objective | MSE inside the hole |\n| --- | --- | --- | --- |", flush=True)
    for number, way in enumerate(WAYS):
        model, objective, mse = measure(Checkout(base / str(number)).folder, way, arguments)
        first = first or (model, objective, mse)
        same = "yes" if model == first[0] else "no"
        cells = [
            f"{value:.5g} ({value / one - 1:+.2%})" for value, one in zip((objective, mse), first[1:], strict=True)
        ]
        print(f"| {way} | {same} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
