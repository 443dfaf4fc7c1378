# The figures of the report, as (task, figure, format): images as PNG, drawings as SVG.
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
# The figures with values for the page's scripts; SHEETS: those that also have a sheet of images.
VALUES = [
    *((task, "latent") for task in TASKS if plane_models(task)),
    *((task, name) for task in TASKS for name in ("loss", "cases")),
]
SHEETS = [(task, name) for task, name in VALUES if name in ("latent", "cases")]


rule figure_latent:
    input:
        dataset=rules.download.output[0],
        latents=lambda wildcards: paths(
            rules.evaluate.output.latents, plane_models(wildcards.task)
        ),
    output:
        png=report_figure("latent"),
        svg=f"{RESULTS}/figures/{{task}}/latent.svg",
        values=f"{RESULTS}/figures/{{task}}/latent.json",
        images=f"{RESULTS}/figures/{{task}}/latent_images.png",
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
                ],
                **{
                    key: value
                    for key, value in EXPERIMENT["dataset"].items()
                    if key == "labels"
                },
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
        values=f"{RESULTS}/figures/{{task}}/loss.json",
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
        values=f"{RESULTS}/figures/{{task}}/cases.json",
        images=f"{RESULTS}/figures/{{task}}/cases_images.png",
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
                "labelled": labelled(wildcards.task),
            },
        ),
    script:
        "../scripts/figure_cases.py"


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
                "published": comparable_likelihoods(wildcards),
            },
        ),
    script:
        "../scripts/figure_likelihood.py"
