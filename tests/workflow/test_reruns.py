"""Only what a change touches runs again: a row for every key of the configuration, and changed modules of each storey.

A row is a change to the tiny graph, all of whose jobs have run, and the jobs that `snakemake -n` would run. A key of
the configuration without a row fails a test. tests/unit/core/test_code_dependencies.py has the rows of the code.
"""

import os
import re
import shutil
from importlib.metadata import version
from typing import Any

import pytest
import yaml

from checkout import RECORDED, ROOT, Checkout, executed, jobs

Rows = dict[str, tuple[str, dict[str, int]]]
ALL = {
    "download": 1,
    "classifier": 1,
    "corrupt": 3,
    "baselines": 3,
    "train": 14,
    "evaluate": 14,
    "likelihood": 4,
    "compare": 3,
    "champion": 3,
    **RECORDED,
    "claims": 1,
    "figure_latent": 1,
    "figure_loss": 3,
    "figure_restorations": 3,
    "figure_error": 3,
    "figure_cases": 3,
    "figure_likelihood": 1,
    "report": 1,
    "provenance": 1,
}
END = {"report": 1, "provenance": 1}
LIKELIHOODS = {"likelihood": 4, "figure_likelihood": 1, **END}


def compared(tasks: int, **others: int) -> dict[str, int]:
    """Return the jobs after new scores in so many tasks, and `others`."""
    each = dict.fromkeys(("compare", "champion", "figure_error", "figure_cases"), tasks)
    return {**each, **RECORDED, "claims": 1, **END, **others}


def evaluated(models: int, **others: int) -> dict[str, int]:
    """Return the jobs when so many models of a task are measured again, and `others`."""
    return compared(1, evaluate=models, figure_restorations=1, **others)


def trained(models: int, **others: int) -> dict[str, int]:
    """Return the jobs when so many models of a task are trained again, and `others`."""
    return evaluated(models, train=models, figure_loss=1, **others)


TWO_MODELS = trained(2)
TWO_INPAINTING = trained(2, likelihood=1, figure_likelihood=1)
DENOISING = trained(4)
INPAINTING = trained(8, likelihood=4, figure_likelihood=1)
FEWER = {rule: count for rule, count in TWO_MODELS.items() if rule not in ("train", "evaluate")}
EVALUATED = compared(3, evaluate=14, figure_latent=1, figure_restorations=3)
TRAINED = EVALUATED | LIKELIHOODS | {"train": 14, "figure_loss": 3}
COMPUTED = {rule: ALL[rule] for rule in ALL if rule != "download"}
FIGURES = {rule: ALL[rule] for rule in ALL if rule.startswith("figure")} | END
NEW_TASK = "{corruption: {name: stroke_hole, size: 4}, variants: {vae: {}}}"


def of_variant(key: str, value: str) -> str:
    """Return a setting of one variant, in all its tasks."""
    return f"variants={{vae_incomplete: {{{key}: {value}}}}}"


def of_task_variant(key: str, value: str) -> str:
    """Return a setting of one variant in one task."""
    return f"tasks={{inpainting: {{variants: {{vae: {{{key}: {value}}}}}}}}}"


# Settings of a training, none of them the tiny graph's.
TRAINING = {"epochs": "2", "batch_size": "64", "learning_rate": "0.01", "weight_decay": "0.1", "schedule": "cosine"}

