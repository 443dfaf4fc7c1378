"""What the fork server loads. To be imported by it alone: it changes the process that imports it."""

import gc
import importlib
import os
import signal

from restoration.core import process_locks
from restoration.execution import fork_server

process_locks.end_with_parent()  # which is Snakemake; and its jobs end with it
# Ctrl-C is for Snakemake and its jobs. Blocked, not ignored: a job that it reaches before it has begun still gets it.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
# With a second thread, also one of pyarrow's, no process may be forked.
os.environ.update(fork_server.ONE_THREAD, JE_ARROW_MALLOC_CONF="background_thread:false")
for name in ("matplotlib.pyplot", "pandas", "pyarrow.parquet", "seaborn", "torch"):
    importlib.import_module(name)
gc.freeze()  # or a job that looks for garbage copies all that is loaded
