rule champion:
    input:
        intervals=rules.compare.output.intervals,
        trainings=lambda wildcards: paths(
            rules.train.output.summary, models_of(wildcards.task)
        ),
        models=lambda wildcards: paths(
            rules.train.output.model, models_of(wildcards.task)
        ),
    output:
        f"{RESULTS}/champion/{{task}}.json",
    log:
        f"{RESULTS}/logs/champion/{{task}}.log",
    conda:
        ENVIRONMENT
    threads: 1
    params:
        **job(
            "champion.py",
            lambda wildcards: {
                "dataset": CONFIG["dataset"]["name"],
                "task": wildcards.task,
                "models": [
                    (model.variant, model.loss, model.seed)
                    for model in models_of(wildcards.task)
                ],
                # Its methods with their parameters.
                "inference": list(TASKS[wildcards.task]["inference"].items()),
                "labelled": labelled(wildcards.task),
            },
        ),
    script:
        "../scripts/champion.py"


rule register:
    input:
        champions=expand(rules.champion.output, task=TASKS),
        models=paths(rules.train.output.model),
        tests=expand(rules.corrupt.output.test, task=TASKS),
    output:
        "results/mlflow/register/{name}.json".format(**CONFIG["dataset"]),
    log:
        f"{RESULTS}/logs/register.log",
    priority: 1  # the mirror registers while the jobs after it run
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
    params:
        **job(
            "register.py",
            {},
            restoring_parts(),
        ),
    script:
        "../scripts/register.py"


# This rule has no output, so that it runs whenever it is asked for, and no input, so that nothing else does.
rule send_runs:
    log:
        "results/mlflow/sent.log",
    conda:
        ENVIRONMENT
    threads: 1
    script:
        "../scripts/send_runs.py"
