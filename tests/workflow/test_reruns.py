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

from checkout import ROOT, Checkout

SCRIPTS = Path("workflow/scripts")
ALL = {
    "download": 1,
    "corrupt": 3,
    "baselines": 3,
    "train": 14,
    "evaluate": 14,
    "figure_latent": 1,
    "figure_loss": 3,
    "figure_restorations": 3,
    "report": 1,
    "provenance": 1,
}
END = {"report": 1, "provenance": 1}
INPAINTING = {"train": 8, "evaluate": 8, "figure_loss": 1, "figure_restorations": 1, **END}
DENOISING = {"train": 4, "evaluate": 4, "figure_loss": 1, "figure_restorations": 1, **END}
TWO_MODELS = {"train": 2, "evaluate": 2, "figure_loss": 1, "figure_restorations": 1, **END}
TRAINED = {rule: ALL[rule] for rule in ALL if rule not in ("download", "corrupt", "baselines")}
EVALUATED = {rule: ALL[rule] for rule in TRAINED if rule not in ("train", "figure_loss")}
FIGURES = {rule: ALL[rule] for rule in ALL if rule.startswith("figure")} | END
CORRUPTED = {rule: ALL[rule] for rule in ALL if rule != "download"}
RESTORED = EVALUATED | {"baselines": 3}
NEW_TASK = "{corruption: {name: stroke_hole, size: 4}, variants: {vae: {}}}"

# A key of the schema (* for a name of the user's own): a --config and what it makes run.
KEYS = {
    "dataset.name": ("dataset={name: mnist}", ALL),  # results/mnist, where nothing is yet
    "dataset.source": ("dataset={source: elsewhere}", {}),
    "dataset.validation": ("dataset={validation: 200}", ALL),
    "dataset.seed": ("dataset={seed: 1}", ALL),
    "seeds": ("seeds=[0, 1]", {"train": 14, "evaluate": 14, "figure_loss": 3, **END}),
    "losses": ("losses=[bce]", {"figure_latent": 1, "figure_loss": 3, "figure_restorations": 3, **END}),
    "training.epochs": ("training={epochs: 2}", TRAINED),
    "training.batch_size": ("training={batch_size: 64}", TRAINED),
    "training.learning_rate": ("training={learning_rate: 0.002}", TRAINED),
    "variants.*.network": ("variants={ae: {network: vae}}", TWO_MODELS),
    "variants.*.encoder_input": ("variants={vae_incomplete: {encoder_input: complete}}", TWO_MODELS),
    "variants.*.condition": ("variants={vae_incomplete: {condition: label}}", TWO_MODELS),
    "tasks.*.corruption.name": (
        "tasks={representation: {corruption: {name: gaussian_noise}}}",
        {"corrupt": 1, "baselines": 1, "figure_latent": 1, **TWO_MODELS},
    ),
    "tasks.*.variants.*.network": ("tasks={denoising: {variants: {ae: {network: vae}}}}", TWO_MODELS),
    "tasks.*.variants.*.encoder_input": (
        "tasks={inpainting: {variants: {vae: {encoder_input: corrupted}}}}",
        TWO_MODELS,
    ),
    "tasks.*.variants.*.condition": ("tasks={inpainting: {variants: {vae: {condition: label}}}}", TWO_MODELS),
    "tasks.*.losses": ("tasks={denoising: {losses: [mse]}}", {"figure_loss": 1, "figure_restorations": 1, **END}),
    "tasks.*.training.epochs": ("tasks={inpainting: {training: {epochs: 2}}}", INPAINTING),
    "tasks.*.training.batch_size": ("tasks={inpainting: {training: {batch_size: 64}}}", INPAINTING),
    "tasks.*.training.learning_rate": ("tasks={inpainting: {training: {learning_rate: 0.01}}}", INPAINTING),
    "tasks.*.inference": (
        "tasks={inpainting: {inference: {best_prior: {samples: 9}}}}",
        {"evaluate": 8, "figure_restorations": 1, **END},
    ),
    "packages.torch": ("packages={torch: 1.0.0}", CORRUPTED),
    "packages.matplotlib": ("packages={matplotlib: 1.0.0}", FIGURES),
    "packages.seaborn": ("packages={seaborn: 0.1.0}", FIGURES),
    "tracking.uri": ("tracking={uri: 'http://127.0.0.1:9'}", {}),
}

# Changes besides, by what they are.
CHANGES = {
    "a parameter of a variant": ("variants={vae_incomplete: {latent: 10}}", TWO_MODELS),
    "a parameter of a network": ("variants={vae_incomplete: {hidden: 300}}", TWO_MODELS),
    "a parameter of a corruption": (
        "tasks={inpainting: {corruption: {size: 5}}}",
        {"corrupt": 1, "baselines": 1, **INPAINTING},
    ),
    "a task less": ("tasks={denoising: false}", END),
    "a task more": (
        f"tasks={{small: {NEW_TASK}}}",
        {"corrupt": 1, "baselines": 1, **TWO_MODELS},
    ),
    "a variant less": (
        "tasks={denoising: {variants: {ae: false}}}",
        {"figure_loss": 1, "figure_restorations": 1, **END},
    ),
    "a value that is written otherwise": ("training={learning_rate: 1e-3}", {}),
    "the default, spelt out": ("tasks={inpainting: {training: {epochs: 1}}}", {}),
    "two values swapped": ("variants={vae_incomplete: {hidden: 20, latent: 400}}", TWO_MODELS),
    "two values swapped in one mapping": ("training={epochs: 128, batch_size: 1}", TRAINED),
}

