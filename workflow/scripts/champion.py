"""Choose a task's champion: the model and the inference that restore best by the measured figures."""

from restoration.comparison import champion_choice, interval_tables
from restoration.core import script

if __name__ == "__main__":
    with script.running(snakemake) as logger:
        job, inputs = script.settings(snakemake), snakemake.input
        named = zip(job["models"], inputs.trainings, inputs.models, strict=True)
        champion = champion_choice.crown(
            {"dataset": job["dataset"], "task": job["task"]},
            interval_tables.read_intervals(inputs.intervals),
            [champion_choice.Trained(*model, training, file) for model, training, file in named],
            job["labelled"],
            dict(job["inference"]),
        )
        champion_choice.write(snakemake.output[0], champion)
        logger.info(
            "%s: %s", job["task"], champion.told() if champion else "no candidate: all are given the true label"
        )
