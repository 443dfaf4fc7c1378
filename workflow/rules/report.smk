SCRIPTS = ["contents", "sort", "zoom", "plots", "restorations"]


# The values tried for the baselines' parameters: the page marks a parameter at an end of its values.
GRIDS = {
    name: grid
    for name in registry.names("baselines")
    if (grid := registry.constant("baselines", name, "GRID"))
}


rule report:
    input:
        template=of_page("report.html.j2"),
        style=of_page("report.css"),
        theme=of_page("theme.js"),
        scripts=[of_page(f"{name}.js") for name in SCRIPTS],
        # The package reads them.
        texts=[of_page("figures.yaml"), of_page("published.yaml")],
        dataset=rules.download.output[0],
        metrics=paths(rules.evaluate.output.metrics),
        trainings=paths(rules.train.output.summary),
        baselines=expand(rules.baselines.output.metrics, task=TASKS),
        intervals=expand(rules.compare.output.intervals, task=TASKS),
        differences=expand(rules.compare.output.differences, task=TASKS),
        champions=expand(rules.champion.output, task=TASKS),
        classifier=rules.classifier.output.metrics if LABELLED else [],
        likelihoods=paths(rules.likelihood.output[0], LIKELIHOODS),
        claims=rules.claims.output if CLAIMS else [],
        figures=[
            f"{RESULTS}/figures/{task}/{name}.{suffix}"
            for task, name, suffix in FIGURES
        ],
        values=[f"{RESULTS}/figures/{task}/{name}.json" for task, name in VALUES],
        sheets=[f"{RESULTS}/figures/{task}/{name}_images.png" for task, name in SHEETS],
    output:
        page=report(
            f"{RESULTS}/report/report.html",
            caption="../report/report.rst",
            category="Report",
        ),
        table=f"{RESULTS}/report/models.csv",
    log:
        f"{RESULTS}/logs/report.log",
    conda:
        ENVIRONMENT
    params:
        **job(
            "report.py",
            {
                "models": MODELS,
                "likelihoods": list(LIKELIHOODS),
                "figures": [(task, name) for task, name, _ in FIGURES],
                "values": VALUES,
                "sheets": SHEETS,
                "settings": EXPERIMENT,
                "grids": GRIDS,
                **({} if LABELLED else {"left_out": LEFT_OUT}),
            },
        ),
    script:
        "../scripts/report.py"
