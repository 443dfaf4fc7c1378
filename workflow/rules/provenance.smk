rule provenance:
    input:
        rules.download.output,
        expand(rules.corrupt.output, task=TASKS),
        rules.classifier.output if LABELLED else [],
        expand(rules.baselines.output, task=TASKS),
        [paths(output) for output in [*rules.train.output, *rules.evaluate.output]],
        paths(rules.likelihood.output[0], LIKELIHOODS),
        expand(rules.compare.output, task=TASKS),
        expand(rules.champion.output, task=TASKS),
        rules.claims.output if CLAIMS else [],
        [
            f"{RESULTS}/figures/{task}/{name}.{suffix}"
            for task, name, _ in FIGURES
            for suffix in ("png", "svg")
        ],
        rules.report.input.values,
        rules.report.input.sheets,
        rules.report.output,
        sources=rules.download.output.sources,
        texts=of_page("ro_crate.yaml"),  # the package reads it
    output:
        record=f"{RESULTS}/ro-crate-metadata.json",
        workflow=directory(f"{RESULTS}/workflow"),
    log:
        f"{RESULTS}/logs/provenance.log",
    conda:
        ENVIRONMENT
    params:
        **job("provenance.py", EXPERIMENT),
    script:
        "../scripts/provenance.py"