# Key of the schema, * for a name of the user's own: a --config and what runs then.
KEYS: Rows = {
    "dataset.name": ("dataset={name: mnist}", ALL),  # results/mnist, where nothing is yet
    "dataset.source": ("dataset={source: elsewhere}", {}),
    "dataset.validation": ("dataset={validation: 200}", ALL),
    "dataset.seed": ("dataset={seed: 1}", ALL),
    "seeds": (
        "seeds=[0, 1]",
        compared(3, train=14, evaluate=14, figure_loss=3, likelihood=4, figure_likelihood=1),
    ),
    "losses": ("losses=[bce]", compared(3, figure_latent=1, figure_loss=3, figure_restorations=3)),
    "variants.*.network": ("variants={ae: {network: vae}}", TWO_MODELS),
    "variants.*.encoder_input": (of_variant("encoder_input", "complete"), TWO_INPAINTING),
    "variants.*.condition": (of_variant("condition", "label"), TWO_INPAINTING),
    "variants.*.seeds": (of_variant("seeds", "[1]"), TWO_INPAINTING),
    "variants.*.losses": (of_variant("losses", "[mse]"), FEWER | {"figure_likelihood": 1}),
    "tasks.*.corruption.name": (
        "tasks={representation: {corruption: {name: gaussian_noise}}}",
        trained(2, corrupt=1, baselines=1, figure_latent=1),
    ),
    "tasks.*.variants.*.network": ("tasks={denoising: {variants: {ae: {network: vae}}}}", TWO_MODELS),
    "tasks.*.variants.*.encoder_input": (of_task_variant("encoder_input", "corrupted"), TWO_INPAINTING),
    "tasks.*.variants.*.condition": (of_task_variant("condition", "label"), TWO_INPAINTING),
    "tasks.*.variants.*.seeds": (of_task_variant("seeds", "[1]"), TWO_INPAINTING),
    "tasks.*.variants.*.losses": (of_task_variant("losses", "[mse]"), FEWER | {"figure_likelihood": 1}),
    "tasks.*.seeds": ("tasks={denoising: {seeds: [1]}}", DENOISING),
    "tasks.*.losses": ("tasks={denoising: {losses: [mse]}}", FEWER),
    "tasks.*.inference": ("tasks={inpainting: {inference: {best_prior: {samples: 9}}}}", evaluated(8)),
    "tasks.*.likelihood.samples": ("tasks={inpainting: {likelihood: {samples: 4}}}", LIKELIHOODS),
    "tasks.*.likelihood.images": ("tasks={inpainting: {likelihood: {images: 21}}}", LIKELIHOODS),
    "tasks.*.likelihood.targets": ("tasks={inpainting: {likelihood: {targets: [threshold]}}}", LIKELIHOODS),
    "claims": ("claims=false", END),
    "restore.task": ("restore={task: denoising, images: pictures, output: restored}", {}),
    "restore.images": ("restore={task: denoising, images: others, output: restored}", {}),
    "restore.masks": ("restore={task: inpainting, images: pictures, masks: masks, output: restored}", {}),
    "restore.fit": ("restore={task: denoising, images: pictures, fit: crop, output: restored}", {}),
    "restore.output": ("restore={task: denoising, images: pictures, output: elsewhere}", {}),
    "device": ("device=cuda", TRAINED),
    "packages.torch": ("packages={torch: 1.0.0}", COMPUTED),
    "packages.matplotlib": ("packages={matplotlib: 1.0.0}", FIGURES),
    "packages.seaborn": ("packages={seaborn: 0.1.0}", FIGURES),
    "tracking.uri": ("tracking={uri: 'http://127.0.0.1:9'}", {}),
}

for key, value in TRAINING.items():
    setting = f"{{{key}: {value}}}"
    KEYS |= {
        f"training.{key}": (f"training={setting}", TRAINED),
        f"variants.*.training.{key}": (of_variant("training", setting), TWO_INPAINTING),
        f"tasks.*.variants.*.training.{key}": (of_task_variant("training", setting), TWO_INPAINTING),
        f"tasks.*.training.{key}": (f"tasks={{inpainting: {{training: {setting}}}}}", INPAINTING),
    }

# Keys of `folder` alone: test_folder.py has a row for each.
OF_FOLDER = {"dataset.test", "dataset.size", "dataset.fit", "dataset.channels"}

