import copy
import itertools
import math
from typing import Any

import pytest
import yaml
from helpers import CONFIG, changed, read
from hypothesis import example, given
from hypothesis import strategies as st
from snakemake.utils import update_config

from restoration.comparison import claims_file
from restoration.config import configuration, yaml_file
from restoration.config.configuration import ModelName
from restoration.core.errors import UserError


def refusal(config: Any) -> str:
    with pytest.raises(UserError) as caught:
        configuration.resolve(config)
    message = str(caught.value)
    assert "\n" not in message
    return message


TRAINING = {"epochs": 10, "batch_size": 128, "learning_rate": 0.001, "schedule": "constant", "weight_decay": 0}


@pytest.fixture
def smallest() -> dict[str, Any]:
    """Only what is required."""
    return {
        "dataset": {"name": "mnist"},
        "variants": {"ae": {"network": "autoencoder", "encoder_input": "corrupted", "condition": "none"}},
        "tasks": {"task": {"corruption": {"name": "none"}, "variants": {"ae": {}}}},
    }


def test_what_is_not_given_has_its_default(smallest):
    assert configuration.resolve(smallest) == {
        "dataset": {"name": "mnist", "source": None, "validation": 5000, "seed": 0},
        "seeds": [0, 1, 2],
        "device": "cpu",
        "losses": ["bce", "mse"],
        "training": TRAINING,
        "variants": {"ae": {"network": "autoencoder", "encoder_input": "corrupted", "condition": "none"}},
        "tasks": {
            "task": {
                "corruption": {"name": "none"},
                "inference": {"encode": {}},
                "variants": {
                    "ae": {
                        "network": "autoencoder",
                        "encoder_input": "corrupted",
                        "condition": "none",
                        "parameters": {"hidden": 400, "latent": 20},
                        "seeds": [0, 1, 2],
                        "losses": ["bce", "mse"],
                        "training": TRAINING,
                    }
                },
            }
        },
        "claims": None,
        "restore": None,
        "packages": {"torch": None, "matplotlib": None, "seaborn": None},
        "tracking": {"uri": None},
    }


def test_the_configuration_that_is_given_is_not_changed(config, smallest):
    for given_ in (config, smallest):
        before = copy.deepcopy(given_)
        configuration.resolve(given_)
        assert given_ == before


def test_what_is_resolved_is_not_shared_between_tasks_or_calls(smallest):
    first = configuration.resolve(smallest)
    first["tasks"]["task"]["variants"]["ae"]["training"]["epochs"] = 99
    first["losses"].append("other")
    assert first["training"]["epochs"] == 10
    assert configuration.resolve(smallest)["losses"] == ["bce", "mse"]


def test_the_experiment_of_the_source_has_fourteen_models_for_each_of_three_seeds(config):
    names = configuration.models(configuration.resolve(config))
    assert len(names) == len(set(names)) == 14 * 3
    assert names[0] == ModelName("representation", "vae", "bce", 0)
    wanted = {
        "representation": ["vae"],
        "denoising": ["ae", "vae"],
        "inpainting": ["vae", "vae_incomplete", "cvae_label", "cvae_incomplete"],
    }
    assert names == [
        ModelName(task, variant, loss, seed)
        for task, variants in wanted.items()
        for variant in variants
        for loss in ("bce", "mse")
        for seed in (0, 1, 2)
    ]


def test_the_tasks_of_the_source_have_its_settings(config):
    tasks = configuration.resolve(config)["tasks"]
    assert tasks["representation"]["variants"]["vae"]["parameters"] == {"hidden": 400, "latent": 2}
    assert tasks["denoising"]["corruption"] == {"name": "gaussian_noise", "sigma": 0.1}
    assert tasks["denoising"]["variants"]["vae"] == {
        "network": "vae",
        "encoder_input": "corrupted",
        "condition": "none",
        "parameters": {"hidden": 400, "latent": 20},
        "seeds": [0, 1, 2],
        "losses": ["bce", "mse"],
        "training": TRAINING,
    }
    assert tasks["inpainting"]["variants"]["vae"]["encoder_input"] == "complete"
    methods = tasks["inpainting"]["inference"]
    assert next(iter(methods)) == "encode"
    assert (methods["best_prior"], methods["inferred_label"]) == ({"samples": 50}, {})


def test_digits_has_the_same_tasks_and_models(config, digits_config):
    merged = copy.deepcopy(config)
    update_config(merged, digits_config)
    mnist, digits = configuration.resolve(config), configuration.resolve(merged)
    of_one_seed = [name for name in configuration.models(mnist) if name.seed == 0]
    assert configuration.models(digits) == of_one_seed
    assert digits["dataset"]["name"] == "digits"
    assert digits["training"] == mnist["training"] | digits_config["training"]
    for task in ("representation", "denoising", "inpainting"):
        for variant, settings in digits["tasks"][task]["variants"].items():
            assert settings["training"] == digits["training"]
            settings |= {"training": mnist["training"], "seeds": mnist["seeds"]}
            assert settings == mnist["tasks"][task]["variants"][variant]
    assert digits["tasks"] == mnist["tasks"]


