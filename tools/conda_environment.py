"""Make envs/environment.yaml, for users of conda, from the lock envs/requirements.txt: `make lock`.

Snakemake copies the file elsewhere before conda reads it. So the file cannot name the lock: it repeats the versions.
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
    """Return the packages of a lock without hashes: `name==version`, with the condition of those that have one."""
    return re.findall(r"^([A-Za-z0-9][^\\\n]*?) *\\?$", lock, re.MULTILINE)


def environment(lock: str) -> str:
    """Return the text of environment.yaml."""
    return HEAD + "".join(f"      - {json.dumps(pin)}\n" for pin in pins(lock))


if __name__ == "__main__":
    lock = (ENVS / "requirements.txt").read_text(encoding="utf-8")
    (ENVS / "environment.yaml").write_text(environment(lock), encoding="utf-8")
