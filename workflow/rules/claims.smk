# What the tests of claims may read, and the output that it is.
OF_MODELS = {
    "history": rules.train.output.history,
    "validation": rules.train.output.validation,
    "summary": rules.train.output.summary,
    "metrics": rules.evaluate.output.metrics,
    "latents": rules.evaluate.output.latents,
}
OF_TASKS = {
    "intervals": rules.compare.output.intervals,
    "replicates": rules.compare.output.replicates,
}


def claims_sources():
    """(what, task, variant, loss, seed) of each file that the claims ask for, and its path, each once."""
    sources = {}
    for need, asked in claims_file.needs(CLAIMS):
        for task in [task for task in TASKS if asked in ("*", task)]:
            for model in models_of(task) if need in OF_MODELS else []:
                sources[(need, *model)] = str(OF_MODELS[need]).format(**model._asdict())
            for part in OF_TASKS if need == "intervals" else []:
                sources[(part, task, "", "", -1)] = OF_TASKS[part].format(task=task)
    return sources


if CLAIMS:

    rule claims:
        input:
            list(claims_sources().values()),
        output:
            f"{RESULTS}/claims/claims.json",
        log:
            f"{RESULTS}/logs/claims.log",
        conda:
            ENVIRONMENT
        threads: 1
        params:
            **job(
                "claims.py",
                {"claims": CLAIMS, "sources": list(claims_sources())},
                [("claims", kind) for kind in claims_file.kinds(CLAIMS)],
            ),
        script:
            "../scripts/claims.py"