def test_an_overlay_switches_entries_off(config):
    overlay = yaml.safe_load("""
        tasks:
            representation: false
            denoising: {variants: {ae: false}}
            inpainting: {inference: {encode: false, inferred_label: false}}
        variants: {ae: false}
    """)
    update_config(config, overlay)
    resolved = configuration.resolve(config)
    assert list(resolved["tasks"]) == ["denoising", "inpainting"]
    assert list(resolved["tasks"]["denoising"]["variants"]) == ["vae"]
    methods = resolved["tasks"]["inpainting"]["inference"]
    assert methods.keys() == config["tasks"]["inpainting"]["inference"].keys() - {"encode", "inferred_label"}
    assert "ae" not in resolved["variants"]


def test_an_overlay_adds_a_variant_and_a_task(config):
    overlay = yaml.safe_load("""
        variants:
            wide: {network: vae, encoder_input: corrupted, condition: label, hidden: 1000}
        tasks:
            strong_noise:
                corruption: {name: gaussian_noise, sigma: 1}
                variants: {wide: , vae: {latent: 5}}
                seeds: [0, 1]
                losses: [mse]
                training: {epochs: 3}
                inference: {best_prior: }
    """)
    before = configuration.models(configuration.resolve(config))
    update_config(config, overlay)
    resolved = configuration.resolve(config)
    common = {"network": "vae", "seeds": [0, 1], "losses": ["mse"], "training": TRAINING | {"epochs": 3}}
    assert resolved["tasks"]["strong_noise"] == {
        "corruption": {"name": "gaussian_noise", "sigma": 1},
        "inference": {"best_prior": {"samples": 50}},
        "variants": {
            "wide": common
            | {"encoder_input": "corrupted", "condition": "label", "parameters": {"hidden": 1000, "latent": 20}},
            "vae": common
            | {"encoder_input": "complete", "condition": "none", "parameters": {"hidden": 400, "latent": 5}},
        },
    }
    added = [ModelName("strong_noise", variant, "mse", seed) for variant in ("wide", "vae") for seed in (0, 1)]
    assert configuration.models(resolved) == before + added


def test_a_task_overrides_network_and_condition(config):
    overlay = {"tasks": {"denoising": {"variants": {"ae": {"network": "vae", "condition": "label"}}}}}
    update_config(config, overlay)
    variant = configuration.resolve(config)["tasks"]["denoising"]["variants"]["ae"]
    assert (variant["network"], variant["condition"], variant["encoder_input"]) == ("vae", "label", "corrupted")


# Where losses and training may stand: the later ones have the last word.
LEVELS = [(), ("tasks", "inpainting"), ("variants", "vae"), ("tasks", "inpainting", "variants", "vae")]
SUBSETS = [levels for count in range(5) for levels in itertools.combinations(range(4), count)]


@pytest.mark.parametrize("levels", SUBSETS, ids=str)
def test_training_is_that_of_the_nearest_place_that_has_it(levels, config):
    for level in levels:
        config = changed(config, (*LEVELS[level], "training"), {"epochs": 20 + level})
    tasks = configuration.resolve(config)["tasks"]
    expected = TRAINING | ({"epochs": 20 + max(levels)} if levels else {})
    assert tasks["inpainting"]["variants"]["vae"]["training"] == expected
    # Another variant of the task, and the variant in another task, have what is not meant for one of the two.
    for task, variant, own in (("inpainting", "cvae_label", (0, 1)), ("denoising", "vae", (0, 2))):
        epochs = [20 + level for level in levels if level in own]
        assert tasks[task]["variants"][variant]["training"] == TRAINING | ({"epochs": epochs[-1]} if epochs else {})


def test_training_is_put_together_key_by_key(config):
    for level, own in zip(
        LEVELS,
        ({"epochs": 1, "batch_size": 1}, {"batch_size": 2}, {"learning_rate": 0.2}, {"schedule": "cosine"}),
        strict=True,
    ):
        config = changed(config, (*level, "training"), own)
    training = configuration.resolve(config)["tasks"]["inpainting"]["variants"]["vae"]["training"]
    assert training == {"epochs": 1, "batch_size": 2, "learning_rate": 0.2, "schedule": "cosine", "weight_decay": 0}


