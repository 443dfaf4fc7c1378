rule download:
    output:
        dataset=f"{RESULTS}/download/dataset.npz",
        sources=f"{RESULTS}/download/sources.json",
    log:
        f"{RESULTS}/logs/download.log",
    conda:
        ENVIRONMENT
    params:
        **job(
            "download.py",
            EXPERIMENT["dataset"] | CONTENTS,
            [("datasets", CONFIG["dataset"]["name"])],
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
        **job(
            "corrupt.py",
            lambda wildcards: {
                "corruption": TASKS[wildcards.task]["corruption"],
                "seed": CONFIG["dataset"]["seed"],
            },
            lambda wildcards: [
                ("corruptions", TASKS[wildcards.task]["corruption"]["name"])
            ],
        ),
    script:
        "../scripts/corrupt.py"
