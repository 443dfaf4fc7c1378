"""Train one model: a variant under a loss and a seed, for a task. Goes on from its checkpoint if it was stopped."""

import logging
import math
import time
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import torch

from restoration.core import artifacts, script
from restoration.core.determinism import derived_seed
from restoration.core.job_parameters import identity
from restoration.data import corruptions, dataset_files, device
from restoration.models import model_file, objective, training
from restoration.models.training_progress import Progress
from restoration.models.variants import Variant
from restoration.tracking import mirror, run_log

CHECKPOINTS = Path("results/checkpoints")
logger = logging.getLogger("restoration.train")
TRACKING_SECONDS = 5  # between two batches of metrics for MLflow


def trainer(job: dict, train: dataset_files.Split, classes: int, checkpoint: Path) -> training.Trainer:
    """Return the job's training, at its start or where its checkpoint stands."""
    torch.manual_seed(derived_seed(job["seed"], "initialisation"))
    variant = Variant(**{key: value for key, value in job["variant"].items() if key != "name"})
    model = model_file.create(variant, job["loss"], train.images.shape[1:], classes)
    corrupt = corruptions.build(job["corruption"])
    loop = training.Trainer(model, *train, corrupt, job["training"], job["seed"], checkpoint)
    loop.resume()
    return loop


def main(job: dict, dataset: str, validation: str, outputs: dict, run: run_log.RunLog) -> training.Trainer:
    """Train, log to `run` every few epochs, and write the model, both histories and a summary."""
    splits, classes = dataset_files.read_dataset(dataset, "train", "validation")
    images, labels = splits["validation"]
    corrupted, mask = dataset_files.read_corrupted(validation, images)
    loop = trainer(job, splits["train"], classes, CHECKPOINTS / run.identity / "state.pt")
    sent = sent_validation = 0
    sent_at = -math.inf

    def log(loop: training.Trainer) -> None:
        nonlocal sent, sent_validation, sent_at
        if time.monotonic() - sent_at < TRACKING_SECONDS and not loop.finished:
            return
        sent_at = time.monotonic()
        run.log_history(loop.record[sent : loop.iteration], first=sent + 1)
        run.log_validation(loop.validation[sent_validation:])
        sent, sent_validation = loop.iteration, len(loop.validation)

    log(loop)
    if loop.iteration:
        logger.info("%s: goes on from its checkpoint at iteration %d of %d", run.name, loop.iteration, len(loop.record))
    progress = Progress(run.name, loop.epochs, len(loop.record), loop.batch_size, loop.iteration)
    loop.run(lambda model: objective.held_out(model, images, corrupted, mask, labels, job["seed"]), progress.show, log)

    history = pd.DataFrame(loop.record.cpu().numpy(), columns=objective.MEASURED)
    history.insert(0, "iteration", range(1, len(history) + 1))
    artifacts.write_parquet(outputs["history"], history)
    artifacts.write_parquet(outputs["validation"], pd.DataFrame(loop.validation))
    model_file.save(loop.model, outputs["model"])
    artifacts.write_json(
        outputs["summary"],
        {
            "identity": run.identity,
            "run": run.name,
            "settings": job,
            "parameters": sum(weights.numel() for weights in loop.model.network.parameters()),
            "train": history.tail(loop.epoch_iterations)[objective.MEASURED].mean().to_dict(),
            "validation": loop.validation[-1],
            "versions": {"torch": version("torch")},
        },
    )
    run.log_file(outputs["model"], "model")
    return loop


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        start = time.monotonic()
        job, params = script.settings(snakemake), snakemake.params
        device.use(job["device"])
        inputs = [snakemake.input.dataset, snakemake.input.validation]
        known = identity([*params.settings, *params.code, *params.packages], inputs)
        run = run_log.model_log(snakemake.config, snakemake.wildcards, known)
        mirror.start_beside_job(run.uri)
        with run.training(job, snakemake.input.dataset):
            loop = main(job, *inputs, dict(snakemake.output.items()), run)
        logger.info("%s: %d iterations in %.1f s", run.name, loop.iteration, time.monotonic() - start)