@pytest.mark.parametrize(
    ("key", "values"),
    [("losses", [["bce"], ["mse"], ["bce", "mse"], ["mse", "bce"]]), ("seeds", [[5], [6], [7, 8], [8, 7]])],
)
@pytest.mark.parametrize("levels", SUBSETS, ids=str)
def test_losses_and_seeds_are_those_of_the_nearest_place_that_has_them(levels, key, values, config):
    unchanged = config[key]
    for level in levels:
        config = changed(config, (*LEVELS[level], key), values[level])
    resolved = configuration.resolve(config)
    variant = resolved["tasks"]["inpainting"]["variants"]["vae"]
    assert variant[key] == (values[max(levels)] if levels else unchanged)
    names = configuration.models(resolved)
    assert [(name.loss, name.seed) for name in names if (name.task, name.variant) == ("inpainting", "vae")] == [
        *itertools.product(variant["losses"], variant["seeds"])
    ]


def test_models_are_those_of_each_variants_own_losses(config):
    config = changed(config, "variants.vae.losses", ["mse"])
    config = changed(config, "tasks.denoising.variants.ae", {"losses": ["bce"]})
    names = configuration.models(configuration.resolve(config | {"seeds": [1, 2]}))
    listed = {(task, variant): [] for task, variant, _, _ in names}
    for task, variant, loss, seed in names:
        listed[task, variant].append((loss, seed))
    assert listed["representation", "vae"] == listed["inpainting", "vae"] == [("mse", 1), ("mse", 2)]
    assert listed["denoising", "ae"] == [("bce", 1), ("bce", 2)]
    assert listed["inpainting", "cvae_label"] == [("bce", 1), ("bce", 2), ("mse", 1), ("mse", 2)]


NULLED = {"dataset": ["source"], "tracking": ["uri"], "packages": ["torch", "seaborn"]}


def test_numbers_that_snakemake_passes_on_as_text_are_numbers(config):
    overlay = {
        "seeds": ["1", "2"],
        "training": {"epochs": "3", "learning_rate": "0.01"},
        "tasks": {"representation": "false", "inpainting": {"variants": {"vae": {"latent": "5"}}}},
    }
    update_config(config, overlay)
    resolved = configuration.resolve(config)
    assert resolved["seeds"] == [1, 2]
    assert resolved["training"] == TRAINING | {"epochs": 3, "learning_rate": 0.01}
    assert list(resolved["tasks"]) == ["denoising", "inpainting"]
    assert resolved["tasks"]["inpainting"]["variants"]["vae"]["parameters"]["latent"] == 5


def test_a_null_that_snakemake_passes_on_as_text_is_none(config):
    update_config(config, {key: dict.fromkeys(names, "null") for key, names in NULLED.items()})
    asked = {"task": "inpainting", "images": "2024", "output": "true"}
    resolved = configuration.resolve(config | {"restore": asked | {"fit": "null", "masks": "null"}})
    assert all(resolved[key][name] is None for key, names in NULLED.items() for name in names)
    assert resolved["restore"] == asked | {"fit": None, "masks": None}  # texts stay texts
    assert refusal(config | {"restore": asked | {"images": "null"}}).startswith("restore.images:")


def test_a_variant_that_is_wrong_is_named_where_it_is_written(config):
    everywhere = changed(config, "variants.vae_incomplete.hidden", "many")
    assert refusal(everywhere).startswith("variants.vae_incomplete.hidden:")
    here = changed(config, "tasks.inpainting.variants.vae_incomplete", {"hidden": "many"})
    assert refusal(here).startswith("tasks.inpainting.variants.vae_incomplete.hidden:")


printable = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-3, 2**70)
    | st.floats()
    | printable
    | st.just("long" * 500)
    | st.sampled_from(["vae", "unet", "none", "label", "observed", "cosine", "bce", "encode", "digits", "stroke_hole"])
)
known_keys = st.sampled_from(
    ["name", "network", "condition", "latent", "vae", "encode", "training", "losses", "epochs", "schedule", "size"]
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(known_keys | printable | st.integers() | st.none(), inner, max_size=3)
    ),
    max_leaves=8,
)


def places(config: Any, path: tuple = ()) -> list[tuple]:
    """The paths of all keys of a configuration, and of one more in each mapping."""
    if not isinstance(config, dict):
        return []
    return [
        (*path, "another"),
        *((*path, key) for key in config),
        *(place for key, value in config.items() for place in places(value, (*path, key))),
    ]


DEFAULT = read("config.yaml")
KEYS = {key for path in places(DEFAULT) for key in path}


@given(changes=st.lists(st.tuples(st.sampled_from(places(DEFAULT)), values), min_size=1, max_size=3))
@example(changes=[(("dataset", "validation"), math.nan)])
@example(changes=[(("seeds",), [16**9999])])
@example(changes=[(("variants", "vae"), {None: None, 3: 4})])
@example(changes=[(("tasks", "denoising", "variants", "vae"), {"network": None})])
def test_whatever_stands_in_a_configuration_it_is_resolved_or_refused_in_one_line(changes):
    config = copy.deepcopy(DEFAULT)
    for path, value in changes:
        place = config
        for key in path[:-1]:
            place = place.get(key) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[path[-1]] = value
    resolved_or_refused(config)


