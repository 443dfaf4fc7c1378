"""Make envs/environment.yaml, for those who use conda, from the lock envs/requirements.txt: `make lock`.

Snakemake copies the file elsewhere before conda reads it, so that it cannot name the lock and its hashes: it holds the
lock's versions themselves.
"""

import json
import re
from pathlib import Path

ENVS = Path(__file__).parents[1] / "envs"
PYTHON = "3.12"
HEAD = f"""\
# For those who use conda: `snakemake --cores 4 --sdm conda`, or `conda env create -f envs/environment.yaml`.
# `make lock` makes this file: the packages are those of requirements.txt, conda brings Python alone.
name: restoration
channels:
  - conda-forge
dependencies:
  - python={PYTHON}
  - pip
  - pip:
"""


def pins(lock: str) -> list[str]:
    """The packages of a lock, each `name==version`, and its condition where it has one; without hashes."""
    return re.findall(r"^([A-Za-z0-9][^\\\n]*?) *\\?$", lock, re.MULTILINE)


def environment(lock: str) -> str:
    return HEAD + "".join(f"      - {json.dumps(pin)}\n" for pin in pins(lock))


if __name__ == "__main__":
    lock = (ENVS / "requirements.txt").read_text(encoding="utf-8")
    (ENVS / "environment.yaml").write_text(environment(lock), encoding="utf-8")
