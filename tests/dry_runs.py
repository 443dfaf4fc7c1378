"""Dry-runs by a process that has loaded Snakemake: each is a fork of it, and costs what the graph alone does.

Run as a script, this file is that process. Each line that the process reads is a request in JSON: the folder, the
command line and the file for the output. Each line that it writes is an exit status.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory


@cache
def server() -> subprocess.Popen:
    """Start the process, once."""
    pipe, environment = subprocess.PIPE, {**os.environ, "PYTHONPATH": ""}
    return subprocess.Popen([sys.executable, __file__], stdin=pipe, stdout=pipe, text=True, env=environment)


def dry_run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run `python -m snakemake --dry-run` in a folder; `stdout` holds the output."""
    command, process = ["snakemake", "--dry-run", *arguments], server()
    assert process.stdout
    with TemporaryDirectory() as place:
        output = Path(place) / "output"
        print(json.dumps([str(folder), command, str(output)]), file=process.stdin, flush=True)
        status = int(process.stdout.readline())
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
        main()  # ends the process

    for line in sys.stdin:
        child = os.fork()
        if not child:
            run(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
