"""Corrupt the validation and the test images once, and store them: 8-bit, as an image file would hold them."""

import numpy as np
import torch

from restoration import artifacts, corruptions, jobs, stored
from restoration.identity import derived_seed
from restoration.images import as_float


def main(job: dict, dataset: str, outputs: dict[str, str]) -> None:
    """Write {split}.npz with corrupted (N, C, H, W), mask (N, 1, H, W) and parameters, for validation and test."""
    corrupt = corruptions.build(job["corruption"])
    splits, _ = stored.read_dataset(dataset, *outputs)
    for name, path in outputs.items():
        generator = torch.Generator().manual_seed(derived_seed(job["seed"], "corrupt", name))
        corrupted, mask = corrupt(as_float(splits[name].images), generator)
        artifacts.write_npz(
            path,
            corrupted=corrupted.mul(255).round().to(torch.uint8).numpy(),
            mask=mask.numpy(),
            parameters=np.array(artifacts.canonical({**job["corruption"], "seed": job["seed"]})),
        )


if __name__ == "__main__":
    with jobs.running(snakemake):
        main(jobs.settings(snakemake), snakemake.input.dataset, dict(snakemake.output.items()))
