rule compare:
    input:
        scores=lambda wildcards: paths(
            rules.evaluate.output.scores, models_of(wildcards.task)
        ),
        baselines=rules.baselines.output.scores,
    output:
        intervals=f"{RESULTS}/compare/{{task}}/intervals.parquet",
        intervals_csv=f"{RESULTS}/compare/{{task}}/intervals.csv",
        differences=f"{RESULTS}/compare/{{task}}/differences.parquet",
        differences_csv=f"{RESULTS}/compare/{{task}}/differences.csv",
        replicates=f"{RESULTS}/compare/{{task}}/replicates.npz",
    log:
        f"{RESULTS}/logs/compare/{{task}}.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=1000,
    params:
        **job(
            "compare.py",
            lambda wildcards: {
                "models": [
                    (model.variant, model.loss, model.seed)
                    for model in models_of(wildcards.task)
                ],
                "labelled": labelled(wildcards.task),
            },
        ),
    script:
        "../scripts/compare.py"
