FIRST_SEED = CONFIG["seeds"][0]


def figure(task, name, caption, **more):
    """A figure's two files. The PNG is in Snakemake's own report as well."""
    path = f"{RESULTS}/figures/{task}/{name}"
    return report(
        f"{path}.png",
        caption=f"../report/{caption}.rst",
        category="Figures",
        labels={"task": task, "figure": name},
    )


def first_seed_models(task, chosen=lambda variant: True):
    """The models of a task that pictures show: those of the first seed."""
    return [
        model
        for model in MODELS
        if model.task == task
        and model.seed == FIRST_SEED
        and chosen(TASKS[task]["variants"][model.variant])
    ]


def is_plane(variant):
    return variant["parameters"].get("latent") == 2


PLANE_TASKS = [task for task in TASKS if first_seed_models(task, is_plane)]


def plane_models(wildcards):
    return first_seed_models(wildcards.task, is_plane)


rule figure_latent:
    input:
        lambda wildcards: [
            f"{RESULTS}/evaluate/{MODEL}/latents.npz".format(**model._asdict())
            for model in plane_models(wildcards)
        ],
    output:
        png=figure("{task}", "latent", "latent"),
        svg=f"{RESULTS}/figures/{{task}}/latent.svg",
    log:
        f"{RESULTS}/logs/figures/{{task}}/latent.log",
    params:
        job=lambda wildcards: job(
            "figure_latent.py",
            panels=[
                f"{model.variant}, {model.loss.upper()}"
                for model in plane_models(wildcards)
            ],
        ),
    script:
        "../scripts/figure_latent.py"


rule figure_loss:
    input:
        lambda wildcards: of_models(
            f"{RESULTS}/train/{MODEL}/history.parquet", wildcards.task
        ),
    output:
        png=figure("{task}", "loss", "loss"),
        svg=f"{RESULTS}/figures/{{task}}/loss.svg",
    log:
        f"{RESULTS}/logs/figures/{{task}}/loss.log",
    params:
        job=lambda wildcards: job(
            "figure_loss.py",
            models=[
                (model.variant, model.loss, model.seed)
                for model in MODELS
                if model.task == wildcards.task
            ],
        ),
    script:
        "../scripts/figure_loss.py"


rule figure_restorations:
    input:
        dataset=rules.download.output[0],
        test=rules.corrupt.output.test,
        examples=lambda wildcards: [
            f"{RESULTS}/evaluate/{MODEL}/examples.npz".format(**model._asdict())
            for model in first_seed_models(wildcards.task)
        ],
    output:
        **{
            f"{part}_{suffix}": (
                figure("{task}", part, part)
                if suffix == "png"
                else f"{RESULTS}/figures/{{task}}/{part}.{suffix}"
            )
            for part in ("originals", "corrupted", "reconstructed", "grid")
            for suffix in ("png", "svg")
        },
    log:
        f"{RESULTS}/logs/figures/{{task}}/restorations.log",
    params:
        job=lambda wildcards: job(
            "figure_restorations.py",
            labels=[
                f"{model.variant} {model.loss.upper()}"
                for model in first_seed_models(wildcards.task)
            ],
            method=next(iter(TASKS[wildcards.task]["inference"])),
        ),
    script:
        "../scripts/figure_restorations.py"


# What the report shows, as (task, figure); the file of each is an SVG where it is drawn, a PNG where it is photographs.
FIGURES = [
    *((task, "latent", "svg") for task in PLANE_TASKS),
    *(
        (task, part, "png")
        for task in TASKS
        for part in ("originals", "corrupted", "reconstructed", "grid")
    ),
    *((task, "loss", "svg") for task in TASKS),
]


rule report:
    input:
        template=os.path.relpath(f"{workflow.basedir}/workflow/report/report.html.j2"),
        dataset=rules.download.output[0],
        metrics=of_models(rules.evaluate.output.metrics),
        trainings=of_models(rules.train.output.summary),
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
    params:
        job=job(
            "report.py",
            models=[tuple(model) for model in MODELS],
            figures=[(task, name) for task, name, _ in FIGURES],
            settings={
                "dataset": {
                    key: value
                    for key, value in CONFIG["dataset"].items()
                    if key != "source"
                },
                "seeds": CONFIG["seeds"],
                "tasks": TASKS,
            },
        ),
    script:
        "../scripts/report.py"