# Other changes, by what they are.
CHANGES: Rows = {
    "a parameter of a variant": (of_variant("latent", "10"), TWO_INPAINTING),
    "a parameter of a network": (of_variant("hidden", "300"), TWO_INPAINTING),
    "a parameter of a corruption": (
        "tasks={inpainting: {corruption: {size: 5}}}",
        INPAINTING | {"corrupt": 1, "baselines": 1},
    ),
    "a task less": ("tasks={denoising: false}", {**RECORDED, "claims": 1, **END}),
    "a task more": (  # of which no claim speaks
        f"tasks={{small: {NEW_TASK}}}",
        {rule: 1 for rule in TWO_MODELS if rule != "claims"}
        | {"train": 2, "evaluate": 2, "corrupt": 1, "baselines": 1},
    ),
    "a variant less": ("tasks={denoising: {variants: {ae: false}}}", FEWER),
    "a value that is written otherwise": ("training={learning_rate: 1e-3}", {}),
    "the default, spelt out": ("tasks={inpainting: {training: {epochs: 1}}}", {}),
    "two values swapped": (of_variant("hidden", "20, latent: 400"), TWO_INPAINTING),
    "two values swapped in one mapping": ("training={epochs: 128, batch_size: 1}", TRAINED),
}

# File of workflow/scripts: what runs when its code changes. One or two files of each storey.
CODE = {
    "restoration/core/artifacts.py": ALL,
    "restoration/data/corruptions/none.py": trained(2, corrupt=1, baselines=1, figure_latent=1),
    "restoration/data/idx.py": {},  # the digits are not in this format
    "restoration/models/networks/autoencoder.py": TWO_MODELS,
    "restoration/restorers/baselines/median.py": compared(1, baselines=1),
    "restoration/evaluation/likelihood.py": LIKELIHOODS,
    "restoration/comparison/interval_table.py": compared(3),
    "restoration/config/configuration.py": {},
    "restoration/report/page.py": END,
    "figure_error.py": {"figure_error": 3, **END},
}

# The rows that `make test` tries; the others are long.
QUICK = {
    "seeds",
    "claims",
    "device",
    "training.epochs",
    "tasks.*.inference",
    "two values swapped",
    "restoration/data/corruptions/none.py",
    "restoration/models/networks/autoencoder.py",
    "restoration/evaluation/likelihood.py",
    "restoration/config/configuration.py",
    "restoration/report/page.py",
}


def rows(table: dict[str, Any]) -> list[Any]:
    """Return the rows of a table as parameters of a test, those that are not in QUICK marked as long."""
    return [pytest.param(name, id=name, marks=[] if name in QUICK else pytest.mark.long) for name in table]


def keys(schema: dict, definitions: dict, prefix: str = "") -> list[str]:
    """Return the leaves of a JSON schema as dotted keys."""
    schema = schema | definitions.get(schema.get("$ref", "").removeprefix("#/$defs/"), {})
    inner = dict(schema.get("properties", {}))
    if isinstance(schema.get("additionalProperties"), dict) and schema["additionalProperties"].get("properties"):
        inner["*"] = schema["additionalProperties"]
    if not inner:
        return [prefix.removesuffix(".")]
    return [key for name, one in inner.items() for key in keys(one, definitions, f"{prefix}{name}.")]


def test_every_key_of_the_configuration_has_a_row():
    schema = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text(encoding="utf-8"))
    assert {*KEYS, *OF_FOLDER} == set(keys(schema, schema["$defs"]))


def changed_code(checkout: Checkout, name: str) -> dict[str, int]:
    """Return what would run if the code of one file were another that does the same."""
    path = checkout.folder / "workflow/scripts" / name
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n\nANOTHER = True\n", encoding="utf-8")
    try:
        return checkout.pending()
    finally:
        path.write_text(before, encoding="utf-8")


@pytest.mark.parametrize("name", rows(CODE))
def test_changed_code(graph, name):
    assert changed_code(graph, name) == CODE[name]


@pytest.mark.parametrize("name", rows(KEYS | CHANGES))
def test_a_changed_setting(graph, name):
    setting, expected = (KEYS | CHANGES)[name]
    assert graph.pending("--config", setting) == expected


def test_comments_docstrings_and_file_times_rerun_nothing(graph):
    """Change every module, script and rule file at once."""
    before = {}
    for path in (graph.folder / "workflow").rglob("*"):
        if path.suffix in (".py", ".smk"):
            before[path] = path.read_text(encoding="utf-8")
            text = re.sub(r'^( *)"""(?=\S)', r'\1"""Changed. ', f"{before[path]}\n# A comment.\n", flags=re.MULTILINE)
            path.write_text(text if path.suffix == ".py" else f"{before[path]}\n# A comment.\n", encoding="utf-8")
        elif path.is_file():
            os.utime(path)
    try:
        assert graph.pending() == {}
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")


