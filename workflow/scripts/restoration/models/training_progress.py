"""A line that shows how far a training is, where somebody is watching."""

import sys
import time
from datetime import timedelta


class Progress:
    """Lines on stderr, where that is a terminal, at most one every `interval` seconds. Trainings share the terminal."""

    def __init__(self, label: str, epochs: int, iterations: int, batch_size: int, done: int = 0, interval: float = 5):
        """Set up for a training of `iterations`, of which an earlier process made `done`."""
        self.label, self.epochs, self.iterations, self.batch_size = label, epochs, iterations, batch_size
        self.first = done
        self.interval = interval
        self.start = self.last = time.monotonic()
        self.watched = sys.stderr.isatty()

    def show(self, iteration: int, objective: float) -> None:
        """Show a line if one is due. iteration: those made so far, at least one more than at the start."""
        now = time.monotonic()
        if not self.watched or (now - self.last < self.interval and iteration < self.iterations):
            return
        self.last = now
        rate = (iteration - self.first) / max(now - self.start, 1e-9)
        epoch = min(self.epochs, iteration * self.epochs // self.iterations + 1)
        left = timedelta(seconds=round((self.iterations - iteration) / rate))
        print(
            f"{self.label}: epoch {epoch}/{self.epochs}, iteration {iteration:,}/{self.iterations:,}, "
            f"{rate * self.batch_size:,.0f} images/s, loss {objective:.4g}, {left} left",
            file=sys.stderr,
            flush=True,
        )
