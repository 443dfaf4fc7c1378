rule download:
    output:
        f"{RESULTS}/download/dataset.npz",
    log:
        f"{RESULTS}/logs/download.log",
    conda:
        ENVIRONMENT
    params:
        job=job(
            "download.py",
            [("datasets", CONFIG["dataset"]["name"])],
            **{key: CONFIG["dataset"][key] for key in ("name", "validation", "seed")},
        ),
    script:
        "../scripts/download.py"


rule corrupt:
    input:
        dataset=rules.download.output[0],
    output:
        validation=f"{CORRUPTED}/validation.npz",
        test=f"{CORRUPTED}/test.npz",
    log:
        f"{RESULTS}/logs/corrupt/{{task}}.log",
    conda:
        ENVIRONMENT
    params:
        job=lambda wildcards: job(
            "corrupt.py",
            [("corruptions", TASKS[wildcards.task]["corruption"]["name"])],
            corruption=TASKS[wildcards.task]["corruption"],
            seed=CONFIG["dataset"]["seed"],
        ),
    script:
        "../scripts/corrupt.py"
