"""A Slurm of one machine, for the tests of its profile: munged, slurmctld and slurmd on the loopback address.

Needs root, and Debian's packages slurm-wlm and munge. Its configuration is at Slurm's own place: Snakemake's plugin
takes the variables away that could name another.
"""

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.mlflow_pages import free_port

CONFIGURATION = Path("/etc/slurm")
FILES = ("slurm.conf", "cgroup.conf", "gres.conf")
PLUGIN = Path(__file__).parent / ".slurm"  # Snakemake's, apart from .venv: it would slow down each call of Snakemake
CORES = 2
MARK = "# Of a test"
COLUMNS, WIDTH = ("comment", "state", "numcpus", "minmemory", "timelimit", "tres-per-job"), 100
SLURM_CONF = """{mark}
ClusterName=loopback
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthInfo=socket={folder}/munge
StateSaveLocation={folder}
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
MinJobAge=3600
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=16000 Gres=gpu:1
PartitionName=all Nodes=ALL Default=YES State=UP
"""


def missing() -> str:
    """Return what is missing here to start a Slurm; '' if nothing is."""
    if not all(map(shutil.which, ("slurmctld", "slurmd", "munged"))):
        return "slurm-wlm munge"
    if os.geteuid():
        return "root, who alone can start a Slurm"
    configuration = CONFIGURATION / FILES[0]
    if configuration.exists() and not configuration.read_text(encoding="utf-8").startswith(MARK):
        return f"a machine without a Slurm of its own ({configuration})"
    return "" if PLUGIN.is_dir() else "Snakemake's plugin, which `make test-all` installs"


class Job(NamedTuple):
    """A job as squeue tells of it."""

    comment: str  # rule_ and the rule's or the group's name
    state: str
    cores: str
    memory: str
    limit: str
    devices: str


class Slurm:
    """Started by `with Slurm(folder)`, and gone after it, with all of its jobs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.servers: list[subprocess.Popen] = []

    def __enter__(self) -> "Slurm":
        CONFIGURATION.mkdir(exist_ok=True)
        self.lock = open(CONFIGURATION / ".lock", "w")  # until it is gone: another test may wait for it
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.folder.chmod(0o755)
        key = self.folder / "key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        host = socket.gethostname().partition(".")[0]
        known = {
            "mark": MARK,
            "host": host,
            "folder": self.folder,
            "ports": (free_port(), free_port()),
            "cores": CORES,
        }
        version = subprocess.run(["slurmd", "-V"], capture_output=True, text=True, check=True).stdout
        plugin = "cgroup/v1" if int(version.split()[1].split(".")[0]) < 23 else "disabled"  # where it had no such name
        contents = (SLURM_CONF.format(**known), f"CgroupPlugin={plugin}\n", "Name=gpu File=/dev/null\n")
        for name, content in zip(FILES, contents, strict=True):
            (CONFIGURATION / name).write_text(content, encoding="utf-8")
        own = [f"--{name}={self.folder}/{name}" for name in ("pid-file", "log-file", "seed-file")]
        self._start("munged", "--foreground", "--force", f"--socket={self.folder}/munge", f"--key-file={key}", *own)
        self._start("slurmctld", "-D")
        self._start("slurmd", "-D", "-N", host)
        end = time.monotonic() + 30
        while "idle" not in _asked("sinfo", "--noheader", "--format=%T"):
            if time.monotonic() > end:
                logs = [path.read_text() for path in sorted(self.folder.glob("*.log"))]
                self.__exit__()
                raise RuntimeError("\n".join(["Slurm does not start.", *logs]))
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        if len(self.servers) == 3:
            _asked("scancel", "--me")
            self.left(10)
        for server in reversed(self.servers):
            server.terminate()
            server.wait(10)
        for name in FILES:
            (CONFIGURATION / name).unlink()
        self.lock.close()

    def jobs(self, *states: str) -> list["Job"]:
        """Return the jobs of the last minutes in these states, or in any if none is named."""
        columns = ",".join(f"{name}:{WIDTH}" for name in COLUMNS)
        lines = _asked("squeue", "--noheader", f"--states={','.join(states) or 'all'}", f"--Format={columns}")
        return [Job(*line.split()) for line in lines.splitlines()]

    def queue(self) -> list["Job"]:
        """Return the jobs that wait or run."""
        return self.jobs("PENDING", "CONFIGURING", "RUNNING", "COMPLETING")

    def left(self, seconds: float) -> list["Job"]:
        """Return what still waits or runs after so many seconds: Slurm needs some to end a cancelled job."""
        end = time.monotonic() + seconds
        while (jobs := self.queue()) and time.monotonic() < end:
            time.sleep(0.2)
        return jobs

    def _start(self, *command: str) -> None:
        with open(self.folder / f"{command[0]}.log", "w") as log:
            path = shutil.which(command[0])
            self.servers.append(subprocess.Popen([str(path), *command[1:]], stdout=log, stderr=log))


def _asked(*command: str) -> str:
    """Return what the command prints; '' if it takes too long."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=20).stdout
    except subprocess.TimeoutExpired:
        return ""
