import io
from types import SimpleNamespace

import pytest

from restoration.models import training_progress


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(training_progress.time, "monotonic", clock.monotonic)
    return clock


@pytest.fixture
def terminal(monkeypatch) -> io.StringIO:
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(training_progress, "sys", SimpleNamespace(stderr=stream))
    return stream


def lines(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_a_line_tells_epoch_iteration_speed_loss_and_time_left(clock, terminal):
    shown = training_progress.Progress("task vae", epochs=10, iterations=1000, batch_size=20)
    clock.now += 10
    shown.show(250, 12.34567)
    (line,) = lines(terminal)
    assert line.startswith("task vae: epoch 3/10, iteration 250/1,000, 500 images/s, loss 12.35, ")
    assert line.endswith("00:30 left")


def test_lines_keep_their_distance_but_the_last_is_always_shown(clock, terminal):
    shown = training_progress.Progress("task", epochs=1, iterations=10, batch_size=1, interval=5)
    for iteration in range(1, 11):
        clock.now += 2
        shown.show(iteration, 1.0)
    assert [line.split("iteration ")[1].split("/")[0] for line in lines(terminal)] == ["3", "6", "9", "10"]
    assert "epoch 1/1" in lines(terminal)[-1]
    assert "00:00 left" in lines(terminal)[-1]


def test_the_speed_of_a_resumed_training_is_that_of_this_process(clock, terminal):
    shown = training_progress.Progress("task", epochs=10, iterations=1000, batch_size=10, done=900)
    clock.now += 10
    shown.show(950, 1.0)
    assert "50 images/s" in lines(terminal)[0]
    assert "00:10 left" in lines(terminal)[0]


def test_nothing_is_written_where_nobody_watches(clock, capsys):
    shown = training_progress.Progress("task", epochs=1, iterations=2, batch_size=1)
    clock.now += 10
    shown.show(2, 1.0)
    assert capsys.readouterr().err == ""
