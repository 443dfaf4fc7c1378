"""Train the classifier that reads restored images, on complete images, and measure it on complete images."""

import time

from restoration.core import artifacts, script
from restoration.data import dataset_files
from restoration.models import classifier


def main(job: dict, dataset: str, outputs: dict[str, str]) -> dict:
    """Write the classifier and its accuracy on images that it was not trained on. Return metrics.json."""
    splits, classes = dataset_files.read_dataset(dataset, "train", "validation", "test")
    network = classifier.train(*splits["train"], classes, job["seed"])
    classifier.save(network, outputs["model"])
    metrics = {
        "accuracy": {name: classifier.accuracy(network, *splits[name]) for name in ("validation", "test")},
        "images": {name: len(split.labels) for name, split in splits.items()},
        "epochs": classifier.epochs(len(splits["train"].labels)),
        "parameters": sum(weights.numel() for weights in network.parameters()),
    }
    artifacts.write_json(outputs["metrics"], metrics)
    return metrics


if __name__ == "__main__":
    with script.running(snakemake) as logger:
        start = time.process_time()
        metrics = main(script.settings(snakemake), snakemake.input.dataset, dict(snakemake.output.items()))
        logger.info("%s in %.1f CPU s", metrics["accuracy"], time.process_time() - start)
