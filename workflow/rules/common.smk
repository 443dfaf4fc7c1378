# The configuration, checked and completed, and what the rules ask of it.
import os
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
CORRUPTED = f"{RESULTS}/corrupt/{{task}}"


wildcard_constraints:
    task="|".join(TASKS),
    variant="[A-Za-z][A-Za-z0-9_-]*",
    loss="[a-z0-9_]+",
    seed="[0-9]+",


def of_models(pattern, task=None):
    """`pattern` for each model, or for each model of one task."""
    return [
        pattern.format(**model._asdict())
        for model in MODELS
        if task in (None, model.task)
    ]


def job(script, parts=(), **settings):
    """All that decides what a script writes, besides its inputs: the one parameter of its rule.

    `parts`: the registry entries, (kind, name), that the script loads by name.
    """
    return {**settings, "code": identity.code(script, parts)}
