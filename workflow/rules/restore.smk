# Without an output: the rule runs whenever it is asked for, and Snakemake never removes the user's files.
rule restore:
    input:
        champion=expand(rules.champion.output, task=RESTORED),
        models=paths(
            rules.train.output.model,
            [model for task in RESTORED for model in models_of(task)],
        ),
    log:
        f"{RESULTS}/logs/restore.log",
    conda:
        ENVIRONMENT
    threads: 1
    params:
        **job("restore.py", {"restore": CONFIG["restore"]}),
    script:
        "../scripts/restore.py"
