from restoration import published


def likelihood_tasks():
    """The tasks of which a likelihood is estimated."""
    return [task for task in TASKS if any(model.task == task for model in LIKELIHOODS)]


# Figures that the report shows, as (task, figure, format): photographs as PNG, drawings as SVG.
FIGURES = [
    *((task, "latent", "svg") for task in TASKS if plane_models(task)),
    *(
        (task, part, "png")
        for task in TASKS
        for part in ("originals", "corrupted", "reconstructed", "grid")
    ),
    *((task, part, "svg") for task in TASKS for part in ("loss", "error")),
    *((task, part, "png") for task in TASKS for part in ("hard", "cases")),
    *((task, "likelihood", "svg") for task in likelihood_tasks()),
]


rule figure_latent:
    input:
        lambda wildcards: paths(
            rules.evaluate.output.latents, plane_models(wildcards.task)
        ),
    output:
        png=report_figure("latent"),
        svg=f"{RESULTS}/figures/{{task}}/latent.svg",
    log:
        f"{RESULTS}/logs/figures/{{task}}/latent.log",
    conda:
        ENVIRONMENT
    params:
        **job(
            "figure_latent.py",
            lambda wildcards: {
                "panels": [
                    (model.variant, model.loss)
                    for model in plane_models(wildcards.task)
                ]
            },
        ),
    script:
        "../scripts/figure_latent.py"


rule figure_loss:
    input:
        lambda wildcards: paths(rules.train.output.history, models_of(wildcards.task)),
    output:
        png=report_figure("loss"),
        svg=f"{RESULTS}/figures/{{task}}/loss.svg",
    log:
        f"{RESULTS}/logs/figures/{{task}}/loss.log",
    conda:
        ENVIRONMENT
    params:
        **job(
            "figure_loss.py",
            lambda wildcards: {
                "models": [
                    (model.variant, model.loss, model.seed)
                    for model in models_of(wildcards.task)
                ]
            },
        ),
    script:
        "../scripts/figure_loss.py"


rule figure_restorations:
    input:
        dataset=rules.download.output[0],
        test=rules.corrupt.output.test,
        examples=lambda wildcards: paths(
            rules.evaluate.output.examples, shown_models(wildcards.task)
        ),
    output:
        originals_png=report_figure("originals"),
        corrupted_png=report_figure("corrupted"),
        reconstructed_png=report_figure("reconstructed"),
        grid_png=report_figure("grid"),
        originals_svg=f"{RESULTS}/figures/{{task}}/originals.svg",
        corrupted_svg=f"{RESULTS}/figures/{{task}}/corrupted.svg",
        reconstructed_svg=f"{RESULTS}/figures/{{task}}/reconstructed.svg",
        grid_svg=f"{RESULTS}/figures/{{task}}/grid.svg",
    log:
        f"{RESULTS}/logs/figures/{{task}}/restorations.log",
    conda:
        ENVIRONMENT
    params:
        **job(
            "figure_restorations.py",
            lambda wildcards: {
                "models": [
                    (model.variant, model.loss)
                    for model in shown_models(wildcards.task)
                ],
                "method": next(iter(TASKS[wildcards.task]["inference"])),
            },
        ),
    script:
        "../scripts/figure_restorations.py"


rule figure_error:
    input:
        rules.compare.output.intervals,
    output:
        png=report_figure("error"),
        svg=f"{RESULTS}/figures/{{task}}/error.svg",
    log:
        f"{RESULTS}/logs/figures/{{task}}/error.log",
    conda:
        ENVIRONMENT
    params:
        **job(
            "figure_error.py",
            lambda wildcards: {"methods": list(TASKS[wildcards.task]["inference"])},
        ),
    script:
        "../scripts/figure_error.py"


rule figure_cases:
    input:
        dataset=rules.download.output[0],
        test=rules.corrupt.output.test,
        models=lambda wildcards: paths(
            rules.evaluate.output.cases, shown_models(wildcards.task)
        ),
        baselines=rules.baselines.output.cases,
        intervals=rules.compare.output.intervals,
    output:
        hard_png=report_figure("hard"),
        cases_png=report_figure("cases"),
        hard_svg=f"{RESULTS}/figures/{{task}}/hard.svg",
        cases_svg=f"{RESULTS}/figures/{{task}}/cases.svg",
    log:
        f"{RESULTS}/logs/figures/{{task}}/cases.log",
    conda:
        ENVIRONMENT
    params:
        **job(
            "figure_cases.py",
            lambda wildcards: {
                "models": [
                    (model.variant, model.loss)
                    for model in shown_models(wildcards.task)
                ],
            },
        ),
    script:
        "../scripts/figure_cases.py"


def likelihoods_of(task):
    return [model for model in LIKELIHOODS if model.task == task]


def published_likelihoods(wildcards):
    """'<quantity> <target>' to the models and figures that others have published of the same."""
    task = TASKS[wildcards.task]
    kinds = {
        (LIKELIHOODS[model], target)
        for model in likelihoods_of(wildcards.task)
        for target in task["likelihood"]["targets"]
    }
    return {
        f"{quantity} {target}": [
            (figure.model, figure.nats)
            for figure in published.comparable(
                CONFIG["dataset"]["name"], task["corruption"], quantity, target
            )
        ]
        for quantity, target in sorted(kinds)
    }


rule figure_likelihood:
    input:
        lambda wildcards: paths(
            rules.likelihood.output[0], likelihoods_of(wildcards.task)
        ),
    output:
        png=report_figure("likelihood"),
        svg=f"{RESULTS}/figures/{{task}}/likelihood.svg",
    log:
        f"{RESULTS}/logs/figures/{{task}}/likelihood.log",
    conda:
        ENVIRONMENT
    params:
        **job(
            "figure_likelihood.py",
            lambda wildcards: {
                "models": [
                    (model.variant, model.loss, model.seed)
                    for model in likelihoods_of(wildcards.task)
                ],
                "published": published_likelihoods(wildcards),
            },
        ),
    script:
        "../scripts/figure_likelihood.py"


def of_page(name):
    """A file that the page is made of; relative, so that its path is the same in every folder."""
    return os.path.relpath(f"{workflow.basedir}/workflow/report/{name}")


rule report:
    input:
        template=of_page("report.html.j2"),
        style=of_page("report.css"),
        script=of_page("sort.js"),
        dataset=rules.download.output[0],
        metrics=paths(rules.evaluate.output.metrics),
        trainings=paths(rules.train.output.summary),
        baselines=expand(rules.baselines.output.metrics, task=TASKS),
        intervals=expand(rules.compare.output.intervals, task=TASKS),
        differences=expand(rules.compare.output.differences, task=TASKS),
        classifier=rules.classifier.output.metrics,
        likelihoods=paths(rules.likelihood.output[0], LIKELIHOODS),
        claims=rules.claims.output if CLAIMS else [],
        figures=[
            f"{RESULTS}/figures/{task}/{name}.{suffix}"
            for task, name, suffix in FIGURES
        ],
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
                "settings": EXPERIMENT,
            },
        ),
    script:
        "../scripts/report.py"
