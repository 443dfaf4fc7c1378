"""Choose a task's champion: the model and the inference that restore best by the measured figures."""

from restoration import champions, compared, jobs

if __name__ == "__main__":
    with jobs.running(snakemake) as logger:
        job, inputs = jobs.settings(snakemake), snakemake.input
        named = zip(job["models"], inputs.trainings, inputs.models, strict=True)
        champion = champions.crown(
            {"dataset": job["dataset"], "task": job["task"]},
            compared.read_intervals(inputs.intervals),
            [champions.Trained(*model, training, file) for model, training, file in named],
            job["labelled"],
            dict(job["inference"]),
        )
        champions.write(snakemake.output[0], champion)
        logger.info(
            "%s: %s", job["task"], champion.told() if champion else "no candidate: all are given the true label"
        )
