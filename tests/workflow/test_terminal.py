"""The graph in a terminal: the lines that a user sees, and Ctrl-C."""

import os
import pty
import re
import select
import sys
import time
from pathlib import Path

import psutil
import pytest

from checkout import Checkout, executed
from restoration.execution import interrupt

pytestmark = pytest.mark.long

MODEL = "results/digits/train/inpainting/vae_incomplete/bce/seed0/model.pt"
ARGUMENTS = ("--keep-going", MODEL, "--config", "training={epochs: 200, batch_size: 32}")
LIMIT = 300  # seconds


class Terminal:
    """Snakemake in a terminal of its own, as its foreground process group."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]
        self.text = ""
        self.process, self.master = pty.fork()
        if not self.process:
            os.chdir(folder)
            os.execvpe(command[0], command, os.environ | {"PYTHONPATH": "", "TERM": "xterm"})

    def read(self, seconds: float) -> bool:
        """Read the output of so many seconds; return False once the terminal is closed."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    self.text += os.read(self.master, 65536).decode()
                except OSError:
                    return False
        return True

    def press_ctrl_c(self) -> None:
        os.write(self.master, b"\x03")

    def end(self) -> int:
        """Wait for the end; return the exit status."""
        end = time.monotonic() + LIMIT
        while self.read(0.2):
            assert time.monotonic() < end, self.text
        status = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        os.close(self.master)
        return status

    def lines(self) -> list[str]:
        return [line.rstrip() for line in re.sub("\x1b\\[[0-9;]*m", "", self.text).splitlines()]


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    return Checkout(tmp_path_factory.mktemp("terminal"))


@pytest.fixture(scope="module")
def stopped(trial) -> tuple[Terminal, float]:
    """Stop a training by Ctrl-C after a checkpoint; return the terminal and how long the end took."""
    terminal = Terminal(trial.folder, *ARGUMENTS, "--configfile", "tests/workflow/one_model.yaml")
    end = time.monotonic() + LIMIT
    while not list((trial.folder / "results/checkpoints").glob("*/state.pt")):
        assert terminal.read(0.2), terminal.text
        assert time.monotonic() < end, terminal.text
    terminal.press_ctrl_c()
    pressed = time.monotonic()
    assert terminal.end() == 1
    return terminal, time.monotonic() - pressed


def test_a_terminal_shows_a_line_a_job_and_what_is_left(stopped):
    lines = stopped[0].lines()
    assert any(re.fullmatch(r"\d of \d jobs.*: download, \d+\.\d s", line) for line in lines), lines
    assert not [line for line in lines if line.startswith(("rule ", "localrule ", "    input:", "Finished jobid"))]


def test_ctrl_c_ends_soon_leaves_no_process_and_says_how_to_go_on(stopped, trial):
    terminal, seconds = stopped
    assert seconds < 60  # one or two, where nothing else computes
    assert terminal.lines()[-1] == interrupt.GO_ON
    assert "Traceback" not in terminal.text
    assert any(line.startswith("  still to do: ") for line in terminal.lines())
    here = str(trial.folder)
    assert not [process for process in psutil.process_iter(["cwd"]) if process.info["cwd"] == here]


def test_the_same_command_goes_on(stopped, trial):
    output = trial.finish(*ARGUMENTS, configuration="tests/workflow/one_model.yaml")
    assert re.search("checkpoint.*: inpainting vae_incomplete bce seed 0", output)
    assert "train" in executed(output)  # no terminal: Snakemake's own lines
    assert not re.search(r"^\d of \d jobs", output, re.MULTILINE)
