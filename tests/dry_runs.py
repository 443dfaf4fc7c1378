"""Many dry-runs by a process that has loaded Snakemake: each is a fork of it, and costs what the graph alone does.

Run as a script it is that process. Each line that it reads is a request, JSON: the folder, the command line and the
file for the output; each line that it writes is the exit status of one.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

servers = threading.local()  # one for each thread: threads that ask at once shall not wait for each other


def dry_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """`python -m snakemake --dry-run` in a folder; its output is in `stdout`."""
    if not hasattr(servers, "own"):
        servers.own = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": ""},
        )
    command = ["snakemake", "--dry-run", *arguments]
    with TemporaryDirectory() as place:
        output = Path(place) / "output"
        print(json.dumps([str(folder), command, str(output)]), file=servers.own.stdin, flush=True)
        status = int(servers.own.stdout.readline())
        return subprocess.CompletedProcess(command, status, output.read_text(encoding="utf-8"))


def serve() -> None:
    import pandas  # noqa: F401  # as a workflow does
    from snakemake.cli import get_argument_parser, main

    get_argument_parser()  # loads the plugins

    def run(folder: str, command: list[str], output: str) -> None:
        os.chdir(folder)
        sys.path[0] = folder  # as -m has it
        file = os.open(output, os.O_WRONLY | os.O_CREAT)
        for descriptor in (1, 2):
            os.dup2(file, descriptor)
        sys.argv = command
        main()  # which ends the process

    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