def resolved_or_refused(config: dict) -> None:
    line = ""
    try:
        resolved = configuration.resolve(config)
    except UserError as error:
        line = str(error)
        assert line
    else:
        names = configuration.models(resolved)
        assert len(set(names)) == len(names) > 0
        assert configuration.models(configuration.resolve(config)) == names
    assert line.splitlines() == [line][: bool(line)]
    assert len(line) < 400


overlays = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(KEYS)) | printable, inner),
    max_leaves=10,
)


@given(overlay=st.dictionaries(st.sampled_from(sorted(DEFAULT)) | printable, overlays, min_size=1, max_size=3))
def test_whatever_is_laid_over_a_configuration_it_is_resolved_or_refused_in_one_line(overlay):
    config = copy.deepcopy(DEFAULT)
    update_config(config, overlay)
    resolved_or_refused(config)


def test_what_is_laid_over_keeps_the_order_of_the_file():
    file = {"tasks": {"a": {"inference": {"x": {}, "y": {}}}, "b": {}}, "variants": {"v": {}}}
    laid_over = {"variants": {"w": {}, "v": {}}, "tasks": {"c": {}, "b": {}, "a": {"inference": {"y": {}, "x": {}}}}}
    ordered = yaml_file.in_order(laid_over, file)
    assert ordered == laid_over
    assert list(ordered) == ["tasks", "variants"]
    assert list(ordered["tasks"]) == ["a", "b", "c"]
    assert list(ordered["variants"]) == ["v", "w"]
    assert list(ordered["tasks"]["a"]["inference"]) == ["y", "x"]


DEFAULTS = {"samples": 1000, "images": 1000, "targets": ["grey"]}


@pytest.mark.parametrize(
    ("asked", "resolved"),
    [(False, None), (None, DEFAULTS), ({}, DEFAULTS), ({"images": None, "samples": 5}, {"images": None, "samples": 5})],
)
def test_a_likelihood_is_estimated_where_a_task_asks_for_it(asked, resolved, config):
    assert "likelihood" not in configuration.resolve(config)["tasks"]["inpainting"]
    task = configuration.resolve(changed(config, "tasks.inpainting.likelihood", asked))["tasks"]["inpainting"]
    assert task.get("likelihood") == (None if resolved is None else DEFAULTS | resolved)


EXTENDED = {
    "denoising_03": ("gaussian_noise", {"sigma": 0.3}),
    "denoising_05": ("gaussian_noise", {"sigma": 0.5}),
    "missing_half": ("missing_pixels", {"fraction": 0.5}),
    "central_hole": ("central_hole", {"size": 14}),
    **{f"quadrants_{observed}": ("quadrants", {"observed": observed}) for observed in (1, 2, 3)},
}


def test_the_extended_experiment(config):
    """The issue's tasks beside the source's, which stay as they are; each variant is restored in some task."""
    plain = configuration.resolve(copy.deepcopy(config))
    update_config(config, read("extended.yaml"))
    resolved = configuration.resolve(config)
    tasks = resolved["tasks"]
    assert list(tasks) == [*plain["tasks"], *EXTENDED]
    for name, (corruption, parameters) in EXTENDED.items():
        assert tasks[name]["corruption"] == {"name": corruption, **parameters}
        assert {seed for variant in tasks[name]["variants"].values() for seed in variant["seeds"]} == {0}
        asked = {"grey"} if corruption == "quadrants" else set()
        assert set(tasks[name].get("likelihood", {}).get("targets", ())) == asked
    for name, task in plain["tasks"].items():
        assert tasks[name]["corruption"] == task["corruption"]
        assert tasks[name]["variants"].items() >= task["variants"].items()
        assert tasks[name]["inference"].items() >= task["inference"].items()
    assert {next(iter(task["inference"])) for task in tasks.values()} == {"encode"}  # what figures show
    assert set(tasks["inpainting"]["likelihood"]["targets"]) == {"grey", "stochastic", "threshold"}
    assert {variant for task in tasks.values() for variant in task["variants"]} == set(resolved["variants"])
    assert all("unet" in task["variants"] for name, task in tasks.items() if name != "representation")
    assert all("cvae_prior" in tasks[f"quadrants_{observed}"]["variants"] for observed in (1, 2, 3))
    claims = claims_file.load(str(CONFIG / "claims.yaml"), resolved)
    assert {task for _, task in claims_file.needs(claims)} <= set(tasks)
