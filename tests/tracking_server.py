"""PostgreSQL and MLflow's server on this machine alone, for the tests that write to a server: `servers` starts both."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.mlflow_pages import free_port, wait

# Debian does not put PostgreSQL's programs on the path.
PATH = os.pathsep.join([*map(str, Path("/usr/lib/postgresql").glob("*/bin")), os.environ.get("PATH", "")])
USER = "postgres"  # Debian's; PostgreSQL refuses to run as root


@contextmanager
def postgres() -> Iterator[str]:
    """A database of its own in a folder of its own, both gone afterwards; yields its address, as MLflow takes it."""
    port = free_port()
    initdb, server, is_ready = (str(shutil.which(name, path=PATH)) for name in ("initdb", "postgres", "pg_isready"))
    other = {"user": USER, "group": USER, "extra_groups": []} if os.getuid() == 0 else {}
    # Below /tmp: the server's user cannot look into pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="postgres", dir="/tmp"))
    if other:
        shutil.chown(folder, USER, USER)
    try:
        make = [initdb, "--no-sync", "--auth", "trust", "--username", "mlflow", "--encoding", "UTF8"]
        subprocess.run([*make, folder / "data"], check=True, stdout=subprocess.DEVNULL, cwd=folder, **other)
        options = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": folder, "fsync": "off"}
        flags = [flag for key, value in options.items() for flag in ("-c", f"{key}={value}")]
        with open(folder / "printed.txt", "w") as printed:
            process = subprocess.Popen(
                [server, "-D", folder / "data", *flags],
                stdout=printed,
                stderr=subprocess.STDOUT,
                cwd=folder,
                **other,
            )
        try:
            ready = [is_ready, "--quiet", "--host", "127.0.0.1", "--port", str(port)]
            until = time.monotonic() + 60
            while subprocess.run(ready).returncode != 0:
                if process.poll() is not None or time.monotonic() > until:
                    sys.exit(f"PostgreSQL does not start:\n{(folder / 'printed.txt').read_text()}")
                time.sleep(0.1)
            yield f"postgresql://mlflow@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGQUIT)  # at once, and its children with it
            process.wait()
    finally:
        shutil.rmtree(folder)


class Server:
    """MLflow's server, which keeps the artifacts as well, at an address that stays when it is killed and started."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database, self.folder, self.port = database, folder, free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """As config/README.md says, with one worker, for each takes seconds to start."""
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--backend-store-uri", self.database, "--serve-artifacts"]
        command += ["--artifacts-destination", str(self.folder / "artifacts"), "--workers", "1"]
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # of no use here, and five processes
        with open(self.folder / "printed.txt", "a") as printed:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait(self.process, f"{self.uri}/health", self.folder / "printed.txt")

    def kill(self) -> None:
        """With its workers, at once."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@contextmanager
def servers(folder: Path) -> Iterator[Server]:
    """Both, PostgreSQL behind MLflow's server, with the artifacts under `folder`."""
    with postgres() as database:
        server = Server(database, folder)
        try:
            server.start()
            yield server
        finally:
            server.kill()
