# Figures that the report shows, as (task, figure, format): photographs as PNG, drawings as SVG.
FIGURES = [
    *((task, "latent", "svg") for task in TASKS if plane_models(task)),
    *(
        (task, part, "png")
        for task in TASKS
        for part in ("originals", "corrupted", "reconstructed", "grid")
    ),
    *((task, "loss", "svg") for task in TASKS),
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


rule report:
    input:
        template=os.path.relpath(f"{workflow.basedir}/workflow/report/report.html.j2"),
        dataset=rules.download.output[0],
        metrics=paths(rules.evaluate.output.metrics),
        trainings=paths(rules.train.output.summary),
        baselines=expand(rules.baselines.output.metrics, task=TASKS),
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
                "figures": [(task, name) for task, name, _ in FIGURES],
                "settings": EXPERIMENT,
            },
        ),
    script:
        "../scripts/report.py"
