import platform
import subprocess
import sys

from restoration.core import fingerprint

PAGES = """
import resource
import torch
from restoration.core import script as jobs

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        held = [torch.ones(9_000_000) for _ in range(4)]  # 36 MB each: glibc never keeps more than 32
        del held
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
jobs.keep_freed_memory()
faults()
print(faults())
"""


def test_memory_that_is_freed_is_used_again():
    run = subprocess.run(
        [sys.executable, "-c", PAGES], cwd=fingerprint.SCRIPTS, capture_output=True, text=True, check=True, timeout=120
    )
    before, after = map(int, run.stdout.split())
    if platform.libc_ver()[0] == "glibc":
        assert after < before / 20
    else:
        assert after <= before
