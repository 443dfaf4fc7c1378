"""Ask for each task's champion to be in MLflow's model registry: the mirror puts it there.

The output says what was asked for. Other champions, or other code that restores, make this job due.
"""

import logging

from restoration.comparison import champion_choice
from restoration.core import artifacts, script
from restoration.tracking import mirror, model_registry, outbox

logger = logging.getLogger("restoration.register")


def main(champions: list[str], tests: list[str], uri: str | None, dataset: str, output: str) -> None:
    """Put a request into the outbox, and write what it asks for. tests: corrupted test images, a file each task."""
    asked = {}
    for path in champions:
        if champion := champion_choice.read(path):
            tags = model_registry.tags(path, champion)
            asked[model_registry.name(champion)] = {key: tags[key] for key in model_registry.DIGESTS}
    of = {"uri": uri, "experiment": dataset, "name": f"{dataset} champions"}
    try:
        log = outbox.Log.create(of["name"])
        log.append("begin", part="champions", time=outbox.now(), **of, champions=champions, tests=tests)
        log.append("end", status="FINISHED")
    except OSError as error:
        logger.warning("MLflow: the champions are not registered (%s); the results are not affected", error)
    artifacts.write_json(output, asked)


if __name__ == "__main__":
    with script.running(snakemake):
        inputs, config = snakemake.input, snakemake.config
        uri = config.get("tracking", {}).get("uri")
        mirror.start_beside_job(uri)
        main(list(inputs.champions), list(inputs.tests), uri, config["dataset"]["name"], snakemake.output[0])
