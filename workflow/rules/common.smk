# The configuration, checked and completed, and what the rules ask of it.
import os
import sys
from contextlib import suppress
from pathlib import Path

import yaml
from snakemake.exceptions import WorkflowError

# This repository; another workflow may import this one as a module, and workflow.basedir is that one's then.
BASE = Path(str(workflow.current_basedir)).parents[1]
IMPORTED = not workflow.modifier.is_main_snakefile()

sys.path.insert(0, str(BASE / "workflow/scripts"))

from restoration.comparison import claims_file, published_likelihoods
from restoration.config import configuration, dataset_settings, true_label, yaml_file
from restoration.core import fingerprint, job_parameters, process_locks, registry
from restoration.execution import early_cutoff, interrupt, patches, tamper_check
from restoration.report import ro_crate
from restoration.restorers import baselines
from restoration.core.errors import UserError

process_locks.announce()
# A cluster's job is a Snakemake as well, which does what the user's Snakemake has decided.
if workflow.is_main_process:
    ro_crate.announce()
    # A workflow that imports this one decides itself what Snakemake does with its rules.
    if not IMPORTED:
        patches.install(early_cutoff, interrupt, tamper_check)

try:
    for path in workflow.configfiles:
        yaml_file.refuse_duplicates(path)
    with open(BASE / "config/config.yaml") as file:
        defaults = yaml.safe_load(file)
    if IMPORTED:
        # Snakemake passes over `configfile` where a module is given a configuration.
        if defaults["claims"]:
            defaults["claims"] = str(BASE / defaults["claims"])
        config = yaml_file.laid_over(config, defaults)
    # Its order of tasks and variants is the report's; Snakemake puts what is laid over it in front.
    # What --config says is plain here for the scripts as well: its null is no text.
    config = yaml_file.in_order(yaml_file.plain(config), defaults)
    CONFIG = configuration.resolve(config)
    CLAIMS = claims_file.load(CONFIG["claims"], config)
    CONTENTS = dataset_settings.contents(CONFIG["dataset"])
except UserError as error:
    raise WorkflowError(f"Configuration: {error}") from None

TASKS = CONFIG["tasks"]
# The experiment: all that decides its results, and no path or address.
EXPERIMENT = {
    "dataset": {
        key: value for key, value in CONFIG["dataset"].items() if key != "source"
    },
    "seeds": CONFIG["seeds"],
    "device": CONFIG["device"],
    "tasks": TASKS,
}
MODELS = configuration.models(CONFIG)
# What a job asks for that computes with a model: on a GPU, one that others may share (workflow/profiles/gpu).
ON_DEVICE = {"gpu": 1} if CONFIG["device"] == "cuda" else {}
RESTORED = [CONFIG["restore"]["task"]] if CONFIG["restore"] else []
RESULTS = f"results/{CONFIG['dataset']['name']}"
MODEL = "{task}/{variant}/{loss}/seed{seed}"
ENVIRONMENT = "../../envs/environment.yaml"
CORRUPTED = f"{RESULTS}/corrupt/{{task}}"
LEFT_OUT = CONFIG.get("left_out")
LABELLED = LEFT_OUT is None
if not LABELLED:
    CLAIMS, LEFT_OUT["claims"] = true_label.leave_out_claims(CLAIMS, LEFT_OUT)


