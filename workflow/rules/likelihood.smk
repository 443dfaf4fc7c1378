from restoration.config import likelihood_quantity

# Models whose likelihood is estimated, and of what: the whole image, or what is hidden of it.
LIKELIHOODS = likelihood_quantity.quantities(MODELS, TASKS)


rule likelihood:
    input:
        model=rules.train.output.model,
        dataset=rules.download.output[0],
        test=rules.corrupt.output.test,
    output:
        f"{RESULTS}/likelihood/{MODEL}/likelihood.json",
    log:
        f"{RESULTS}/logs/likelihood/{MODEL}.log",
    conda:
        ENVIRONMENT
    threads: computing()
    resources:
        **ON_DEVICE,
        mem_mb=1000,
    params:
        **job(
            "likelihood.py",
            lambda wildcards: {
                "quantity": likelihood_quantity.quantity(
                    variant_of(wildcards),
                    wildcards.loss,
                    TASKS[wildcards.task]["corruption"]["name"],
                ),
                "data_seed": CONFIG["dataset"]["seed"],
                "device": CONFIG["device"],
                **TASKS[wildcards.task]["likelihood"],
            },
            lambda wildcards: [
                ("networks", variant_of(wildcards)["network"]),
                ("losses", wildcards.loss),
            ],
        ),
    script:
        "../scripts/likelihood.py"
