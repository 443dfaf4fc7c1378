# The configuration, checked and completed, and what the rules ask of it.
import sys

from snakemake.exceptions import WorkflowError

sys.path.insert(0, f"{workflow.basedir}/workflow/scripts")

from restoration import configuration, identity, registry
from restoration.errors import UserError

try:
    CONFIG = configuration.resolve(config)
except UserError as error:
    raise WorkflowError(f"Configuration: {error}") from None

TASKS = CONFIG["tasks"]
MODELS = configuration.models(CONFIG)
RESULTS = f"results/{CONFIG['dataset']['name']}"
MODEL = "{task}/{variant}/{loss}/seed{seed}"
ENVIRONMENT = "../../envs/environment.yaml"
CORRUPTED = f"{RESULTS}/corrupt/{{task}}"


wildcard_constraints:
    task="|".join(TASKS),
    variant="[A-Za-z][A-Za-z0-9_-]*",
    loss="[a-z0-9_]+",
    seed="[0-9]+",


def models_of(task):
    return [model for model in MODELS if model.task == task]


def shown_models(task):
    """The models of a task that pictures show: those of the first seed."""
    return [model for model in models_of(task) if model.seed == CONFIG["seeds"][0]]


def plane_models(task):
    """Those of them whose latent space can be drawn: it has two dimensions."""
    variants = TASKS[task]["variants"]
    return [
        model
        for model in shown_models(task)
        if variants[model.variant]["parameters"].get("latent") == 2
    ]


def paths(pattern, models=MODELS):
    """`pattern`, which holds the wildcards of MODEL, for each of the models."""
    return [str(pattern).format(**model._asdict()) for model in models]


def job(script, parts=(), **settings):
    """All that decides what a script writes, besides its inputs: the one parameter of its rule.

    `parts`: the registry entries, (kind, name), that the script loads by name.
    """
    return {**settings, "code": identity.code(script, parts)}


def training_job(wildcards):
    """What decides a model: its task's corruption, its variant, its loss, its seed and how it is trained."""
    task = TASKS[wildcards.task]
    variant = task["variants"][wildcards.variant]
    return job(
        "train.py",
        [
            ("corruptions", task["corruption"]["name"]),
            ("networks", variant["network"]),
            ("losses", wildcards.loss),
        ],
        task=wildcards.task,
        corruption=task["corruption"],
        variant={"name": wildcards.variant, **variant},
        loss=wildcards.loss,
        seed=int(wildcards.seed),
        training=task["training"],
    )


def evaluation_job(wildcards):
    """How the models of a task are used; what they are stands in their files."""
    task = TASKS[wildcards.task]
    variant = task["variants"][wildcards.variant]
    return job(
        "evaluate.py",
        [
            ("networks", variant["network"]),
            ("losses", wildcards.loss),
            *(("inference", method) for method in task["inference"]),
        ],
        inference=list(task["inference"].items()),  # in order: the first is shown
    )


def report_figure(name):
    """The PNG of a task's figure, which is in Snakemake's own report as well."""
    return report(
        f"{RESULTS}/figures/{{task}}/{name}.png",
        caption=f"../report/{name}.rst",
        category="Figures",
        labels={"task": "{task}", "figure": name},
    )
