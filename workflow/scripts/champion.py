"""Choose a task's champion: the model and inference that restore best."""

from restoration.comparison import champion_choice
from restoration.comparison.interval_table import read_intervals
from restoration.core import script

if __name__ == "__main__":
    with script.running(snakemake) as logger:
        job, inputs = script.settings(snakemake), snakemake.input
        named = zip(job["models"], inputs.trainings, inputs.models, strict=True)
        champion = champion_choice.choose(
            {"dataset": job["dataset"], "task": job["task"]},
            read_intervals(inputs.intervals),
            [champion_choice.TrainedModel(*model, training, file) for model, training, file in named],
            job["labelled"],
            dict(job["inference"]),
        )
        champion_choice.write(snakemake.output[0], champion)
        words = champion.sentence() if champion else "no candidate: all are given the true label"
        logger.info("%s: %s", job["task"], words)
