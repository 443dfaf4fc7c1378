"""Measure what needs no training on a task's stored corrupted test set: the ground that models stand on."""

import torch

from restoration import artifacts, classifier, evaluation, jobs, registry, stored


def baseline(name: str, train_images: torch.Tensor) -> evaluation.Restorer:
    """The registry entry `name`, knowing the training images."""
    entry = registry.load("baselines", name)
    return lambda corrupted, mask, _: entry.restore(corrupted, mask, train_images)


def main(job: dict, dataset: str, test: str, reader: str, outputs: dict[str, str]) -> None:
    """Write the scores of each image, with the baseline's name as `method`, their means, and the images to show."""
    splits, classes = stored.read_dataset(dataset, "train", "test")
    complete, labels = splits["test"]
    corrupted, mask = stored.read_corrupted(test, complete)
    restorers = {name: baseline(name, torch.from_numpy(splits["train"].images)) for name in job["baselines"]}
    shown = evaluation.shown(labels, classes)
    read = classifier.load(reader, complete.shape[1:], classes).read
    scores, examples = evaluation.measure(restorers, complete, corrupted, mask, labels, shown, read)
    artifacts.write_parquet(outputs["scores"], scores)
    artifacts.write_npz(outputs["examples"], shown=shown, **examples)
    artifacts.write_json(outputs["metrics"], {"scores": evaluation.summarise(scores), "images": len(labels)})


if __name__ == "__main__":
    with jobs.running(snakemake):
        inputs = snakemake.input
        main(jobs.settings(snakemake), inputs.dataset, inputs.test, inputs.classifier, dict(snakemake.output.items()))
