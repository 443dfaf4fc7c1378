"""Only what a change touches runs again: a row for every key of the configuration, every module and every script.

Each row is one change to the real graph, all of whose jobs have run, and the jobs that `snakemake -n` then wants to
run. A test fails where a key, a module or a script has no row.
"""

import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from checkout import ROOT, Checkout, jobs
from restoration.core import registry

SCRIPTS = Path("workflow/scripts")
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
    "register": 1,
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
    """What follows new scores in so many tasks, and other jobs."""
    each = dict.fromkeys(("compare", "champion", "figure_error", "figure_cases"), tasks)
    return {**each, "register": 1, "claims": 1, **END, **others}


def evaluated(models: int, **others: int) -> dict[str, int]:
    """What follows when so many models of a task are measured again, and other jobs."""
    return compared(1, evaluate=models, figure_restorations=1, **others)


def trained(models: int, **others: int) -> dict[str, int]:
    """What follows when so many models of a task are trained again, and other jobs."""
    return evaluated(models, train=models, figure_loss=1, **others)


TWO_MODELS = trained(2)
TWO_INPAINTING = trained(2, likelihood=1, figure_likelihood=1)
DENOISING = trained(4)
INPAINTING = trained(8, likelihood=4, figure_likelihood=1)
FEWER = {rule: count for rule, count in TWO_MODELS.items() if rule not in ("train", "evaluate")}
EVALUATED = compared(3, evaluate=14, figure_latent=1, figure_restorations=3)
TRAINED = EVALUATED | LIKELIHOODS | {"train": 14, "figure_loss": 3}
CORRUPTED = {rule: ALL[rule] for rule in ALL if rule not in ("download", "classifier")}
MODELLED = {rule: ALL[rule] for rule in ALL if rule not in ("download", "corrupt")}
COMPUTED = {rule: ALL[rule] for rule in ALL if rule != "download"}
FIGURES = {rule: ALL[rule] for rule in ALL if rule.startswith("figure")} | END
RESTORED = EVALUATED | {"baselines": 3}
CHAMPIONS = {"champion": 3, "register": 1, **END}
READ = RESTORED | {"classifier": 1}
NEW_TASK = "{corruption: {name: stroke_hole, size: 4}, variants: {vae: {}}}"


def of_variant(key: str, value: str) -> str:
    """A setting of one variant, in all its tasks."""
    return f"variants={{vae_incomplete: {{{key}: {value}}}}}"


def of_task_variant(key: str, value: str) -> str:
    """A setting of one variant in one task."""
    return f"tasks={{inpainting: {{variants: {{vae: {{{key}: {value}}}}}}}}}"


