"""Corrupt the validation and the test images once, and store them with 8 bits a value, as image files hold them."""

import numpy as np
import torch

from restoration.core import artifacts, registry, script
from restoration.core.determinism import derived_seed
from restoration.core.errors import UserError
from restoration.data import corruptions, dataset_files
from restoration.data.device import as_float


def check(corrupted: torch.Tensor, mask: torch.Tensor, shape: torch.Size, name: str) -> None:
    """Refuse, with a UserError, what does not follow data/corruptions/__init__.py."""
    wanted, file = (len(corrupted), 1, *shape[2:]), registry.place("corruptions", name)
    if corrupted.shape != shape or not (corrupted.min() >= 0 and corrupted.max() <= 1):
        raise UserError(f"{file}: its images must be {tuple(shape)} and lie in [0, 1]")
    if mask.shape != wanted or mask.dtype != torch.bool:
        raise UserError(f"{file}: its mask is {mask.dtype} {tuple(mask.shape)}; expected bool {wanted}")


def main(job: dict, dataset: str, outputs: dict[str, str]) -> None:
    """Write {split}.npz with corrupted (N, C, H, W), mask (N, 1, H, W) and parameters, for validation and test."""
    corrupt = corruptions.build(job["corruption"])
    splits, _ = dataset_files.read_dataset(dataset, *outputs)
    for name, path in outputs.items():
        generator = torch.Generator().manual_seed(derived_seed(job["seed"], "corrupt", name))
        complete = as_float(splits[name].images)
        corrupted, mask = corrupt(complete, generator)
        check(corrupted, mask, complete.shape, job["corruption"]["name"])
        artifacts.write_npz(
            path,
            corrupted=corrupted.mul(255).round().to(torch.uint8).numpy(),
            mask=mask.numpy(),
            parameters=np.array(artifacts.canonical({**job["corruption"], "seed": job["seed"]})),
        )


if __name__ == "__main__":
    with script.running(snakemake):
        main(script.settings(snakemake), snakemake.input.dataset, dict(snakemake.output.items()))
