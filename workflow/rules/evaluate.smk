rule classifier:
    input:
        dataset=rules.download.output[0],
    output:
        model=f"{RESULTS}/classifier/classifier.pt",
        metrics=f"{RESULTS}/classifier/metrics.json",
    log:
        f"{RESULTS}/logs/classifier.log",
    conda:
        ENVIRONMENT
    threads: computing()
    resources:
        mem_mb=1000,
    params:
        **job("classifier.py", {"seed": CONFIG["dataset"]["seed"]}),
    script:
        "../scripts/classifier.py"


rule evaluate:
    input:
        **rules.train.output,
        dataset=rules.download.output[0],
        test=rules.corrupt.output.test,
        classifier=rules.classifier.output.model if LABELLED else [],
    output:
        scores=f"{RESULTS}/evaluate/{MODEL}/scores.parquet",
        metrics=f"{RESULTS}/evaluate/{MODEL}/metrics.json",
        examples=f"{RESULTS}/evaluate/{MODEL}/examples.npz",
        cases=f"{RESULTS}/evaluate/{MODEL}/cases.npz",
        latents=f"{RESULTS}/evaluate/{MODEL}/latents.npz",
        picture=f"{RESULTS}/evaluate/{MODEL}/examples.png",
    log:
        f"{RESULTS}/logs/evaluate/{MODEL}.log",
    conda:
        ENVIRONMENT
    threads: computing()
    resources:
        **ON_DEVICE,
        mem_mb=2000,
    params:
        **job(
            "evaluate.py",
            lambda wildcards: {
                # In order: the first is the one that figures show.
                "inference": list(TASKS[wildcards.task]["inference"].items()),
                "device": CONFIG["device"],
            },
            lambda wildcards: [
                ("networks", variant_of(wildcards)["network"]),
                ("losses", wildcards.loss),
                *(("inference", name) for name in TASKS[wildcards.task]["inference"]),
            ],
        ),
    script:
        "../scripts/evaluate.py"


rule baselines:
    input:
        dataset=rules.download.output[0],
        validation=rules.corrupt.output.validation,
        test=rules.corrupt.output.test,
        classifier=rules.classifier.output.model if LABELLED else [],
    output:
        scores=f"{RESULTS}/baselines/{{task}}/scores.parquet",
        metrics=f"{RESULTS}/baselines/{{task}}/metrics.json",
        examples=f"{RESULTS}/baselines/{{task}}/examples.npz",
        cases=f"{RESULTS}/baselines/{{task}}/cases.npz",
    log:
        f"{RESULTS}/logs/baselines/{{task}}.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=2000,
    params:
        **job(
            "baselines.py",
            lambda wildcards: {"baselines": baselines_of(wildcards)},
            lambda wildcards: [
                ("baselines", name) for name in baselines_of(wildcards)
            ],
        ),
    script:
        "../scripts/baselines.py"