@pytest.mark.long
def test_a_changed_template_rewrites_the_report(graph):
    with graph.edited("workflow/report/report.html.j2", "At a glance", "In short"):
        assert graph.pending() == END


@pytest.mark.long
def test_a_changed_claim_is_judged_anew(graph):
    with graph.edited("config/claims.yaml", "at_least: 0.9", "at_least: 0.8"):
        assert graph.pending() == {"claims": 1, **END}
    with graph.edited("config/claims.yaml", "- id:", "# A comment.\n- id:"):
        assert graph.pending() == {}


@pytest.mark.long
def test_a_fresh_checkout_reruns_nothing(graph, tmp_path):
    """All files of the workflow are new, as after `git checkout`."""
    clone = graph.clone(tmp_path)
    shutil.copytree(graph.folder / "workflow", tmp_path / "workflow", copy_function=shutil.copy, dirs_exist_ok=True)
    assert clone.pending() == {}


@pytest.mark.long
def test_results_with_other_times_rerun_nothing(graph, tmp_path):
    """Give every result a timestamp of its own, up to a year away, as after a clock that jumped."""
    clone = graph.clone(tmp_path)
    for number, path in enumerate(sorted((clone.folder / "results").rglob("*"))):
        then = path.stat().st_mtime + (number * 7919 % 730 - 365) * 86_400
        os.utime(path, (then, then))
    assert clone.pending() == {}


@pytest.mark.long
def test_an_upgraded_torch_trains_again_unless_the_user_says_no(graph, tmp_path):
    upgraded = tmp_path / "torch-99.0.dist-info"
    upgraded.mkdir()
    (upgraded / "METADATA").write_text("Metadata-Version: 2.1\nName: torch\nVersion: 99.0\n")

    def pending(*arguments: str) -> dict[str, int]:
        dry = graph.snakemake("--dry-run", *arguments, environment={"PYTHONPATH": str(tmp_path)})
        assert dry.returncode == 0, dry.stdout
        return jobs(dry.stdout)

    assert pending() == COMPUTED
    assert pending("--config", f"packages={{torch: {version('torch')}}}") == {}


@pytest.mark.parametrize("back", [False, pytest.param(True, marks=pytest.mark.long)])
def test_a_stage_that_writes_the_same_bytes_reruns_nothing_after_it(graph, tmp_path, back):
    """Early cutoff, after a change of code and after the same change is taken back."""
    ours = graph.clone(tmp_path)

    def run() -> None:
        output = ours.finish()
        assert executed(output) == ["corrupt"] * 3 + ["all"]
        assert "baselines 3, champion 3, claims 1, compare 3, evaluate 14" in output
        assert ours.pending() == {}

    with ours.edited("workflow/scripts/corrupt.py", "outputs.items()", "[*outputs.items()]"):
        run()
    if back:
        run()


@pytest.mark.long
def test_a_redrawn_figure_runs_nothing_else(graph, tmp_path):
    ours = graph.clone(tmp_path)
    with ours.edited("workflow/scripts/figure_loss.py", "linewidth=1.8", "linewidth=1.7"):
        assert "figure_loss.py changed" in ours.finish()
        assert ours.pending() == {}
    ours.finish()


@pytest.mark.long
def test_a_parameter_and_back_trains_once(graph, tmp_path):
    """The way back resumes the checkpoints of the first training."""
    ours = graph.clone(tmp_path)
    there = ours.finish("--config", "variants={vae_incomplete: {latent: 10}}")
    assert "variant.parameters.latent: 20 -> 10" in there
    back = ours.finish()
    assert "variant.parameters.latent: 10 -> 20" in back
    assert len(re.findall("checkpoint at iteration 10 of 10", back)) == 2
    assert ours.pending() == {}
