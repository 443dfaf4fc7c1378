"""Measure the baselines on a task's stored corrupted test set."""

import logging

import torch

from restoration.core import artifacts, script
from restoration.data import dataset_files
from restoration.data.device import as_float
from restoration.data.holes import hides
from restoration.evaluation import scoring, tuning
from restoration.models import classifier
from restoration.restorers import baselines


def main(job: dict, dataset: str, validation: str, test: str, reader: str | None, outputs: dict[str, str]) -> None:
    """Write the scores of each image by each `method`, their means, the parameters, and the images to show.

    A method is a baseline of job["baselines"] that is for the task, with or without calibration. Parameters are chosen
    on the task's validation images.
    """
    logger = logging.getLogger("restoration")
    splits, classes = dataset_files.read_dataset(dataset, "train", "validation", "test")
    complete, labels = splits["test"]
    images = dataset_files.Images(complete, *dataset_files.read_corrupted(test, complete), labels)
    train_images, known = torch.from_numpy(splits["train"].images), splits["validation"].images
    first = slice(tuning.IMAGES)
    known_corrupted, known_mask = dataset_files.read_corrupted(validation, known)
    examples = tuning.Examples(
        as_float(known[first]), as_float(known_corrupted[first]), torch.from_numpy(known_mask[first])
    )
    methods: dict[str, tuning.Tuned] = {}
    for name in job["baselines"]:
        if name in baselines.fitting(hides(images.mask)):
            methods |= tuning.tune(name, train_images, examples)
    restorers = {method: tuned.restore for method, tuned in methods.items()}
    shown = scoring.shown(labels, classes)
    read = classifier.load(reader, complete.shape[1:], classes).read if reader else None
    scores, shown_restorations, kept = scoring.measure(restorers, images, shown, read)
    parameters = {method: tuned.baseline.parameters for method, tuned in methods.items()}
    for method, tuned in methods.items():
        milliseconds = 1000 * tuned.baseline.seconds / tuned.baseline.images
        logger.info("%s %s: %.2f ms an image", method, parameters[method], milliseconds)
    artifacts.write_parquet(outputs["scores"], scores)
    artifacts.write_npz(outputs["examples"], shown=shown, **shown_restorations)
    artifacts.write_npz(outputs["cases"], **kept)
    artifacts.write_json(
        outputs["metrics"],
        {
            "scores": scoring.summarise(scores),
            "images": len(labels),
            "parameters": parameters,
            "validation_images": len(examples.mask),
        },
    )


if __name__ == "__main__":
    with script.running(snakemake):
        inputs = snakemake.input
        images = (inputs.dataset, inputs.validation, inputs.test)
        main(script.settings(snakemake), *images, inputs.classifier, dict(snakemake.output.items()))
