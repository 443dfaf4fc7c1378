"""Measure what checkpoints cost: the share of a training's time that goes into writing them.

    .venv/bin/python tests/benchmarks/checkpoints.py 300

trains the MNIST network (784-400-20, with 55,000 random images in the place of MNIST) for so many seconds, as the
workflow does, and prints how many checkpoints it wrote, how far apart, and their share of the time.
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow/scripts"))
import numpy as np
import torch

from restoration.data import corruptions
from restoration.models import model_file, training
from restoration.models.variants import Variant


def main(seconds: float) -> None:
    torch.set_num_threads(1)
    images = np.random.default_rng(0).integers(0, 256, (55_000, 1, 28, 28), np.uint8)
    labels = np.zeros(len(images), np.int64)
    variant = Variant("vae", "corrupted", "none", {"hidden": 400, "latent": 20})
    model = model_file.create(variant, "bce", (1, 28, 28), 10)
    corrupt = corruptions.build({"name": "stroke_hole", "size": 6})
    settings = {"epochs": 1000, "batch_size": 128, "learning_rate": 1e-3}
    spent: list[float] = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        loop = training.Trainer(model, images, labels, corrupt, settings, 0, Path(folder) / "state.pt")
        save = loop.save

        def timed() -> None:
            before = time.monotonic()
            save()
            spent.append(time.monotonic() - before)

        loop.save = timed  # type: ignore[method-assign]
        while time.monotonic() - start < seconds:
            loop._epoch(lambda *_: None)
            loop._save_if_due()
    took = time.monotonic() - start
    print(
        f"{loop.iteration} iterations in {took:.0f} s; {len(spent)} checkpoints of {np.median(spent) * 1000:.0f} ms "
        f"(median), {took / len(spent):.1f} s apart: {sum(spent) / took:.2%} of the time"
    )


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60)
