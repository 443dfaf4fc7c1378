"""Restore the stored corrupted test set, and measure its outputs and regions (see `judging`) image by image."""

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
import pandas as pd
import torch

from restoration.core import registry
from restoration.data import device
from restoration.data.dataset_files import Images
from restoration.data.holes import has_hole, observed
from restoration.evaluation import best_worst_cases, metrics
from restoration.evaluation.judging import BY_CLASSIFIER, MEASURES
from restoration.models.model_file import Model
from restoration.models.networks import Autoencoder
from restoration.restorers.inference import applies

SHOWN = 10  # test images that figures show
RESTORED = 250  # images that a model restores at a time: the CPU's cache then holds what a latent search needs

# (corrupted, mask, labels) of a batch to the batch's restoration. No method gets the complete images.
Restorer = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
# Images (B, C, H, W) in [0, 1] to the labels (B,) that they show, as by classifier.Classifier.read.
Reader = Callable[[torch.Tensor], torch.Tensor]


def restorer(model: Model, method: str, parameters: dict, seed: int) -> Restorer | None:
    """Return a function that restores with `model` by the inference `method`; None if it is not for the model."""
    entry = registry.load("inference", method)
    has = {**vars(model.variant), "variational": model.network.variational}
    if not applies(getattr(entry, "NEEDS", {}), has):
        return None
    generator = device.generator(seed, "inference", method)

    def restore(*batch: torch.Tensor) -> torch.Tensor:
        restored = []
        for corrupted, mask, labels in zip(*(whole.split(RESTORED) for whole in batch), strict=True):
            seen = observed(corrupted, mask)
            condition = model.network.given(model.variant.granted(seen, mask, labels, model.classes))
            restored.append(entry.restore(model, seen, mask, condition, generator, **parameters))
        return torch.cat(restored)

    return restore


@torch.no_grad()
def restore_all(restore: Restorer, corrupted: np.ndarray, mask: np.ndarray, labels: np.ndarray) -> torch.Tensor:
    """Restore the whole test set: float (N, C, H, W) in [0, 1]."""
    return torch.cat([restore(*batch) for batch in device.batches(corrupted, mask, labels)])


def paste(restored: torch.Tensor, corrupted: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Put the visible pixels back into the restored image; mask (B, 1, H, W) is True where hidden."""
    return torch.where(mask, restored, corrupted)


@torch.no_grad()
def score(restored: torch.Tensor, test: Images, read: Reader | None) -> pd.DataFrame:
    """Return one row for each image, output and region, with the columns image, output, region and MEASURES.

    restored: (N, C, H, W). accuracy: 1 if `read` finds the label in the restored image, else 0; NaN inside the hole.
    Without `read`, as for images without labels, the column is left out.
    """
    holes = has_hole(test.mask)
    frames = []
    for number, (truth, damaged, hidden, label) in enumerate(device.batches(*test)):
        start = number * device.BATCH
        raw = restored[start : start + len(truth)]
        outputs = {"raw": raw, "pasted": paste(raw, damaged, hidden)} if holes else {"raw": raw}
        windows = metrics.Windows(truth)
        for output, image in outputs.items():
            squared_error, similarity = (image - truth).square(), metrics.ssim_map(image, windows)
            accuracy = (read(image) == label).float() if read else None
            for region, pixels in {"whole": None, "hole": hidden}.items() if holes else [("whole", None)]:
                error = metrics.regional_mean(squared_error, pixels)
                columns = {"mse": error, "psnr": metrics.psnr(error), "ssim": metrics.ssim(similarity, pixels)}
                if accuracy is not None:
                    columns["accuracy"] = accuracy if region == "whole" else torch.full_like(accuracy, torch.nan)
                image_numbers = np.arange(start, start + len(truth), dtype=np.int32)
                measured = {name: column.cpu().numpy() for name, column in columns.items()}
                frames.append(pd.DataFrame({"image": image_numbers, "output": output, "region": region, **measured}))
    return pd.concat(frames, ignore_index=True)


def measure(
    restorers: Mapping[str, Restorer], test: Images, shown: np.ndarray, read: Reader | None
) -> tuple[pd.DataFrame, dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the scores, as from `score` with a column `method`, and by method the restorations of the images `shown`,
    and what `best_worst_cases.keep` keeps.
    """
    scores, examples = [], {}
    kept: dict[str, np.ndarray] = {}
    for method, restore in restorers.items():
        restored = restore_all(restore, *test[1:])
        scores.append(score(restored, test, read).assign(method=method))
        examples[method] = restored[shown].cpu().numpy()
        kept |= best_worst_cases.keep(method, device.as_uint8(restored.cpu().numpy()), scores[-1])
    table = pd.concat(scores, ignore_index=True)
    return table.astype(dict.fromkeys(["method", "output", "region"], "category")), examples, kept


def summarise(scores: pd.DataFrame) -> dict[str, dict[str, dict[str, dict[str, float]]]]:
    """Return method -> output -> region -> measure -> mean over the images. scores: as from `measure`."""
    summary: dict = {}
    measures = [measure for measure in MEASURES if measure in scores]
    means = scores.groupby(["method", "output", "region"], sort=False, observed=True)[measures].mean()
    for key, row in means.iterrows():
        method, output, region = cast(tuple[str, str, str], key)
        summary.setdefault(method, {}).setdefault(output, {})[region] = {
            measure: float(row[measure]) for measure in measures if region == "whole" or measure not in BY_CLASSIFIER
        }
    return summary


@torch.no_grad()
def latent_means(model: Model, images: np.ndarray, mask: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean of each image's latent, float32 (N, latent); (N, 0) for a network without a latent."""
    if not isinstance(model.network, Autoencoder):
        return np.zeros((len(images), 0), dtype=np.float32)
    means = []
    for image, hidden, label in device.batches(images, mask, labels):
        seen = observed(image, hidden)
        means.append(model.network.code(seen, model.variant.granted(seen, hidden, label, model.classes)))
    return torch.cat(means).cpu().numpy()


def shown(labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the indices of the SHOWN images that figures show: the first test image of each class, then the second of
    each, and so on.
    """
    of_class = [np.flatnonzero(labels == label) for label in range(classes)]
    in_turn = [images[turn] for turn in range(SHOWN) for images in of_class if turn < len(images)]
    return np.array(in_turn[:SHOWN])
