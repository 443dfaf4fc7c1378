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


class Postgres:
    """A database of its own in a folder of its own, at an address that stays when it is killed and started."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.uri = f"postgresql://mlflow@127.0.0.1:{self.port}/postgres"  # as MLflow takes it
        self.initdb, self.server, self.is_ready = (
            str(shutil.which(name, path=PATH)) for name in ("initdb", "postgres", "pg_isready")
        )
        self.other = {"user": USER, "group": USER, "extra_groups": []} if os.getuid() == 0 else {}
        if self.other:
            shutil.chown(folder, USER, USER)
        make = [self.initdb, "--no-sync", "--auth", "trust", "--username", "mlflow", "--encoding", "UTF8"]
        subprocess.run([*make, folder / "data"], check=True, stdout=subprocess.DEVNULL, cwd=folder, **self.other)
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": self.folder,
            "fsync": "off",
        }
        flags = [flag for key, value in options.items() for flag in ("-c", f"{key}={value}")]
        with open(self.folder / "printed.txt", "a") as printed:
            self.process = subprocess.Popen(
                [self.server, "-D", self.folder / "data", *flags],
                stdout=printed,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                **self.other,
            )
        ready = [self.is_ready, "--quiet", "--host", "127.0.0.1", "--port", str(self.port)]
        until = time.monotonic() + 60
        while subprocess.run(ready).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > until:
                sys.exit(f"PostgreSQL does not start:\n{(self.folder / 'printed.txt').read_text()}")
            time.sleep(0.1)

    def kill(self) -> None:
        """At once, and its children with it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self.process = None


@contextmanager
def postgres() -> Iterator[Postgres]:
    """Started; killed and its folder gone afterwards."""
    # Below /tmp: the server's user cannot look into pytest's own folders.
    folder = Path(tempfile.mkdtemp(prefix="postgres", dir="/tmp"))
    try:
        database = Postgres(folder)
        try:
            database.start()
            yield database
        finally:
            database.kill()
    finally:
        shutil.rmtree(folder)


class Server:
    """MLflow's server, which keeps the artifacts as well, at an address that stays when it is killed and started."""

    def __init__(self, database: Postgres, folder: Path) -> None:
        self.database, self.folder, self.port = database, folder, free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """As config/README.md says, with one worker, for each takes seconds to start."""
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--backend-store-uri", self.database.uri, "--serve-artifacts"]
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