def computing():
    """The cores that a job takes which computes without a pause; its threads are one in any case.

    More than one where --cores names more than there are: more such jobs at once than processors take each other's
    cache, and all of them take longer.
    """
    with suppress(WorkflowError):  # of an executor that has no cores of its own
        if hasattr(os, "sched_getaffinity"):
            return max(1, workflow.cores // len(os.sched_getaffinity(0)))
    return 1


wildcard_constraints:
    task="|".join(TASKS),
    variant="[A-Za-z][A-Za-z0-9_-]*",
    loss="[^/]+",
    seed="[0-9]+",


def models_of(task):
    return [model for model in MODELS if model.task == task]


def labelled(task):
    """The variants of a task that are given the true label."""
    return true_label.labelled(TASKS[task]["variants"])


def shown_models(task):
    """The models of a task that pictures show: those of each variant's first seed."""
    variants = TASKS[task]["variants"]
    return [
        model
        for model in models_of(task)
        if model.seed == variants[model.variant]["seeds"][0]
    ]


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
    fields = {
        key: [getattr(model, key) for model in models] for key in MODELS[0]._fields
    }
    return expand(pattern, zip, **fields)


def job(script, settings, parts=()):
    """The parameters of a rule: all that decides what its script writes, besides the inputs.

    `settings`: a mapping; `parts`: the registry entries, (kind, name), that the script loads by name. Both may be
    functions of the wildcards.
    """

    def of(value, wildcards):
        return value(wildcards) if callable(value) else value

    return {
        "settings": lambda wildcards: job_parameters.write_settings(
            of(settings, wildcards)
        ),
        "code": lambda wildcards: fingerprint.code(script, of(parts, wildcards)),
        "packages": lambda wildcards: fingerprint.packages(
            script, of(parts, wildcards), CONFIG["packages"]
        ),
    }


def variant_of(wildcards):
    return TASKS[wildcards.task]["variants"][wildcards.variant]


def claims_sources():
    """(what, task, variant, loss, seed) of each file that the claims ask for, and its path, each once."""
    of_models = {
        **{
            key: rules.train.output[key] for key in ("history", "validation", "summary")
        },
        **{key: rules.evaluate.output[key] for key in ("metrics", "latents")},
    }
    of_tasks = {key: rules.compare.output[key] for key in ("intervals", "replicates")}
    sources = {}
    for need, asked in claims_file.needs(CLAIMS):
        for task in [task for task in TASKS if asked in ("*", task)]:
            for model in models_of(task) if need in of_models else []:
                (sources[(need, *model)],) = paths(of_models[need], [model])
            for part in of_tasks if need == "intervals" else []:
                sources[(part, task, "", "", -1)] = expand(of_tasks[part], task=task)[0]
    return sources


def baselines_of(wildcards):
    """The baselines that make sense for a task, by what its corruption hides."""
    corruption = TASKS[wildcards.task]["corruption"]["name"]
    return baselines.fitting(registry.constant("corruptions", corruption, "HIDES"))


def likelihoods_of(task):
    """The task's models of which a likelihood is estimated."""
    return [model for model in LIKELIHOODS if model.task == task]


def likelihood_tasks():
    return [task for task in TASKS if likelihoods_of(task)]


def comparable_likelihoods(wildcards):
    """'<quantity> <target>' to the models and figures that others have published of the same."""
    task = TASKS[wildcards.task]
    kinds = {
        (LIKELIHOODS[model], target)
        for model in likelihoods_of(wildcards.task)
        for target in task["likelihood"]["targets"]
    }
    return {
        f"{quantity} {target}": [
            (figure.label, figure.nats)
            for figure in published_likelihoods.comparable(
                CONFIG["dataset"]["name"], task["corruption"], quantity, target
            )
        ]
        for quantity, target in sorted(kinds)
    }


def restoring_parts():
    """The registry entries that the champion of any task may need."""
    tasks = TASKS.values()
    found = {("inference", name) for task in tasks for name in task["inference"]}
    found |= {("losses", model.loss) for model in MODELS}
    variants = [variant for task in tasks for variant in task["variants"].values()]
    return sorted(found | {("networks", variant["network"]) for variant in variants})


def check_restore(dag):
    """Refuse, with a UserError, what the target `restore` cannot do, before the first job runs."""
    asked = CONFIG["restore"]
    if not any(job.rule.name == "restore" for job in dag.jobs):
        return
    if not asked:
        raise UserError(
            "restore: say what is to be restored, as in --config "
            "restore='{task: inpainting, images: damaged/, masks: masks/, output: restored/}' (config/README.md)"
        )
    corruption = TASKS[asked["task"]]["corruption"]["name"]
    hides = registry.constant("corruptions", corruption, "HIDES")
    size = dataset_settings.size(CONFIG["dataset"])
    with suppress(ImportError):  # Snakemake may run beside the environment of its jobs
        from restoration.champion import restore_request

        restore_request.plan(asked, hides and hides == "some", size)


def report_figure(name):
    """The PNG of a task's figure, which is in Snakemake's own report as well."""
    return report(
        f"{RESULTS}/figures/{{task}}/{name}.png",
        caption=f"../report/{name}.rst",
        category="Figures",
        labels={"task": "{task}", "figure": name},
    )


def of_page(name):
    """A file that the page is made of; relative, so that its path is the same in every folder.

    `local`: it is not where the results are, if a module's prefix or a remote storage moves those.
    """
    return local(os.path.relpath(BASE / "workflow/report" / name))