# A key of the schema (* for a name of the user's own): a --config and what it makes run.
KEYS = {
    "dataset.name": ("dataset={name: mnist}", ALL),  # results/mnist, where nothing is yet
    "dataset.source": ("dataset={source: elsewhere}", {}),
    "dataset.validation": ("dataset={validation: 200}", ALL),
    "dataset.seed": ("dataset={seed: 1}", ALL),
    "seeds": (
        "seeds=[0, 1]",
        compared(3, train=14, evaluate=14, figure_loss=3, likelihood=4, figure_likelihood=1),
    ),
    "losses": ("losses=[bce]", compared(3, figure_latent=1, figure_loss=3, figure_restorations=3)),
    "training.epochs": ("training={epochs: 2}", TRAINED),
    "training.batch_size": ("training={batch_size: 64}", TRAINED),
    "training.learning_rate": ("training={learning_rate: 0.002}", TRAINED),
    "training.weight_decay": ("training={weight_decay: 0.1}", TRAINED),
    "training.schedule": ("training={schedule: cosine}", TRAINED),
    "variants.*.network": ("variants={ae: {network: vae}}", TWO_MODELS),
    "variants.*.encoder_input": (of_variant("encoder_input", "complete"), TWO_INPAINTING),
    "variants.*.condition": (of_variant("condition", "label"), TWO_INPAINTING),
    "variants.*.seeds": (of_variant("seeds", "[1]"), TWO_INPAINTING),
    "variants.*.losses": (of_variant("losses", "[mse]"), FEWER | {"figure_likelihood": 1}),
    "variants.*.training.epochs": (of_variant("training", "{epochs: 2}"), TWO_INPAINTING),
    "variants.*.training.batch_size": (of_variant("training", "{batch_size: 64}"), TWO_INPAINTING),
    "variants.*.training.learning_rate": (of_variant("training", "{learning_rate: 0.01}"), TWO_INPAINTING),
    "variants.*.training.weight_decay": (of_variant("training", "{weight_decay: 0.1}"), TWO_INPAINTING),
    "variants.*.training.schedule": (of_variant("training", "{schedule: cosine}"), TWO_INPAINTING),
    "tasks.*.corruption.name": (
        "tasks={representation: {corruption: {name: gaussian_noise}}}",
        trained(2, corrupt=1, baselines=1, figure_latent=1),
    ),
    "tasks.*.variants.*.network": ("tasks={denoising: {variants: {ae: {network: vae}}}}", TWO_MODELS),
    "tasks.*.variants.*.encoder_input": (of_task_variant("encoder_input", "corrupted"), TWO_INPAINTING),
    "tasks.*.variants.*.condition": (of_task_variant("condition", "label"), TWO_INPAINTING),
    "tasks.*.variants.*.seeds": (of_task_variant("seeds", "[1]"), TWO_INPAINTING),
    "tasks.*.variants.*.losses": (of_task_variant("losses", "[mse]"), FEWER | {"figure_likelihood": 1}),
    "tasks.*.variants.*.training.epochs": (of_task_variant("training", "{epochs: 2}"), TWO_INPAINTING),
    "tasks.*.variants.*.training.batch_size": (of_task_variant("training", "{batch_size: 64}"), TWO_INPAINTING),
    "tasks.*.variants.*.training.learning_rate": (of_task_variant("training", "{learning_rate: 0.01}"), TWO_INPAINTING),
    "tasks.*.variants.*.training.weight_decay": (of_task_variant("training", "{weight_decay: 0.1}"), TWO_INPAINTING),
    "tasks.*.variants.*.training.schedule": (of_task_variant("training", "{schedule: cosine}"), TWO_INPAINTING),
    "tasks.*.seeds": ("tasks={denoising: {seeds: [1]}}", DENOISING),
    "tasks.*.losses": ("tasks={denoising: {losses: [mse]}}", FEWER),
    "tasks.*.training.epochs": ("tasks={inpainting: {training: {epochs: 2}}}", INPAINTING),
    "tasks.*.training.batch_size": ("tasks={inpainting: {training: {batch_size: 64}}}", INPAINTING),
    "tasks.*.training.learning_rate": ("tasks={inpainting: {training: {learning_rate: 0.01}}}", INPAINTING),
    "tasks.*.training.weight_decay": ("tasks={inpainting: {training: {weight_decay: 0.1}}}", INPAINTING),
    "tasks.*.training.schedule": ("tasks={inpainting: {training: {schedule: cosine}}}", INPAINTING),
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

# Keys of `folder` alone: test_folder.py has a row for each.
OF_FOLDER = {"dataset.test", "dataset.size", "dataset.fit", "dataset.channels"}

# Changes besides, by what they are.
CHANGES = {
    "a parameter of a variant": (of_variant("latent", "10"), TWO_INPAINTING),
    "a parameter of a network": (of_variant("hidden", "300"), TWO_INPAINTING),
    "a parameter of a corruption": (
        "tasks={inpainting: {corruption: {size: 5}}}",
        INPAINTING | {"corrupt": 1, "baselines": 1},
    ),
    "a task less": ("tasks={denoising: false}", {"register": 1, "claims": 1, **END}),
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

# A file of workflow/scripts: what runs when its code changes. No job depends on those of the last group.
FILES = {
    "download.py": ALL,
    "corrupt.py": CORRUPTED,
    "train.py": TRAINED,
    "classifier.py": READ,
    "evaluate.py": EVALUATED,
    "baselines.py": compared(3, baselines=3),
    "likelihood.py": LIKELIHOODS,
    "compare.py": compared(3),
    "champion.py": CHAMPIONS,
    "register.py": {"register": 1},
    "restore.py": {},  # runs only when it is asked for
    "claims.py": {"claims": 1, **END},
    "figure_cases.py": {"figure_cases": 3, **END},
    "figure_error.py": {"figure_error": 3, **END},
    "figure_latent.py": {"figure_latent": 1, **END},
    "figure_likelihood.py": {"figure_likelihood": 1, **END},
    "figure_loss.py": {"figure_loss": 3, **END},
    "figure_restorations.py": {"figure_restorations": 3, **END},
    "report.py": END,
    "provenance.py": {"provenance": 1},
    "restoration/__init__.py": ALL,
    "restoration/core/artifacts.py": ALL,
    "restoration/restorers/baselines/__init__.py": compared(3, baselines=3),
    "restoration/restorers/baselines/biharmonic.py": compared(1, baselines=1),
    "restoration/restorers/baselines/identity.py": compared(3, baselines=3),
    "restoration/restorers/baselines/kernel_neighbours.py": compared(2, baselines=2),
    "restoration/restorers/baselines/mean_image.py": compared(3, baselines=3),
    "restoration/restorers/baselines/median.py": compared(1, baselines=1),
    "restoration/restorers/baselines/nearest_neighbour.py": compared(2, baselines=2),
    "restoration/restorers/baselines/non_local_means.py": compared(1, baselines=1),
    "restoration/restorers/baselines/total_variation.py": compared(1, baselines=1),
    "restoration/comparison/bootstrap.py": compared(3),
    "restoration/evaluation/calibration.py": compared(3, baselines=3),
    "restoration/evaluation/best_worst_cases.py": RESTORED,
    "restoration/comparison/champion_choice.py": CHAMPIONS,
    "restoration/models/checkpoint_check.py": TRAINED,
    "restoration/comparison/claims/__init__.py": {"claims": 1, **END},
    "restoration/comparison/claims/better.py": {"claims": 1, **END},
    "restoration/comparison/claims/decreasing.py": {"claims": 1, **END},
    "restoration/comparison/claims/lowest.py": {"claims": 1, **END},
    "restoration/comparison/claims/separates.py": {"claims": 1, **END},
    "restoration/models/classifier.py": READ,
    "restoration/comparison/interval_tables.py": compared(3),
    "restoration/comparison/intervals.py": compared(3),
    "restoration/restorers/blending.py": evaluated(8),
    "restoration/models/conv_blocks.py": READ,  # by the classifier alone
    "restoration/data/corruptions/__init__.py": CORRUPTED,
    "restoration/data/corruptions/central_hole.py": {},
    "restoration/data/corruptions/gaussian_noise.py": DENOISING | {"corrupt": 1, "baselines": 1},
    "restoration/data/corruptions/missing_pixels.py": {},
    "restoration/data/corruptions/none.py": trained(2, corrupt=1, baselines=1, figure_latent=1),
    "restoration/data/corruptions/quadrants.py": {},
    "restoration/data/corruptions/stroke_hole.py": INPAINTING | {"corrupt": 1, "baselines": 1},
    "restoration/data/datasets/__init__.py": ALL,
    "restoration/data/datasets/digits.py": ALL,
    "restoration/data/datasets/fashion_mnist.py": {},
    "restoration/data/datasets/folder.py": {},
    "restoration/data/datasets/kmnist.py": {},
    "restoration/data/datasets/mnist.py": {},
    "restoration/data/device.py": COMPUTED,
    "restoration/evaluation/diagnostics.py": EVALUATED,
    "restoration/comparison/likelihood_estimates.py": {"figure_likelihood": 1, **END},
    "restoration/evaluation/scoring.py": RESTORED,
    "restoration/comparison/claim_inputs.py": {"claims": 1, **END},
    "restoration/report/figure_style.py": FIGURES,
    "restoration/core/fingerprint.py": ALL,
    "restoration/data/idx.py": {},  # the digits are not in this format
    "restoration/data/image_decoding.py": {},  # nor are they files of images
    "restoration/data/image_folder.py": ALL,
    "restoration/data/tensors.py": COMPUTED,
    "restoration/restorers/inference/__init__.py": RESTORED,
    "restoration/restorers/inference/best_prior.py": evaluated(8),
    "restoration/restorers/inference/cycle_spinning.py": {},
    "restoration/restorers/inference/encode.py": EVALUATED,
    "restoration/restorers/inference/inferred_label.py": evaluated(8),
    "restoration/restorers/inference/map_latent.py": evaluated(8),
    "restoration/restorers/inference/posterior_mean.py": evaluated(8),
    "restoration/models/gaussian_latent.py": TRAINED,
    "restoration/evaluation/likelihood.py": LIKELIHOODS,
    "restoration/evaluation/likelihood_targets.py": LIKELIHOODS,
    "restoration/models/linear.py": TRAINED | {"baselines": 2},
    "restoration/models/losses/__init__.py": TRAINED,
    "restoration/models/losses/bce.py": TRAINED | {"train": 7, "evaluate": 7},
    "restoration/models/losses/mse.py": EVALUATED | {"train": 7, "evaluate": 7, "figure_loss": 3},
    "restoration/evaluation/measure_properties.py": compared(3),
    "restoration/evaluation/metrics.py": RESTORED,
    "restoration/tracking/model_registry.py": {"register": 1},
    "restoration/models/model_file.py": MODELLED,
    "restoration/restorers/masked_neighbours.py": compared(2, baselines=2),
    "restoration/models/networks/__init__.py": MODELLED,
    "restoration/models/networks/autoencoder.py": TWO_MODELS,
    "restoration/models/networks/conv_vae.py": {},
    "restoration/models/networks/cvae_prior.py": {},
    "restoration/models/networks/unet.py": {},
    "restoration/models/networks/vae.py": TRAINED | {"train": 12, "evaluate": 12},
    "restoration/models/objective.py": TRAINED,
    "restoration/report/plot_values.py": {"figure_latent": 1, "figure_loss": 3, "figure_cases": 3, **END},
    "restoration/report/ro_crate.py": {"provenance": 1},
    "restoration/models/optimizer.py": MODELLED,
    "restoration/champion/picture_files.py": {},
    "restoration/comparison/published.py": END,
    "restoration/core/registry.py": ALL,
    "restoration/report/__init__.py": END,
    "restoration/report/table_cells.py": END,
    "restoration/report/inline_svg.py": END,
    "restoration/report/embedded_figures.py": END,
    "restoration/report/task_sentences.py": END,
    "restoration/report/likelihood_table.py": END,
    "restoration/report/model_tables.py": END,
    "restoration/report/overview.py": END,
    "restoration/report/page.py": END,
    "restoration/report/poster_losses.py": END,
    "restoration/report/restoration_tables.py": END,
    "restoration/report/figure_values.py": END,
    "restoration/report/claim_verdicts.py": END,
    "restoration/champion/restore_request.py": {},
    "restoration/champion/restorer.py": {"register": 1},
    "restoration/config/selectors.py": {"claims": 1, **END},
    "restoration/champion/pyfunc_model.py": {"register": 1},
    "restoration/data/split_sizes.py": ALL,
    "restoration/report/versions.py": END,
    "restoration/data/dataset_files.py": ALL,
    "restoration/comparison/models_table.py": END,
    "restoration/models/training.py": TRAINED,
    "restoration/evaluation/tuning.py": compared(3, baselines=3),
    "restoration/models/variants.py": MODELLED,
    "restoration/data/holes.py": RESTORED | LIKELIHOODS,
    "restoration/evaluation/knn_accuracy.py": {"claims": 1, "figure_latent": 1, **END},
    # Before, beside and around the jobs.
    "send_runs.py": {},
    "restoration/execution/rerun_reasons.py": {},
    "restoration/comparison/claims_file.py": {},
    "restoration/config/configuration.py": {},
    "restoration/config/yaml_file.py": {},
    "restoration/config/consistency.py": {},
    "restoration/config/dataset_settings.py": {},
    "restoration/tracking/mirror.py": {},
    "restoration/core/errors.py": {},
    "restoration/core/checksums.py": {},
    "restoration/execution/tamper_check.py": {},
    "restoration/core/script.py": {},
    "restoration/report/index_page.py": {},
    "restoration/tracking/run_links.py": {},
    "restoration/core/process_locks.py": {},
    "restoration/tracking/run_description.py": {},
    "restoration/tracking/mlflow_store.py": {},
    "restoration/tracking/mlflow_writer.py": {},
    "restoration/tracking/outbox.py": {},
    "restoration/execution/fork_server.py": {},
    "restoration/execution/fork_server_imports.py": {},
    "restoration/models/training_progress.py": {},
    "restoration/execution/early_cutoff.py": {},
    "restoration/execution/scheduler_rate.py": {},
    "restoration/execution/interrupt.py": {},
    "restoration/tracking/run_log.py": {},
    "restoration/config/unlabelled.py": {},
    "restoration/execution/terminal_lines.py": {},
}


def keys(schema: dict, definitions: dict, prefix: str = "") -> list[str]:
    """The leaves of a JSON schema, as dotted keys."""
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


def test_every_module_and_script_has_a_row():
    """But for parts that a user added."""
    there = {path.relative_to(ROOT / SCRIPTS) for path in (ROOT / SCRIPTS).rglob("*.py")}
    missing = {path for path in there if path.as_posix() not in FILES}
    assert {path for path in missing if path.parent.name not in registry.ENTRY_POINTS} == set()
    assert set(FILES) <= {path.as_posix() for path in there}


def changed_code(checkout: Checkout, name: str) -> dict[str, int]:
    """What would run if the code of one file, and nothing that it does, were another."""
    path = checkout.folder / SCRIPTS / name
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n\nANOTHER = True\n", encoding="utf-8")
    try:
        return checkout.pending()
    finally:
        path.write_text(before, encoding="utf-8")


@pytest.fixture(scope="module")
def after_changed_code(graph, tmp_path_factory) -> dict[str, dict[str, int]]:
    """For every file of FILES the jobs that would run; tried in two copies of the graph at once, for speed."""
    copies = [graph, graph.clone(tmp_path_factory.mktemp("copy"))]

    def half(number: int) -> dict[str, dict[str, int]]:
        return {name: changed_code(copies[number], name) for name in [*FILES][number::2]}

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(half, (0, 1))
    return one | other


@pytest.mark.parametrize("name", FILES)
def test_changed_code(after_changed_code, name):
    assert after_changed_code[name] == FILES[name]


@pytest.mark.parametrize(("setting", "expected"), [*KEYS.values(), *CHANGES.values()], ids=[*KEYS, *CHANGES])
def test_a_changed_setting(graph, setting, expected):
    assert graph.pending("--config", setting) == expected


def test_comments_docstrings_and_file_times_rerun_nothing(graph):
    """In every module, script and rule file at once."""
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


def test_a_changed_template_rewrites_the_report(graph):
    with graph.edited("workflow/report/report.html.j2", "At a glance", "In short"):
        assert graph.pending() == END


def test_a_changed_claim_is_judged_anew(graph):
    with graph.edited("config/claims.yaml", "at_least: 0.9", "at_least: 0.8"):
        assert graph.pending() == {"claims": 1, **END}
    with graph.edited("config/claims.yaml", "- id:", "# A comment.\n- id:"):
        assert graph.pending() == {}


def test_a_fresh_checkout_reruns_nothing(graph, tmp_path):
    """Every file of the workflow is new, as after `git checkout`."""
    clone = graph.clone(tmp_path)
    shutil.copytree(graph.folder / "workflow", tmp_path / "workflow", copy_function=shutil.copy, dirs_exist_ok=True)
    assert clone.pending() == {}


def test_results_with_other_times_rerun_nothing(graph, tmp_path):
    """As after a clock that jumped: every result has a time of its own, up to a year away."""
    clone = graph.clone(tmp_path)
    for number, path in enumerate(sorted((clone.folder / "results").rglob("*"))):
        then = path.stat().st_mtime + (number * 7919 % 730 - 365) * 86_400
        os.utime(path, (then, then))
    assert clone.pending() == {}


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


def test_a_stage_that_writes_the_same_bytes_reruns_nothing_after_it(graph, tmp_path):
    """In the same execution, and again when all is as it was."""
    ours = graph.clone(tmp_path)

    def ran() -> list[str]:
        run = ours.snakemake()
        assert run.returncode == 0, run.stdout
        assert "wrote the same bytes again: baselines 3, champion 3, claims 1, compare 3, evaluate 14" in run.stdout
        return re.findall(r"^(?:local)?rule (\w+):$", run.stdout, re.MULTILINE)

    with ours.edited("workflow/scripts/corrupt.py", "outputs.items()", "[*outputs.items()]"):
        assert ran() == ["corrupt"] * 3 + ["all"]
        assert ours.pending() == {}
    assert ran() == ["corrupt"] * 3 + ["all"]


def test_a_redrawn_figure_runs_nothing_else(graph, tmp_path):
    ours = graph.clone(tmp_path)
    with ours.edited("workflow/scripts/figure_loss.py", "linewidth=1.8", "linewidth=1.7"):
        run = ours.snakemake()
        assert run.returncode == 0, run.stdout
        assert "figure_loss.py changed" in run.stdout
        assert ours.pending() == {}
    run = ours.snakemake()
    assert run.returncode == 0, run.stdout


def test_a_parameter_and_back_trains_once(graph, tmp_path):
    """The account says from what to what; the way back takes up what the first training left."""
    ours = graph.clone(tmp_path)
    there = ours.snakemake("--config", "variants={vae_incomplete: {latent: 10}}")
    assert there.returncode == 0, there.stdout
    assert "variant.parameters.latent: 20 -> 10" in there.stdout
    back = ours.snakemake()
    assert back.returncode == 0, back.stdout
    assert "variant.parameters.latent: 10 -> 20" in back.stdout
    assert len(re.findall(r"goes on from its checkpoint at iteration 10 of 10", back.stdout)) == 2
    assert ours.pending() == {}