# A file of workflow/scripts: what runs when its code changes. No job depends on those of the last group.
FILES = {
    "download.py": ALL,
    "corrupt.py": CORRUPTED,
    "train.py": TRAINED,
    "evaluate.py": EVALUATED,
    "baselines.py": {"baselines": 3, **END},
    "figure_latent.py": {"figure_latent": 1, **END},
    "figure_loss.py": {"figure_loss": 3, **END},
    "figure_restorations.py": {"figure_restorations": 3, **END},
    "report.py": END,
    "provenance.py": {"provenance": 1},
    "restoration/__init__.py": ALL,
    "restoration/artifacts.py": ALL,
    "restoration/baselines/__init__.py": {"baselines": 3, **END},
    "restoration/baselines/identity.py": {"baselines": 3, **END},
    "restoration/baselines/mean_image.py": {"baselines": 3, **END},
    "restoration/checkpoints.py": TRAINED,
    "restoration/corruptions/__init__.py": CORRUPTED,
    "restoration/corruptions/gaussian_noise.py": {"corrupt": 1, "baselines": 1, **DENOISING},
    "restoration/corruptions/none.py": {"corrupt": 1, "baselines": 1, "figure_latent": 1, **TWO_MODELS},
    "restoration/corruptions/stroke_hole.py": {"corrupt": 1, "baselines": 1, **INPAINTING},
    "restoration/datasets/__init__.py": ALL,
    "restoration/datasets/digits.py": ALL,
    "restoration/datasets/fashion_mnist.py": {},
    "restoration/datasets/kmnist.py": {},
    "restoration/datasets/mnist.py": {},
    "restoration/evaluation.py": RESTORED,
    "restoration/figures.py": FIGURES,
    "restoration/identity.py": ALL,
    "restoration/idx.py": {},  # the digits are not in this format
    "restoration/images.py": CORRUPTED,
    "restoration/inference/__init__.py": RESTORED,
    "restoration/inference/best_prior.py": {"evaluate": 8, "figure_restorations": 1, **END},
    "restoration/inference/encode.py": EVALUATED,
    "restoration/inference/inferred_label.py": {"evaluate": 8, "figure_restorations": 1, **END},
    "restoration/latent.py": TRAINED,
    "restoration/losses/__init__.py": TRAINED,
    "restoration/losses/bce.py": TRAINED | {"train": 7, "evaluate": 7},
    "restoration/losses/mse.py": TRAINED | {"train": 7, "evaluate": 7},
    "restoration/metrics.py": RESTORED,
    "restoration/models.py": TRAINED | {"baselines": 3},
    "restoration/networks/__init__.py": TRAINED | {"baselines": 3},
    "restoration/networks/autoencoder.py": TWO_MODELS,
    "restoration/networks/vae.py": TRAINED | {"train": 12, "evaluate": 12},
    "restoration/objective.py": TRAINED,
    "restoration/provenance.py": {"provenance": 1},
    "restoration/registry.py": ALL,
    "restoration/report.py": END,
    "restoration/software.py": END,
    "restoration/stored.py": ALL,
    "restoration/summary.py": END,
    "restoration/training.py": TRAINED,
    "restoration/variants.py": TRAINED | {"baselines": 3},
    # Before, beside and around the jobs.
    "tracking_store.py": {},
    "restoration/account.py": {},
    "restoration/configuration.py": {},
    "restoration/configuration_file.py": {},
    "restoration/consistency.py": {},
    "restoration/errors.py": {},
    "restoration/integrity.py": {},
    "restoration/jobs.py": {},
    "restoration/locking.py": {},
    "restoration/mlflow_store.py": {},
    "restoration/progress.py": {},
    "restoration/pruning.py": {},
    "restoration/tracking.py": {},
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
    assert set(KEYS) == set(keys(schema, schema["$defs"]))


def test_every_module_and_script_has_a_row():
    assert set(FILES) == {path.relative_to(ROOT / SCRIPTS).as_posix() for path in (ROOT / SCRIPTS).rglob("*.py")}


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
    path = {"PYTHONPATH": str(tmp_path)}
    assert graph.pending(environment=path) == CORRUPTED
    assert graph.pending("--config", f"packages={{torch: {version('torch')}}}", environment=path) == {}


def test_a_stage_that_writes_the_same_bytes_reruns_nothing_after_it(graph, tmp_path):
    """In the same execution, and again when all is as it was."""
    ours = graph.clone(tmp_path)

    def ran() -> list[str]:
        run = ours.snakemake()
        assert run.returncode == 0, run.stdout
        assert "wrote the same bytes again: baselines 3, evaluate 14" in run.stdout
        return re.findall(r"^(?:local)?rule (\w+):$", run.stdout, re.MULTILINE)

    with ours.edited("workflow/scripts/corrupt.py", "outputs.items()", "[*outputs.items()]"):
        assert ran() == ["corrupt"] * 3 + ["all"]
        assert ours.pending() == {}
    assert ran() == ["corrupt"] * 3 + ["all"]


def test_a_redrawn_figure_runs_nothing_else(graph, tmp_path):
    ours = graph.clone(tmp_path)
    with ours.edited("workflow/scripts/figure_loss.py", "linewidth=1.6", "linewidth=1.7"):
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
