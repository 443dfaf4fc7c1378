rule train:
    input:
        dataset=rules.download.output[0],
        validation=rules.corrupt.output.validation,
    output:
        model=f"{RESULTS}/train/{MODEL}/model.pt",
        history=f"{RESULTS}/train/{MODEL}/history.parquet",
        validation=f"{RESULTS}/train/{MODEL}/validation.parquet",
        summary=f"{RESULTS}/train/{MODEL}/training.json",
    log:
        f"{RESULTS}/logs/train/{MODEL}.log",
    conda:
        ENVIRONMENT
    threads: computing()
    resources:
        **ON_DEVICE,
        mem_mb=2000,  # a network of convolutions takes 1.6 GB, one of layers 0.9
    params:
        **job(
            "train.py",
            lambda wildcards: {
                "task": wildcards.task,
                "corruption": TASKS[wildcards.task]["corruption"],
                "variant": {
                    "name": wildcards.variant,
                    **{
                        key: variant_of(wildcards)[key]
                        for key in (*configuration.VARIANT_KEYS, "parameters")
                    },
                },
                "loss": wildcards.loss,
                "seed": int(wildcards.seed),
                "training": variant_of(wildcards)["training"],
                "device": CONFIG["device"],
            },
            lambda wildcards: [
                ("corruptions", TASKS[wildcards.task]["corruption"]["name"]),
                ("networks", variant_of(wildcards)["network"]),
                ("losses", wildcards.loss),
            ],
        ),
    script:
        "../scripts/train.py"
