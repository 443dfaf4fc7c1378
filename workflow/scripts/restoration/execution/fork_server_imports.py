"""What the nursery loads. To be imported by it alone: it changes the process that it is imported in."""

import gc
import signal

from restoration.core import process_locks

process_locks.end_with_parent()  # which is Snakemake; and its jobs end with it
# Ctrl-C is for Snakemake and its jobs. Blocked, not ignored: a job that it reaches before it has begun still gets it.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

import matplotlib.pyplot  # noqa: E402
import pandas  # noqa: E402
import pyarrow.parquet  # noqa: E402
import seaborn  # noqa: E402
import torch  # noqa: E402

from restoration.execution import fork_server  # noqa: E402

LOADED = [matplotlib.pyplot, fork_server, pandas, pyarrow.parquet, seaborn, torch]
gc.freeze()  # or a job that looks for garbage copies all that is loaded
