"""Bad input: what can be wrong, and the line that the user gets. One table, in three parts."""

import gzip
import io
import json
import logging
import math
import os
import pickle
import shutil
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import corrupt as corrupt_script
import download
import evaluate as evaluate_script
import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from helpers import MISSING, changed
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from restoration.champion import restore_request
from restoration.comparison import champion_choice, claims_file, models_table
from restoration.config import configuration, yaml_file
from restoration.core import artifacts, registry
from restoration.core.errors import UserError
from restoration.data import corruptions, dataset_files, idx
from restoration.data.datasets import Dataset
from restoration.models import classifier, model_file, training


def refusal(action: Callable[[], Any]) -> str:
    """The line that a user gets."""
    with pytest.raises(UserError) as caught:
        action()
    line = str(caught.value)
    assert line.splitlines() == [line]
    assert len(line) < 400
    return line


# --------------------------------------------------------------------------------------------------- CONFIGURATION
# The key, or keys where a name has a dot in it; the value that it has; what the line says, which begins with the key.

NAME = "does not fit: a name of letters, digits, '_' and '-', beginning with a letter, of 60 characters at most"
PLAIN_VAE = {"network": "vae", "encoder_input": "complete", "condition": "none"}
UNET = {"network": "unet", "encoder_input": "corrupted", "condition": "mask"}
RESTORE = {"task": "inpainting", "images": "damaged", "output": "restored"}
PLAIN_TASK = {"corruption": {"name": "none"}, "variants": {"vae": {}}}
ENDLESS: dict[str, Any] = {}
ENDLESS["network"] = ENDLESS
NOISE, HOLE = "tasks.denoising.corruption", "tasks.inpainting.corruption"
NOISY, METHODS = "tasks.denoising.variants", "tasks.inpainting.inference"
ASKED = "tasks.inpainting.likelihood"

CONFIGURATION: list[tuple[str | tuple[str, ...], Any, str]] = [
    ("dataset", MISSING, "the configuration: 'dataset' is missing"),
    ("dataset", None, "dataset: None is not a mapping"),
    ("dataset", "mnist", "dataset: 'mnist' is not a mapping"),
    ("dataset.name", MISSING, "dataset: 'name' is missing"),
    ("dataset.name", 3, "dataset.name: 3 is not a text"),
    ("dataset.name", "imagenet", "dataset.name: there is no 'imagenet' among the datasets; known: digits"),
    ("dataset.name", "../results", "dataset.name: there is no '../results' among"),
    ("dataset.name", "/etc", "dataset.name: there is no '/etc' among"),
    ("dataset.source", 3, "dataset.source: 3 is not a text or null"),
    ("dataset.source", ["/data"], "dataset.source: ['/data'] is not a text or null"),
    ("dataset.source", "", "dataset.source: '' should be non-empty"),
    ("dataset.validation", 0, "dataset.validation: 0 is less than or equal to the minimum of 0"),
    ("dataset.validation", "many", "dataset.validation: 'many' is not a number or null"),
    ("dataset.validation", 1e-9, "dataset.validation: 1e-09 of the 60,000 training images of mnist leave none to val"),
    ("dataset.validation", 5000.0, "dataset.validation: 5000.0 is neither a whole number of images nor a share"),
    ("dataset.validation", True, "dataset.validation: True is not a number or null"),
    ("dataset.validation", 60_000, "dataset.validation: 60000 of the 60,000 training images of mnist leave none"),
    ("dataset", {"name": "digits", "validation": 5000},
     "dataset.validation: 5000 of the 1,437 training images of digits leave none to train on"),
    ("dataset.test", 0.2, "dataset.test: 'mnist' takes no such key; it takes: name, source, validation, seed"),
    ("dataset.size", 28, "dataset.size: 'mnist' takes no such key"),
    ("dataset.fit", "crop", "dataset.fit: 'mnist' takes no such key"),
    ("dataset.channels", 1, "dataset.channels: 'mnist' takes no such key"),
    ("dataset", {"name": "folder"}, "dataset.source: name the folder that holds the images"),
    ("dataset", {"name": "folder", "source": "nowhere"}, "dataset.source: 'nowhere' cannot be read as a folder"),
    ("dataset.seed", -1, "dataset.seed: -1 is less than the minimum of 0"),
    ("dataset.seed", 0.0, "dataset.seed: 0.0 is not a whole number"),
    ("dataset.sources", "/data", "dataset: unknown key 'sources'; known: name, source"),
    ("seeds", [], "seeds: [] should be non-empty"),
    ("seeds", 0, "seeds: 0 is not a list"),
    ("seeds", None, "seeds: None is not a list"),
    ("seeds", [0, 1, 0], "seeds: [0, 1, 0] has non-unique elements"),
    ("seeds", [1, "1"], "seeds: [1, 1] has non-unique elements"),
    ("seeds", [-1], "seeds.0: -1 is less than the minimum of 0"),
    ("seeds", [0, True], "seeds.1: True is not a whole number"),
    ("seeds", ["first"], "seeds.0: 'first' is not a whole number"),
    ("seeds", [0.5], "seeds.0: 0.5 is not a whole number"),
    ("seeds", [10**10], "seeds.0: 10000000000 is greater than the maximum of 4294967295"),
    ("seeds", [10**400], "seeds.0: a number of more than 18 digits is no number to compute with"),
    ("losses", [], "losses: [] should be non-empty"),
    ("losses", "bce", "losses: 'bce' is not a list"),
    ("losses", ["bce", "bce"], "losses: ['bce', 'bce'] has non-unique elements"),
    ("losses", ["bce", "l1"], "losses: there is no 'l1' among the losses; known: bce, mse"),
    ("losses", ["a\nb"], "losses: there is no 'a\\nb' among the losses"),
    ("variants.vae.a\nb", 1, "variants.vae.a b: 'vae' has no such parameter"),
    ("tasks.inpainting.variants.a\nb", {}, "tasks.inpainting.variants.a b: there is no variant 'a\\nb'"),
    (f"{METHODS}.a\nb", {}, f"{METHODS}.a b: there is no 'a\\nb' among the inference"),
    ("losses", [None], "losses.0: None is not a text"),
    ("training", None, "training: None is not a mapping"),
    ("training.epochs", 0, "training.epochs: 0 is less than the minimum of 1"),
    ("training.epochs", 10**9, "training.epochs: 1000000000 is greater than the maximum of 100000"),
    ("training.epochs", 2.5, "training.epochs: 2.5 is not a whole number"),
    ("training.epochs", True, "training.epochs: True is not a whole number"),
    ("training.batch_size", 0, "training.batch_size: 0 is less than the minimum of 1"),
    ("training.batch_size", -128, "training.batch_size: -128 is less than the minimum of 1"),
    ("training.batch_size", 128.0, "training.batch_size: 128.0 is not a whole number"),
    ("training.batch_size", 10**7, "training.batch_size: 10000000 is greater than the maximum of 1000000"),
    ("training.learning_rate", 0, "training.learning_rate: 0 is less than or equal to the minimum of 0"),
    ("training.learning_rate", -0.001, "training.learning_rate: -0.001 is less than or equal to the minimum of 0"),
    ("training.learning_rate", "small", "training.learning_rate: 'small' is not a number"),
    ("training.learning_rate", "...", "training.learning_rate: '...' is not a number"),
    ("training.learning_rate", "9" * 5000, "training.learning_rate: inf is no number to compute with"),
    ("training.learning_rate", "1.0e+999", "training.learning_rate: inf is no number to compute with"),
    ("training.learning_rate", math.nan, "training.learning_rate: nan is no number to compute with"),
    ("training.learning_rate", False, "training.learning_rate: False is not a number"),
    ("training.momentum", 0.9, "training: unknown key 'momentum'; known: epochs, batch_size, learning_rate"),
    ("training.schedule", "linear", "training.schedule: 'linear' is not one of ['constant', 'cosine']"),
    ("training.weight_decay", -0.1, "training.weight_decay: -0.1 is less than the minimum of 0"),
    ("training.schedule", None, "training.schedule: None is not one of"),
    ("training.schedule", ["cosine"], "training.schedule: ['cosine'] is not one of"),
    ("variants", MISSING, "the configuration: 'variants' is missing"),
    ("variants", [], "variants: [] is not a mapping"),
    ("variants", "vae", "variants: 'vae' is not a mapping"),
    ("variants.vae", "vae", "variants.vae: 'vae' is not a mapping"),
    ("variants.vae", None, "variants.vae: 'network' is missing"),
    ("variants.vae", True, "variants.vae: True is not a mapping"),
    ("variants.vae", False, "tasks.representation.variants.vae: there is no variant 'vae'; variants has: ae"),
    ("variants.vae", ENDLESS, "variants.vae.network.network.network.network: nested too deeply"),
    ("variants.vae.network", MISSING, "variants.vae: 'network' is missing"),
    ("variants.vae.network", "gan", "variants.vae: there is no 'gan' among the networks; known: autoencoder, conv_vae"),
    ("variants.vae.network", "../losses/bce", "variants.vae: there is no '../losses/bce' among the networks"),
    ("variants.vae.network", 3, "variants.vae.network: 3 is not a text"),
    ("variants.vae.encoder_input", "clean", "variants.vae.encoder_input: 'clean' is not one of ['complete', 'corr"),
    ("variants.vae.condition", "labels", "variants.vae.condition: 'labels' is not one of ['none', 'label', 'corr"),
    ("variants.ae.condition", "label",
     "variants.ae.condition: network 'autoencoder' does not take 'label'; set condition: none, or another network"),
    ("variants.vae", UNET | {"condition": "label"},
     "variants.vae.condition: network 'unet' does not take 'label'; set condition: none or mask, or another network"),
    ("variants.vae", UNET | {"condition": "corrupted"}, "variants.vae.condition: network 'unet' does not take 'corr"),
    ("variants.vae", UNET | {"latent": 2}, "variants.vae.latent: 'unet' has no such parameter; it takes: channels, de"),
    ("variants.vae", UNET | {"channels": 0}, "variants.vae.channels: 0 is not a whole number from 1 to"),
    ("variants.vae", UNET | {"depth": 1.5}, "variants.vae.depth: 1.5 is not a whole number from 1 to"),
    ("variants.vae", PLAIN_VAE | {"network": "cvae_prior"},
     "variants.vae.condition: network 'cvae_prior' does not take 'none'; set condition: observed, or another network"),
    ("variants.vae", PLAIN_VAE | {"network": "cvae_prior", "condition": "corrupted"},
     "variants.vae.condition: network 'cvae_prior' does not take 'corrupted'; set condition: observed"),
    ("variants.vae", PLAIN_VAE | {"network": "conv_vae", "width": 3}, "variants.vae.width: 'conv_vae' has no such"),
    ("variants.vae.training", {"epoch": 1}, "variants.vae.training: unknown key 'epoch'; known: epochs, batch_size"),
    ("variants.vae.training", {"epochs": 0}, "variants.vae.training.epochs: 0 is less than the minimum of 1"),
    ("variants.vae.training", {"schedule": "linear"}, "variants.vae.training.schedule: 'linear' is not one of"),
    ("variants.vae.training", 10, "variants.vae.training: 10 is not a mapping"),
    ("variants.vae.training", None, "variants.vae.training: None is not a mapping"),
    ("variants.vae.seeds", [], "variants.vae.seeds: [] should be non-empty"),
    ("variants.vae.seeds", [-1], "variants.vae.seeds.0: -1 is less than the minimum of 0"),
    ("variants.vae.seeds", 3, "variants.vae.seeds: 3 is not a list"),
    ("variants.vae.losses", ["l1"], "variants.vae.losses: there is no 'l1' among the losses; known: bce, mse"),
    ("variants.vae.losses", [], "variants.vae.losses: [] should be non-empty"),
    ("variants.vae.losses", "bce", "variants.vae.losses: 'bce' is not a list"),
    ("variants.vae.losses", ["mse", "mse"], "variants.vae.losses: ['mse', 'mse'] has non-unique elements"),
    ("variants.cvae_label.latent", "many", "variants.cvae_label.latent: 'many' is not a whole number from 1 to"),
    ("variants.cvae_label.latent", "x" * 5000, "variants.cvae_label.latent: 'xxx"),
    ("variants.cvae_label.latent", 0, "variants.cvae_label.latent: 0 is not a whole number from 1 to 1,000,000"),
    ("variants.cvae_label.hidden", -400, "variants.cvae_label.hidden: -400 is not a whole number from 1"),
    ("variants.cvae_label.hidden", 10**9, "variants.cvae_label.hidden: 1000000000 is not a whole number from 1"),
    ("variants.cvae_label.latent", 2.5, "variants.cvae_label.latent: 2.5 is not a whole number"),
    ("variants.cvae_label.latent", True, "variants.cvae_label.latent: True is not a whole number"),
    ("variants.cvae_label.latents", 2, "variants.cvae_label.latents: 'vae' has no such parameter; it takes: hidden"),
    ("variants.a/b", PLAIN_VAE, f"variants: 'a/b' {NAME}"),
    ("variants.vae 2", PLAIN_VAE, f"variants: 'vae 2' {NAME}"),
    ("variants./vae", PLAIN_VAE, f"variants: '/vae' {NAME}"),
    ("variants.", PLAIN_VAE, f"variants: '' {NAME}"),
    ("variants.2d", PLAIN_VAE, f"variants: '2d' {NAME}"),
    (f"variants.{'v' * 300}", PLAIN_VAE, "variants: 'vvv"),
    ("variants.VAE", PLAIN_VAE, "variants: 'vae' is there twice, in capital and small letters; rename one of them"),
    (("variants", False), PLAIN_VAE, "variants: the key False is not a text; write it in quotes"),
    ("tasks", MISSING, "the configuration: 'tasks' is missing"),
    ("tasks", {}, "tasks: none is left; at least one is needed"),
    ("tasks", dict.fromkeys(["representation", "denoising", "inpainting"], False), "tasks: none is left"),
    ("tasks", ["denoising"], "tasks: ['denoising'] is not a mapping"),
    ("tasks.denoising", None, "tasks.denoising: 'corruption' is missing"),
    ("tasks.denoising", 0, "tasks.denoising: 0 is not a mapping"),
    (("tasks", "../etc"), PLAIN_TASK, f"tasks: '../etc' {NAME}"),
    (("tasks", "a.b"), PLAIN_TASK, f"tasks: 'a.b' {NAME}"),
    (("tasks", "noise\n"), PLAIN_TASK, f"tasks: 'noise\\n' {NAME}"),
    ("tasks.Denoising", PLAIN_TASK, "tasks: 'denoising' is there twice, in capital and small letters"),
    ("tasks.denoising.noise", 1, "tasks.denoising: unknown key 'noise'; known: corruption, variants"),
    (NOISE, MISSING, "tasks.denoising: 'corruption' is missing"),
    (NOISE, "gaussian_noise", f"{NOISE}: 'gaussian_noise' is not a mapping"),
    (NOISE, {}, f"{NOISE}: 'name' is missing"),
    (f"{NOISE}.name", "blur", f"{NOISE}: there is no 'blur' among the corruptions; known: central_hole"),
    (f"{NOISE}.sigma", "weak", f"{NOISE}.sigma: 'weak' is not a number from 0"),
    (f"{NOISE}.sigma", -0.1, f"{NOISE}.sigma: -0.1 is not a number from 0"),
    (f"{NOISE}.sigma", 1e300, f"{NOISE}.sigma: 1e+300 is not a number from 0 to 1,000,000"),
    (f"{NOISE}.sigma", math.inf, f"{NOISE}.sigma: inf is no number"),
    (f"{NOISE}.sigma", None, f"{NOISE}.sigma: None is not a number from 0"),
    (f"{NOISE}.sigma", True, f"{NOISE}.sigma: True is not a number from 0"),
    (f"{NOISE}.size", 6, f"{NOISE}.size: 'gaussian_noise' has no such parameter; it takes: sigma"),
    (f"{HOLE}.size", 0, f"{HOLE}.size: 0 is not a whole number of pixels, 1 or more"),
    (f"{HOLE}.size", 6.0, f"{HOLE}.size: 6.0 is not a whole number of pixels"),
    (f"{HOLE}.size", 29, f"{HOLE}.size: 29 does not fit; the images of mnist have 28 x 28 pixels"),
    (HOLE, {"name": "central_hole", "size": 29}, f"{HOLE}.size: 29 does not fit; the images of mnist have 28 x 28"),
    (HOLE, {"name": "quadrants", "observed": 4}, f"{HOLE}.observed: 4 is not 1, 2 or 3 quadrants"),
    (HOLE, {"name": "quadrants", "observed": 0}, f"{HOLE}.observed: 0 is not 1, 2 or 3 quadrants"),
    (HOLE, {"name": "quadrants", "observed": 1.0}, f"{HOLE}.observed: 1.0 is not 1, 2 or 3 quadrants"),
    (HOLE, {"name": "quadrants", "observed": True}, f"{HOLE}.observed: True is not 1, 2 or 3 quadrants"),
    (HOLE, {"name": "missing_pixels", "fraction": 1.1}, f"{HOLE}.fraction: 1.1 is not a number from 0 to 1"),
    (HOLE, {"name": "missing_pixels", "fraction": -0.5}, f"{HOLE}.fraction: -0.5 is not a number from 0 to 1"),
    (HOLE, {"name": "missing_pixels", "fraction": math.nan}, f"{HOLE}.fraction: nan is no number"),
    (HOLE, {"name": "missing_pixels", "fraction": "half"}, f"{HOLE}.fraction: 'half' is not a number from 0 to 1"),
    (HOLE, {"name": "missing_pixels", "fraction": True}, f"{HOLE}.fraction: True is not a number from 0 to 1"),
    (NOISY, {}, f"{NOISY}: none is left; at least one is needed"),
    (NOISY, {"ae": False, "vae": False}, f"{NOISY}: none is left"),
    (NOISY, ["vae"], f"{NOISY}: ['vae'] is not a mapping"),
    (f"{NOISY}.gan", {}, f"{NOISY}.gan: there is no variant 'gan'; variants has: ae"),
    (f"{NOISY}.vae", {"latent": []}, f"{NOISY}.vae.latent: [] is not a whole number"),
    (f"{NOISY}.vae", {"network": "gan"}, f"{NOISY}.vae: there is no 'gan' among the networks"),
    (f"{NOISY}.vae", {"network": "unet"}, f"{NOISY}.vae.hidden: 'unet' has no such parameter; it takes: channels"),
    (f"{NOISY}.vae", {"training": {"epoch": 1}}, f"{NOISY}.vae.training: unknown key 'epoch'; known: epochs"),
    (f"{NOISY}.vae", {"training": {"schedule": 1}}, f"{NOISY}.vae.training.schedule: 1 is not one of"),
    (f"{NOISY}.vae", {"seeds": [1, 1]}, f"{NOISY}.vae.seeds: [1, 1] has non-unique elements"),
    (f"{NOISY}.vae", {"losses": ["l1"]}, f"{NOISY}.vae.losses: there is no 'l1' among the losses"),
    (f"{NOISY}.vae", {"losses": {}}, f"{NOISY}.vae.losses: {{}} is not a list"),
    (f"{NOISY}.vae", 3, f"{NOISY}.vae: 3 is not a mapping"),
    (f"{NOISY}.vae", {"condition": 1}, f"{NOISY}.vae.condition: 1 is not one of"),
    (f"{NOISY}.ae", {"condition": "label"}, f"{NOISY}.ae.condition: network 'autoencoder' does not take 'label'"),
    (f"{NOISY}.ae", {"condition": "mask"}, f"{NOISY}.ae.condition: network 'autoencoder' does not take 'mask'"),
    ("tasks.denoising.seeds", ["a"], "tasks.denoising.seeds.0: 'a' is not a whole number"),
    ("tasks.denoising.losses", [], "tasks.denoising.losses: [] should be non-empty"),
    ("tasks.denoising.losses", ["l1"], "tasks.denoising.losses: there is no 'l1' among the losses"),
    ("tasks.denoising.training", {"epochs": -1}, "tasks.denoising.training.epochs: -1 is less than the minimum of 1"),
    ("tasks.denoising.training", {"schedule": "step"}, "tasks.denoising.training.schedule: 'step' is not one of"),
    ("tasks.denoising.training", {"epoch": 1}, "tasks.denoising.training: unknown key 'epoch'; known: epochs"),
    ("tasks.denoising.inference", {"encode": {}, "inferred_label": {}},
     "tasks.denoising.inference.inferred_label: for none of the task's variants (variational: True, condition: label)"),
    ("tasks.denoising.inference", {"best_prior": {}}, f"{NOISY}.ae: no inference of the task is for it (best_prior)"),
    (METHODS, {}, f"{METHODS}: none is left"),
    (METHODS, {"encode": False}, f"{METHODS}: none is left"),
    (METHODS, ["encode"], f"{METHODS}: ['encode'] is not a mapping"),
    (f"{METHODS}.guess", {}, f"{METHODS}.guess: there is no 'guess' among the inference; known: best_prior"),
    (f"{METHODS}.best_prior", {"samples": 0}, f"{METHODS}.best_prior.samples: 0 is not a whole number from 1"),
    (f"{METHODS}.best_prior", {"samples": 2.0}, f"{METHODS}.best_prior.samples: 2.0 is not a whole number"),
    (f"{METHODS}.best_prior", {"sample": 2}, f"{METHODS}.best_prior.sample: 'best_prior' has no such parameter"),
    ("claims", 3, "claims: 3 is not a text or true or false or null"),
    ("claims", ["config/claims.yaml"], "claims: ['config/claims.yaml'] is not a text"),
    (ASKED, 3, f"{ASKED}: 3 is not a mapping"),
    (ASKED, True, f"{ASKED}: True is not a mapping"),
    (ASKED, {"samples": 0}, f"{ASKED}.samples: 0 is less than the minimum of 1"),
    (ASKED, {"samples": 10**6}, f"{ASKED}.samples: 1000000 is greater than the maximum of 100000"),
    (ASKED, {"samples": 100.0}, f"{ASKED}.samples: 100.0 is not a whole number"),
    (ASKED, {"images": 0}, f"{ASKED}.images: 0 is less than the minimum of 1"),
    (ASKED, {"images": "all"}, f"{ASKED}.images: 'all' is not a whole number or null"),
    (ASKED, {"targets": []}, f"{ASKED}.targets: [] should be non-empty"),
    (ASKED, {"targets": "grey"}, f"{ASKED}.targets: 'grey' is not a list"),
    (ASKED, {"targets": ["binary"]}, f"{ASKED}.targets.0: 'binary' is not one of ['grey', 'stochastic', 'thr"),
    (ASKED, {"targets": ["grey", "grey"]}, f"{ASKED}.targets: ['grey', 'grey'] has non-unique elements"),
    (ASKED, {"sample": 9}, f"{ASKED}: unknown key 'sample'; known: samples, images, targets"),
    ("likelihood", False, "the configuration: unknown key 'likelihood'; known: dataset"),
    ("tasks.denoising", {"corruption": {"name": "none"}, "variants": {"ae": {}}, "likelihood": {}},
     "tasks.denoising.likelihood: nothing to estimate, corruption 'none' hides nothing, and no variant is a model of"),
    ("tasks.denoising", {"corruption": {"name": "none"}, "variants": {"vae": {}}, "losses": ["mse"], "likelihood": {}},
     "tasks.denoising.likelihood: nothing to estimate, no variant is trained with a loss that is a likelihood (bce)"),
    ("restore", 3, "restore: 3 is not a mapping (key: value) or null"),
    ("restore", False, "restore: False is not a mapping (key: value) or null"),
    ("restore", {}, "restore: 'task' is missing"),
    ("restore", {"task": "inpainting", "images": "damaged"}, "restore: 'output' is missing"),
    ("restore", RESTORE | {"task": "inpaintnig"}, "restore.task: there is no task 'inpaintnig'; known: represent"),
    ("restore", RESTORE | {"task": 3}, "restore.task: 3 is not a text"),
    ("restore", RESTORE | {"images": ""}, "restore.images: '' should be non-empty"),
    ("restore", RESTORE | {"images": ["a.png"]}, "restore.images: ['a.png'] is not a text"),
    ("restore", RESTORE | {"masks": 3}, "restore.masks: 3 is not a text or null"),
    ("restore", RESTORE | {"fit": "pad"}, "restore.fit: 'pad' is not one of ['crop', 'stretch', None]"),
    ("restore", RESTORE | {"folder": "damaged"}, "restore: unknown key 'folder'; known: task, images, masks, fit"),
    ("packages.torch", 2, "packages.torch: 2 is not a text or null"),
    ("tracking.uri", 5000, "tracking.uri: 5000 is not a text or null"),
    ("tracking.uri", "", "tracking.uri: '' does not fit: the address of a tracking server (`http://`, `https://`)"),
    ("tracking.uri", "ftp://host", "tracking.uri: 'ftp://host' does not fit: the address of a tracking server"),
    ("tracking.uri", "localhost:5000", "tracking.uri: 'localhost:5000' does not fit: the address of"),
    ("tracking.url", "http://localhost", "tracking: unknown key 'url'; known: uri"),
    ("tracking", None, "tracking: None is not a mapping"),
    ("task", {}, "the configuration: unknown key 'task'; known: dataset, seeds"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "value", "line"), CONFIGURATION, ids=[f"{path}={value!r:.30}" for path, value, _ in CONFIGURATION]
)
def test_configuration(path, value, line, config):
    assert refusal(lambda: configuration.resolve(changed(config, path, value))).startswith(line)


@pytest.mark.parametrize("whole", [None, [], "digits"])
def test_a_configuration_that_is_no_mapping(whole):
    assert refusal(lambda: configuration.resolve(whole)).startswith("the configuration: ")


# A configuration file, and what the line says: YAML keeps the last of two entries and says nothing.
DUPLICATES = [
    ("seeds: [0]\nseeds: [1]\n", "'seeds' is there twice, line 1 and 2; keep one of them"),
    ("variants:\n  vae: {latent: 2}\n  ae: {}\n  'vae': {}\n", "'vae' is there twice, line 2 and 4"),
    ("tasks: {one: {losses: [bce], losses: [mse]}}\n", "'losses' is there twice, line 1 and 1"),
    ("losses:\n- {bce: 1,\n   bce: 2}\n", "'bce' is there twice, line 2 and 3"),
    ('{"seeds": [0],\n "seeds": [1]}', "'seeds' is there twice, line 1 and 2"),
    ("a: &a {b: *a, b: 1}", "'b' is there twice, line 1 and 1"),
]


@pytest.mark.parametrize(("text", "line"), DUPLICATES)
def test_a_name_that_is_given_twice(text, line, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    assert refusal(lambda: yaml_file.refuse_duplicates(path)).startswith(f"{path}: {line}")


@pytest.mark.parametrize("text", ["", "vae: {latent: 2}\nae: {latent: 2}", "a: &a {b: *a}", "not: [yaml", "- 1\n- 1"])
def test_what_is_there_once(text, tmp_path):
    (tmp_path / "mine.yaml").write_text(text)
    yaml_file.refuse_duplicates(tmp_path / "mine.yaml")


# A claims file that is none, and what the line says after the file's name.
NO_CLAIMS = [
    ("", ": None is not a list of claims; claims: false for none"),
    ("[]", ": [] is not a list of claims"),
    ("id: one", ": {'id': 'one'} is not a list of claims"),
    ("- [yaml", " cannot be read (while parsing a flow"),
    ("- one", ": 0: 'one' is not a mapping"),
    ("- {id: one, id: two}", ": 'id' is there twice, line 1 and 1; keep one of them"),
    ("- {3: one}", ": 0: the key a number is not a text; write it in quotes"),
    ("- &a {id: *a}", ": 0.id.id.id.id.id: nested too deeply"),
]


@pytest.mark.parametrize(("text", "line"), NO_CLAIMS)
def test_a_claims_file_that_is_none(text, line, config, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    said = refusal(lambda: claims_file.load(str(path), config))
    assert said.removeprefix("claims: ").startswith(f"{path}{line}")


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (True, "claims: True is not the path of a file; false for none"),
        ("nowhere.yaml", "claims: nowhere.yaml cannot be read ([Errno 2] No such file or directory"),
        (".", "claims: . cannot be read ([Errno 21] Is a directory"),
    ],
)
def test_claims_that_are_no_file(path, line, config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refusal(lambda: claims_file.load(path, config)).startswith(line)


# A claim's key and its value; what the line says after the file's name.
CLAIMS: list[tuple[str, Any, str]] = [
    ("id", MISSING, "0: 'id' is missing"),
    ("id", 3, "0.id: 3 is not a text"),
    ("id", "a.b", "0.id: 'a.b' does not fit: a name of letters, digits, '_' and '-'"),
    ("id", "a\n", "0.id: 'a\\n' does not fit"),
    ("id", "Other", "Other: is there twice; rename one of them"),
    ("sentence", MISSING, "0: 'sentence' is missing"),
    ("sentence", " ", "0.sentence: ' ' is not a text"),
    ("source", None, "0.source: None is not a text"),
    ("reading", 3, "0.reading: 3 is not a text"),
    ("claim", "It is so", "0: unknown key 'claim'; known: id, sentence, source, reading, test, tests"),
    ("test", MISSING, "one: needs one of 'test', a mapping, and 'tests', a list of them"),
    ("tests", [], "one: needs one of 'test', a mapping"),
    ("test", "better", "one.test: 'better' is not a mapping"),
    ("test.kind", MISSING, "one.test: 'kind' is missing; known: better, decreasing"),
    ("test.kind", "best", "one.test: there is no kind 'best'; known: better, decreasing"),
    ("test.kind", "../losses/bce", "one.test: there is no kind '../losses/bce'"),
    ("test.kind", ["better"], "one.test: there is no kind ['better']"),
    ("test.kind", "separates", "one.test.better: 'separates' has no such parameter; it takes: task, at_least"),
    ("test.task", MISSING, "one.test: 'better' needs task"),
    ("test.task", "inpaintnig", "one.test.task: there is no task 'inpaintnig'; known: representation, denoising"),
    ("test.task", 3, "one.test.task: 3 is not a text"),
    ("test.task", "*", "one.test.task: 'better' is put to one task; name one of representation, denoising"),
    ("test.better", "vae", "one.test.better: 'vae' is not a list of texts"),
    ("test.better", [], "one.test.better: [] is not a list of texts"),
    ("test.better", ["gan"], "one.test.better: there is no 'gan' among the variants; known: ae, vae"),
    ("test.better", ["vae", 3], "one.test.better: ['vae', 3] is not a list of texts"),
    ("test.better", ["vae/l1"], "one.test.better: there is no 'l1' among the losses; known: bce"),
    ("test.better", ["vae/mse/guess"], "one.test.better: there is no 'guess' among the inference; known: best_prior"),
    ("test.better", ["vae/mse/encode/4"], "one.test.better: 'vae/mse/encode/4' is not variant/loss/inference or base"),
    ("test.better", ["vae//encode"], "one.test.better: 'vae//encode' is not variant/loss/inference"),
    ("test.better", ["vae/"], "one.test.better: 'vae/' is not variant/loss/inference"),
    ("test.better", [""], "one.test.better: '' is not variant/loss/inference"),
    ("test.than", ["baseline:gan"], "one.test.than: there is no 'gan' among the baselines; known: "),
    ("test.than", ["baseline:"], "one.test.than: 'baseline:' is not variant/loss/inference or baseline:name"),
    ("test.measure", "mae", "one.test.measure: there is no measure 'mae'; known: mse, psnr"),
    ("test.region", "edge", "one.test.region: 'edge' is not one of whole, hole"),
    ("test.same_loss", 1, "one.test.same_loss: 1 is not true or false"),
    ("test.at_least", 1, "one.test.at_least: 'better' has no such parameter; it takes: task, better, than"),
]  # fmt: skip


# What a test asks of models, whatever restores with them; the key that is refused, and what the line says of it.
OF_MODELS: list[tuple[dict[str, Any], str, str]] = [
    ({"kind": "lowest", "task": "*", "models": ["vae"]}, "task", "'lowest' is put to one task; name one of repres"),
    ({"kind": "separates", "task": "*", "at_least": 1}, "task", "'separates' is put to one task; name one of repres"),
    ({"kind": "lowest", "task": "inpainting", "models": ["vae/mse/map_latent"]}, "models",
     "'vae/mse/map_latent' names an inference, which 'lowest' has none of; say vae/mse"),
    ({"kind": "lowest", "task": "inpainting", "models": ["vae"], "than": ["baseline:median"]}, "than",
     "'baseline:median' is not trained, which 'lowest' is about; take it out"),
    ({"kind": "decreasing", "models": ["*/*/*"]}, "models",
     "'*/*/*' names an inference, which 'decreasing' has none of; say */*"),
    ({"kind": "decreasing", "models": ["baseline:*"]}, "models", "'baseline:*' is not trained, which 'decreasing'"),
    ({"kind": "separates", "task": "inpainting", "at_least": 1, "models": ["vae/bce/encode"]}, "models",
     "'vae/bce/encode' names an inference, which 'separates' has none of; say vae/bce"),
]  # fmt: skip
CLAIMS += [("test", test, f"one.test.{key}: {line}") for test, key, line in OF_MODELS]


@pytest.mark.parametrize(("path", "value", "line"), CLAIMS, ids=[f"{path}={value!r:.60}" for path, value, _ in CLAIMS])
def test_a_claim(path, value, line, config, tmp_path):
    test = {"kind": "better", "task": "inpainting", "better": ["vae"], "than": ["*"]}
    other = {"id": "other", "sentence": "It is so.", "source": "page 1", "tests": [test]}
    claim = changed({"id": "one", "sentence": "It is so.", "source": "page 1", "test": test}, path, value)
    file = tmp_path / "mine.yaml"
    twice = value == "Other"
    file.write_text(yaml.safe_dump([other, claim] if twice else [claim, other], sort_keys=False))
    assert refusal(lambda: claims_file.load(str(file), config)).startswith(f"{file}: {line}")


# A part that a user adds, or a damaged one; the configuration that asks for it; the line.
PARTS = [
    ("corruptions/mine.py", "def corrupt(images:\n", {}, "corruptions/mine.py: is not Python"),
    ("corruptions/mine.py", "\0", {}, "corruptions/mine.py: is not Python"),
    ("corruptions/mine.py", "corrupt = 3\n", {}, "corruptions/mine.py: defines no 'corrupt'; corruptions/__init__.py"),
    ("corruptions/mine.py", "class corrupt: ...\n", {}, "corruptions/mine.py: 'corrupt' has no arguments of its own"),
    ("corruptions/mine.py", "def corrupt(*, a: PositiveInt = f()): ...", {}, "corruptions/mine.py: the defaults of"),
    ("corruptions/mine.py", "def corrupt(*, a: int = 1): ...", {"a": 2}, "corruptions/mine.py: annotate 'a' with one"),
    ("corruptions/mine.py", "def corrupt(*, a: PositiveInt): ...", {}, "tasks.denoising.corruption: 'mine' needs a"),
    ("corruptions/mine.py", "def corrupt(*, a: Pixels = 40): ...", {}, f"{NOISE}.a: 40 does not fit; the images of"),
    ("corruptions/mine.py", "HIDES = 'few'\ndef corrupt(): ...", {}, "corruptions/mine.py: HIDES must be one of"),
    ("baselines/mine.py", "HIDDEN = 'some'\ndef restore(): ...", None, "baselines/mine.py: HIDDEN must be a list"),
    (
        "baselines/mine.py",
        "CALIBRATED = ['few']\ndef restore(): ...",
        None,
        "baselines/mine.py: CALIBRATED must be a l",
    ),
    ("baselines/mine.py", "HIDDEN = [[]]\ndef restore(): ...", None, "baselines/mine.py: HIDDEN must be a list"),
    ("baselines/mine.py", "GRID = [3, 5]\ndef restore(): ...", None, "baselines/mine.py: GRID must be a mapping of"),
    ("baselines/mine.py", "GRID = {'a': 3}\ndef restore(): ...", None, "baselines/mine.py: GRID must be a mapping of"),
    ("baselines/mine.py", "GRID = {'a': []}\ndef restore(): ...", None, "baselines/mine.py: GRID must be a mapping of"),
    ("baselines/mine.py", "GRID = {'a': [3]}\ndef restore(): ...", None, "baselines/mine.py: GRID.a: 'mine' has no"),
    (
        "baselines/mine.py",
        "GRID = {'a': ['']}\ndef restore(*, a: bool = 1): ...",
        None,
        "baselines/mine.py: GRID.a: ''",
    ),
    ("datasets/mnist.py", "IMAGE_SHAPE = 28\ndef load(source): ...", None, "datasets/mnist.py: IMAGE_SHAPE must be"),
    ("datasets/mnist.py", "TRAIN_IMAGES = 'all'\ndef load(source): ...", None, "datasets/mnist.py: TRAIN_IMAGES must"),
    ("datasets/mnist.py", "LABELS = 'none'\ndef load(source): ...", None, "datasets/mnist.py: LABELS must be a list"),
    ("datasets/mlflow.py", "def load(source): ...", None, "dataset.name: results/mlflow has another use"),
    ("inference/encode.py", "NEEDS = 3\ndef restore(): ...", None, "inference/encode.py: NEEDS must be a mapping"),
]


@pytest.mark.parametrize(("file", "source", "parameters", "line"), PARTS, ids=[row[1][:40] for row in PARTS])
def test_a_part(file, source, parameters, line, config, tmp_path, monkeypatch):
    for kind in registry.ENTRY_POINTS:
        shutil.copytree(registry.PACKAGE / registry.FOLDERS[kind], tmp_path / registry.FOLDERS[kind])
    kind, name = Path(file).with_suffix("").parts
    (tmp_path / registry.FOLDERS[kind] / f"{name}.py").write_text(source)
    monkeypatch.setattr(registry, "PACKAGE", tmp_path)
    if file == "datasets/mlflow.py":
        config["dataset"]["name"] = "mlflow"
    if parameters is not None:
        config["tasks"]["denoising"]["corruption"] = {"name": "mine", **parameters}
    for cached in (registry.parameters, registry.constant):
        cached.cache_clear()
    try:
        assert refusal(lambda: configuration.resolve(config)).startswith(line)
    finally:
        for cached in (registry.parameters, registry.constant):
            cached.cache_clear()


# ------------------------------------------------------------------------------------------------------------- DATA


class Malicious:
    """Unpickled, it makes a folder `made` in the working directory, which is the test's own."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("made",)


def put(content: bytes) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(content)


def cut(share: float) -> Callable[[Path], Any]:
    """Only the first `share` of the file."""
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def flip(share: float) -> Callable[[Path], Any]:
    """One byte is another."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[int(len(content) * share)] ^= 0xFF
        path.write_bytes(content)

    return damage


def remove(path: Path) -> None:
    path.unlink()


def arrays(**changes: Any) -> Callable[[Path], Any]:
    """Other arrays in an npz file: by a function of the old one, or a value; None takes one away."""

    def damage(path: Path) -> None:
        with np.load(path) as file:
            content = dict(file)
        for name, change in changes.items():
            content[name] = change(content[name]) if callable(change) else change
        np.savez(path, **{name: array for name, array in content.items() if array is not None})

    return damage


def member(name: str, content: bytes, compression: int = zipfile.ZIP_STORED) -> Callable[[Path], Any]:
    """Another content of a file in an archive."""

    def damage(path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            rest = {entry: archive.read(entry) for entry in archive.namelist() if not entry.endswith(name)}
            whole = next((entry for entry in archive.namelist() if entry.endswith(name)), name)
        with zipfile.ZipFile(path, "w") as archive:
            for entry, old in rest.items():
                archive.writestr(entry, old)
            archive.writestr(whole, content, compression)

    return damage


def npy(shape: tuple[int, ...], dtype: str = "|u1", content: bytes = b"") -> bytes:
    """An npy file that claims `shape`, whatever it holds."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def npz(path: Path) -> None:
    with open(path, "wb") as file:
        np.savez(file, format=1)


def objects(path: Path) -> None:
    np.savez(path, test_images=np.array([Malicious()], dtype=object))


ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


def encoded(array: np.ndarray, magic: int = 0x0800) -> bytes:
    return struct.pack(f">I{array.ndim}I", magic | array.ndim, *array.shape) + array.tobytes()


PACKED = gzip.compress(encoded(ARRAY), mtime=0)
AGAIN = "; remove it and run snakemake again"
BOMB = bytes(20 << 20)

# Of each file: what is wrong, how it gets so, what the line says after the file's name.
DATA: dict[str, list[tuple[str, Callable[[Path], Any], str]]] = {
    "images-idx3-ubyte": [
        ("empty", put(b""), "magic number 0x; expected an IDX file with magic number 0x00000803"),
        ("truncated", cut(0.97), "truncated or too long: 38 bytes; expected 40 bytes"),
        ("too long", put(encoded(ARRAY) + b"\0"), "truncated or too long: more; expected 40 bytes"),
        ("cut in its header", cut(0.18), "truncated or too long: 7 bytes; expected"),
        ("an HTML page", put(b"\n <!DOCTYPE html><html>"), "an HTML page; expected an IDX file"),
        ("a gzipped HTML page", put(gzip.compress(b"<html>")), "an HTML page; expected an IDX file"),
        ("labels for images", put(encoded(ARRAY[0])), "magic number 0x00000802; expected an IDX file"),
        ("floats", put(encoded(ARRAY, 0x0D00)), "magic number 0x00000d03; expected an IDX file"),
        ("fewer images", put(encoded(ARRAY[:1])), "holds an array of (1, 3, 4); expected (2, 3, 4)"),
        ("larger images", put(encoded(ARRAY.reshape(2, 4, 3))), "holds an array of (2, 4, 3)"),
        ("an npy file", put(npy((2, 3, 4), content=bytes(24))), "magic number 0x934e554d"),
        ("a pickle", put(pickle.dumps(Malicious())), "magic number 0x8004"),
        ("gzip, truncated", put(PACKED[:-9]), "not a whole gzip file"),
        ("gzip, header alone", put(PACKED[:5]), "not a whole gzip file"),
        ("gzip, damaged", put(PACKED[:-6] + b"\0" + PACKED[-5:]), "not a whole gzip file"),
        ("gzip, and more", put(PACKED + b"x" * 9), "not a whole gzip file"),
        ("gzip, too short", put(gzip.compress(encoded(ARRAY)[:-1])), "truncated or too long: 39 bytes"),
        ("gzip, too long", put(gzip.compress(encoded(ARRAY) + b"\0")), "truncated or too long: more"),
        ("a zeros' bomb", put(gzip.compress(BOMB, 1)), "magic number 0x00000000"),
        ("a gzip bomb", put(gzip.compress(encoded(ARRAY) + BOMB, 1)), "truncated or too long: more"),
        ("removed", remove, "cannot be read"),
    ],
    "dataset.npz": [
        ("empty", put(b""), "cannot be read (File is not a zip file)"),
        ("truncated", cut(0.9), "cannot be read (File is not a zip file)"),
        ("cut in its middle", cut(0.5), "cannot be read (File is not a zip file)"),
        ("a damaged byte", flip(0.1), "cannot be read (Bad CRC-32 for file 'train_images.npy')"),
        ("removed", remove, "cannot be read ([Errno 2] No such file"),
        ("an HTML page", put(b"<html>"), "cannot be read (File is not a zip file)"),
        ("an npy file", put(npy((2,), content=bytes(2))), "cannot be read (File is not a zip file)"),
        ("a pickle", put(pickle.dumps(Malicious())), "cannot be read (File is not a zip file)"),
        ("an array of objects", objects, "cannot be read"),
        ("a pickle for an array", member("test_images.npy", pickle.dumps(Malicious())), "cannot be read"),
        ("an object's header", member("test_images.npy", npy((1,), "|O", pickle.dumps([Malicious()]))),
         "cannot be read ('test_images' holds Python objects, which are not unpickled)"),
        ("a zip bomb", member("test_images.npy", npy((len(BOMB),), content=BOMB), zipfile.ZIP_DEFLATED),
         "cannot be read (its "),
        ("claimed size", member("test_images.npy", npy((10**12,))),
         "cannot be read ('test_images' does not have the size of its shape (1000000000000,))"),
        ("claimed header", member("test_images.npy", b"\x93NUMPY\x01\x00\xff\xff{"), "cannot be read"),
        ("negative shape", member("test_images.npy", npy((-2, -1), content=b"ab")), "cannot be read"),
        ("no labels", arrays(test_labels=None), "cannot be read (\"There is no item named 'test_labels.npy'"),
        ("float images", arrays(train_images=lambda old: old / 255), "train_images: float64 (8, 1, 12, 12)"),
        ("flat images", arrays(train_images=lambda old: old.reshape(8, -1)), "train_images: uint8 (8, 144)"),
        ("two channels", arrays(test_images=lambda old: old.repeat(2, axis=1)), "test_images: uint8 (6, 2, "),
        ("tiny images", arrays(train_images=lambda old: old[..., :5]), "train_images: uint8 (8, 1, 12, 5)"),
        ("no images", arrays(test_images=lambda old: old[:0]), "test_images: uint8 (0, 1, 12, 12); expected"),
        ("mixed sizes", arrays(test_images=lambda old: old[..., :11]), "images of mixed sizes: train (1, 12,"),
        ("fewer labels", arrays(train_labels=lambda old: old[1:]), "train_labels: int64 (7,); expected int64"),
        ("float labels", arrays(train_labels=lambda old: old / 1), "train_labels: float64 (8,); expected"),
        ("a label too large", arrays(test_labels=lambda old: old + 1), "test_labels: 1 to 4; expected 0 to 3"),
        ("a negative label", arrays(test_labels=lambda old: old - 1), "test_labels: -1 to 2; expected 0 to 3"),
        ("no classes", arrays(classes=0), "classes: np.int64(0); expected a whole number"),
        ("classes of each image", arrays(classes=np.ones(9)), "classes: array([1., 1., 1., 1., 1., 1., 1."),
    ],
    "test.npz": [
        ("truncated", cut(0.8), "cannot be read (File is not a zip file)"),
        ("fewer images", arrays(corrupted=lambda old: old[1:]), "'corrupted' is uint8 (5, 1, 12, 12); expected"),
        ("smaller images", arrays(corrupted=lambda old: old[..., 1:]), "'corrupted' is uint8 (6, 1, 12, 11);"),
        ("float images", arrays(corrupted=lambda old: old / 255), "'corrupted' is float64 (6, 1, 12, 12); exp"),
        ("fewer masks", arrays(mask=lambda old: old[1:]), "'mask' is bool (5, 1, 12, 12); expected bool (6, 1,"),
        ("a mask of numbers", arrays(mask=lambda old: old.astype(np.uint8)), "'mask' is uint8 (6, 1, 12, 12);"),
        ("no mask", arrays(mask=None), "cannot be read (\"There is no item named 'mask.npy'"),
    ],
}  # fmt: skip


def corrupted_images(path: Path) -> Any:
    splits, _ = dataset_files.read_dataset(path.parent / "dataset.npz", "test")
    return dataset_files.read_corrupted(path, splits["test"].images)


def examples(path: Path) -> Any:
    splits, _ = dataset_files.read_dataset(path.parent / "dataset.npz", "test")
    return dataset_files.read_examples(path, "encode", splits["test"].images)


READERS: dict[str, Callable[[Path], Any]] = {
    "images-idx3-ubyte": lambda path: idx.read(path, ARRAY.shape, {}),
    "dataset.npz": lambda path: dataset_files.read_dataset(path, "train", "validation", "test"),
    "test.npz": corrupted_images,
    "examples.npz": examples,
    "latents.npz": dataset_files.read_latents,
    "history.parquet": lambda path: artifacts.read_parquet(path, "iteration", "objective"),
    "metrics.json": lambda path: models_table.read_metrics(str(path), of_model=True),
    "training.json": lambda path: models_table.read_training(str(path)),
    "champion.json": champion_choice.read,
    "model.pt": model_file.load,
    "classifier.pt": lambda path: classifier.load(path, (1, 12, 12), 4),
    "classifier.json": lambda path: models_table.read_ceiling(str(path)),
}


@pytest.fixture(scope="session")
def good(tmp_path_factory, strokes, build_model) -> Path:
    """A folder of files as the stages write them."""
    folder = tmp_path_factory.mktemp("good")
    (folder / "images-idx3-ubyte").write_bytes(encoded(ARRAY))
    splits = {name: strokes(count, seed=count) for name, count in (("train", 8), ("validation", 4), ("test", 6))}
    for labels in (split[1] for split in splits.values()):
        labels[:] = np.arange(len(labels)) % 4
    content = {
        f"{name}_{part}": split[at]
        for name, split in splits.items()
        for at, part in enumerate(dataset_files.Split._fields)
    }
    artifacts.write_npz(folder / "dataset.npz", **content, classes=4)
    mask = np.zeros((6, 1, 12, 12), bool)
    artifacts.write_npz(folder / "test.npz", corrupted=splits["test"][0], mask=mask)
    shown = np.array([4, 0])
    artifacts.write_npz(folder / "examples.npz", shown=shown, encode=np.zeros((2, 1, 12, 12), np.float32))
    means, labels = np.zeros((6, 2), np.float32), np.arange(6)
    artifacts.write_npz(folder / "latents.npz", train=means, train_labels=labels, test=means, test_labels=labels)
    artifacts.write_parquet(folder / "history.parquet", pd.DataFrame({"iteration": [1, 2], "objective": [9.0, 8.0]}))
    metrics = {
        "scores": {"encode": {"raw": {"whole": {"mse": 0.1, "psnr": 10.0, "ssim": 0.5, "accuracy": 0.9}}}},
        "test": {"objective": 9.0, "reconstruction": 8.0, "kl": 1.0},
        "cost": {"encode": {"multiply_adds": 100}},
        "latent": {"kl": 0.5, "active_units": 3, "units": 5, "diversity": 0.2, "collapsed": False},
        "prior_draw": {"visible": 40.0, "hidden": None},
        "common": {"mse": 12.0, "bce": 85.0},
    }
    artifacts.write_json(folder / "metrics.json", metrics)
    artifacts.write_json(
        folder / "training.json", {"run": "", "identity": "", "parameters": 7, "train": {"objective": 9.0}}
    )
    model_file.save(build_model("cvae_label"), folder / "model.pt")
    figure = {"output": "pasted", "region": "hole", "measure": "mse", "mean": 0.2, "low": 0.1, "high": 0.3}
    of = {"variant": "vae", "loss": "bce", "seed": 0, "network": "vae", "model": "model.pt", "sha256": "0"}
    of |= {"identity": "", "run": "", "method": "best_prior", "parameters": {"samples": 3}}
    champion = champion_choice.Champion(dataset="digits", task="holes", **of, figure=figure | {"seeds": 1, "images": 6})
    champion_choice.write(folder / "champion.json", champion)
    classifier.save(classifier.Classifier((1, 12, 12), 4), folder / "classifier.pt")
    shares = {"validation": 0.9, "test": 0.9}
    artifacts.write_json(folder / "classifier.json", {"accuracy": shares, "images": {"validation": 4, "test": 6}})
    return folder


@pytest.fixture
def here(good, tmp_path, monkeypatch) -> Path:
    """A copy of them to damage, which is the working directory; nothing of what is in a file may be executed."""
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not (tmp_path / "made").exists()


def rows(table: dict[str, list[tuple[str, Callable[[Path], Any], str]]]) -> list[Any]:
    return [
        pytest.param(file, damage, line, id=f"{file}: {what}")
        for file, damages in table.items()
        for what, damage, line in damages
    ]


def refused(file: str, damage: Callable[[Path], Any], here: Path) -> str:
    """What the line says of the damaged file after its name."""
    path = here / file
    READERS[file](path)  # as long as it is whole
    damage(path)
    line = refusal(lambda: READERS[file](path))
    assert line.startswith(f"{path}: ")
    assert line.endswith(idx.WAYS_OUT if file == "images-idx3-ubyte" else AGAIN)
    return line.removeprefix(f"{path}: ")


@pytest.mark.parametrize(("file", "damage", "line"), rows(DATA))
def test_data(file, damage, line, here):
    assert refused(file, damage, here).startswith(line)


@pytest.mark.parametrize(
    ("file", "damage", "line"), [row for row in rows(DATA) if row.id.endswith((" bomb", "claimed size"))]
)
def test_what_claims_to_be_large_takes_no_memory(file, damage, line, here):
    damage(here / file)
    tracemalloc.start()
    try:
        refusal(lambda: READERS[file](here / file))
        assert tracemalloc.get_traced_memory()[1] < 5 << 20
    finally:
        tracemalloc.stop()


IMAGES, LABELS = np.zeros((5, 1, 28, 28), np.uint8), np.zeros(5, np.int64)

# What a data set of the user's own loads, and what the line says after its file's name.
LOADED = [
    ((IMAGES / 255, LABELS, IMAGES, LABELS, 10), "train_images: float64 (5, 1, 28, 28); expected uint8"),
    ((IMAGES[:, 0], LABELS, IMAGES, LABELS, 10), "train_images: uint8 (5, 28, 28); expected uint8 (images, 1 or 3"),
    ((IMAGES, LABELS, IMAGES[:, :, 2:], LABELS, 10), "images of mixed sizes: train (1, 28, 28), test (1, 26, 28)"),
    ((IMAGES[:, :, :20], LABELS, IMAGES[:, :, :20], LABELS, 10), "IMAGE_SHAPE is not what was loaded, (1, 20, 28)"),
    ((IMAGES, LABELS, IMAGES, LABELS, 10), "TRAIN_IMAGES is not what was loaded, 5"),
    ((IMAGES, LABELS + 10, IMAGES, LABELS, 10), "train_labels: 10 to 10; expected 0 to 9"),
    ((IMAGES, LABELS[1:], IMAGES, LABELS, 10), "train_labels: int64 (4,); expected int64 (5,)"),
    ((IMAGES, LABELS, IMAGES[:0], LABELS[:0], 10), "test_images: uint8 (0, 1, 28, 28); expected"),
    ((IMAGES, list(LABELS), IMAGES, LABELS, 10), "train: images and labels must be numpy arrays"),
    ((IMAGES, LABELS, IMAGES, LABELS, "ten"), "classes: 'ten'; expected a whole number"),
]


@pytest.mark.parametrize(("loaded", "line"), LOADED, ids=[line[:30] for _, line in LOADED])
def test_a_data_set_of_the_users_own(loaded, line):
    assert refusal(lambda: download.check(Dataset(*loaded), "digits")).startswith(f"datasets/digits.py: {line}")


SHADES, HIDDEN = torch.full((5, 1, 12, 12), 0.5), torch.zeros(5, 1, 12, 12, dtype=torch.bool)

# What a corruption of the user's own returns, and what the line says after its file's name.
RETURNED = [
    (SHADES[1:], HIDDEN, "its images must be (5, 1, 12, 12) and lie in [0, 1]"),
    (SHADES * 3, HIDDEN, "its images must be (5, 1, 12, 12) and lie in [0, 1]"),
    (SHADES * math.nan, HIDDEN, "its images must be (5, 1, 12, 12) and lie in [0, 1]"),
    (SHADES, HIDDEN[:, 0], "its mask is torch.bool (5, 12, 12); expected bool (5, 1, 12, 12)"),
    (SHADES, HIDDEN.float(), "its mask is torch.float32 (5, 1, 12, 12); expected bool (5, 1, 12, 12)"),
]


@pytest.mark.parametrize(("corrupted", "mask", "line"), RETURNED, ids=range(len(RETURNED)))
def test_a_corruption_of_the_users_own(corrupted, mask, line):
    refused_with = refusal(lambda: corrupt_script.check(corrupted, mask, SHADES.shape, "mine"))
    assert refused_with == f"corruptions/mine.py: {line}"


@pytest.mark.parametrize("source", ["nowhere", "images-idx3-ubyte", "\0", "x" * 300, "ftp://", "http://"])
def test_a_source_that_is_no_folder(source, here):
    with pytest.raises(UserError) as caught:
        idx.load("MNIST", {}, source)
    assert len(str(caught.value).splitlines()) == 1
    assert source in str(caught.value)


def picture(name: str, mode: str = "L", size: tuple[int, int] = (28, 28)) -> Callable[[Path], Any]:
    """A picture `name`; size: width and height."""
    return lambda folder: Image.new(mode, size).save(folder / name)


# What is done to a folder with damaged/{a,b}.png and masks/{a,b}.png; other keys of the request; the line.
PICTURES: list[tuple[str, Callable[[Path], Any], dict[str, Any], str]] = [
    ("no folder", lambda folder: shutil.rmtree(folder / "damaged"), {}, "restore.images: damaged is no folder that"),
    ("a file", lambda _: None, {"images": "damaged/a.png"}, "restore.images: damaged/a.png is no folder that can"),
    ("an empty folder", lambda folder: (folder / "new").mkdir(), {"images": "new"}, "restore.images: new holds no pi"),
    ("no folder of masks", lambda _: None, {"masks": "new"}, "restore.masks: new is no folder that can be read"),
    ("a mask less", lambda folder: (folder / "masks/b.png").unlink(), {},
     "damaged/b.png: there is no mask of its name in masks"),
    ("one name twice", picture("damaged/a.jpg"), {},
     "restore.images: damaged/a.jpg and damaged/a.png would both become a.png; rename one"),
    ("the sheet's name", picture("damaged/side_by_side.png"), {}, "damaged/side_by_side.png: this name is the sheet's"),
    ("another size", picture("damaged/b.png", size=(28, 20)), {},
     "damaged/b.png: has 20 x 28 pixels (height x width); 28 x 28 are needed; resize it, or have it done: set"),
    ("a mask of another size", picture("masks/a.png", size=(20, 28)), {}, "masks/a.png: has 28 x 20 pixels (height x"),
    ("a mask of another size than its picture", picture("damaged/b.png", size=(28, 20)), {"fit": "crop"},
     "masks/b.png: has 28 x 28 pixels (height x width); 20 x 28 are needed"),
    ("no picture", lambda folder: (folder / "damaged/b.png").write_text("<html>"), {},
     "damaged/b.png: is no picture that can be read"),
    ("16 bits", picture("damaged/b.png", "I;16"), {}, "damaged/b.png: has values of more than 8 bits (I;16)"),
    ("no transparency", lambda _: None, {"masks": None},
     "damaged/a.png: is not transparent anywhere; give restore.masks, which say what is hidden"),
    ("masks for noise", lambda _: None, {"task": "denoising"}, "restore.masks: the task 'denoising' hides nothing"),
    ("over the images", lambda _: None, {"output": "masks/../damaged"},
     "restore.output: masks/../damaged is the folder of the images, which would be overwritten; give another"),
    ("over the masks", lambda _: None, {"output": "masks"}, "restore.output: masks is the folder of the masks"),
    ("over a file", lambda _: None, {"output": "damaged/a.png"}, "restore.output: damaged/a.png is no folder"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change", "keys", "line"), PICTURES, ids=[row[0] for row in PICTURES])
def test_pictures_to_restore(what, change, keys, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("damaged", "masks"):
        (tmp_path / folder).mkdir()
        for name in ("a.png", "b.png"):
            picture(f"{folder}/{name}")(tmp_path)
    request = RESTORE | {"masks": "masks", "fit": None}
    assert [item.name for item in restore_request.plan(request, True, (28, 28))] == ["a", "b"]
    change(tmp_path)
    request = request | keys
    assert refusal(lambda: restore_request.plan(request, request["task"] == "inpainting", (28, 28))).startswith(line)


# --------------------------------------------------------------------------------------------- RESULTS, CHECKPOINTS


def tensors(**changes: Any) -> Callable[[Path], Any]:
    """Other entries of a file that torch wrote: by a function of the old one, or a value; None takes one away."""

    def damage(path: Path) -> None:
        content = torch.load(path)
        for name, change in changes.items():
            content[name] = change(content[name]) if callable(change) else change
        torch.save({name: value for name, value in content.items() if value is not None}, path)

    return damage


def weights(change: Callable[[torch.Tensor], Any]) -> Callable[[dict], dict]:
    """The first weights changed."""
    return lambda state: {name: values if at else change(values) for at, (name, values) in enumerate(state.items())}


def saved(content: Any) -> Callable[[Path], Any]:
    return lambda path: torch.save(content, path)


def entries(**changes: Any) -> Callable[[Path], Any]:
    """Other entries of a JSON file; None takes one away."""

    def damage(path: Path) -> None:
        content = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))

    return damage


def champion(**changes: Any) -> Callable[[Path], Any]:
    """Other entries of a champion's file."""

    def damage(path: Path) -> None:
        path.write_text(json.dumps({"champion": json.loads(path.read_text())["champion"] | changes}))

    return damage


def columns(**columns: Any) -> Callable[[Path], Any]:
    return lambda path: pd.DataFrame(columns).to_parquet(path)


def spread(values: torch.Tensor) -> torch.Tensor:
    """The same shape, of one stored value."""
    return torch.zeros(1).expand(values.shape)


NO_MODEL = "not a model of this workflow (format 1)"
NO_CLASSIFIER = "not a classifier of this workflow (format 1)"
ODD = "does not fit together ("

RESULTS: dict[str, list[tuple[str, Callable[[Path], Any], str]]] = {
    "examples.npz": [
        ("truncated", cut(0.7), "cannot be read (File is not a zip file)"),
        ("no restorations", arrays(encode=None), "it holds no restorations"),
        ("other images", arrays(shown=np.array([2, 6])), "'shown' is not among the 6 test images"),
        ("one number for images", arrays(shown=3), "'shown' is int64 (); expected int64 (1,)"),
        ("mixed sizes", arrays(encode=lambda old: old[..., 1:]), "'restored images' is float32 (2, 1, 12, 11"),
    ],
    "latents.npz": [
        ("truncated", cut(0.7), "cannot be read (File is not a zip file)"),
        ("three dimensions", arrays(train=np.zeros((6, 3), np.float32)), "'train' is float32 (6, 3); expected"),
        ("other labels", arrays(test_labels=lambda old: old[1:]), "'test_labels' is int64 (5,); expected"),
        ("no number", arrays(test=lambda old: old * np.nan), "'test' does not hold numbers alone"),
    ],
    "history.parquet": [
        ("empty", put(b""), "cannot be read (Parquet file size is 0 bytes"),
        ("truncated", cut(0.8), "cannot be read (Parquet magic bytes not found"),
        ("a CSV file", put(b"iteration,objective\n1,9.0\n"), "cannot be read (Parquet magic bytes not"),
        ("a pickle", put(pickle.dumps(Malicious())), "cannot be read (Parquet magic bytes not found"),
        ("another column", columns(iteration=[1, 2]), "cannot be read (No match for FieldRef.Name(obj"),
        ("texts", columns(iteration=[1], objective=["9"]), "cannot be read (the column 'objective' does"),
        ("no number", columns(iteration=[1, 2], objective=[9, np.nan]), "cannot be read (the column"),
        ("no rows", columns(iteration=[], objective=[]), "cannot be read (it has 0 rows)"),
        ("a bomb", columns(iteration=np.zeros(10**6), objective=np.zeros(10**6)),
         "cannot be read (it has 1,000,000 rows)"),
    ],
    "metrics.json": [
        ("empty", put(b""), "cannot be read (Expecting value"),
        ("truncated", cut(0.8), "cannot be read ("),
        ("not a text", put(b"\xff\xfe"), "cannot be read ('utf-8' codec can't decode byte 0xff"),
        ("nested without end", put(b"[" * 10**5), "cannot be read ("),
        ("a list", put(b"[]"), "cannot be read (it has no scores, test, cost, latent, prior_draw, common)"),
        ("no scores", entries(scores=None), "cannot be read (it has no scores)"),
        ("empty scores", entries(scores={}, test={}), "cannot be read ("),
        ("scores of another form", entries(scores=[1]), "cannot be read ("),
        ("texts for scores", entries(test=dict.fromkeys(models_table.OBJECTIVE, "9")), "cannot be read (it holds"),
        ("no cost of a method", entries(cost={}), "cannot be read ('encode')"),
        ("a text for a cost", entries(cost={"encode": {"multiply_adds": "9"}}), "cannot be read (it holds no"),
        ("no likeness", entries(scores={"encode": {"raw": {"whole": {"mse": 0.1, "psnr": 9.0, "accuracy": 0.5}}}}),
         "cannot be read ('ssim')"),
        ("part of a latent", entries(latent={"kl": 0.5}), "cannot be read ('active_units')"),
        ("a list for a latent", entries(latent=[1]), "cannot be read ("),
        ("a text for a diagnosis", entries(common={"mse": "12", "bce": 85.0}), "cannot be read (it holds no"),
    ],
    "classifier.pt": [
        ("empty", put(b""), "cannot be read (File is not a zip file)"),
        ("truncated", cut(0.999), "cannot be read (File is not a zip file)"),
        ("a damaged byte", flip(0.7), "cannot be read ("),
        ("removed", remove, "cannot be read ([Errno 2] No such file"),
        ("code in torch's format", saved({"classifier": 1, "state_dict": Malicious()}), "cannot be read (Weights"),
        ("a bomb", member("data/0", BOMB, zipfile.ZIP_DEFLATED), "cannot be read (its "),
        ("a model", lambda path: shutil.copy(path.with_name("model.pt"), path), NO_CLASSIFIER),
        ("a list", saved([1, 2]), NO_CLASSIFIER),
        ("another format", tensors(classifier=2), NO_CLASSIFIER),
        ("other images", tensors(image_shape=[1, 28, 28]), f"{ODD}it reads images [1, 28, 28] of 4 classes"),
        ("other classes", tensors(classes=9), f"{ODD}it reads images [1, 12, 12] of 9 classes"),
        ("claimed images", tensors(image_shape=torch.ones(3)), ODD),
        ("no weights", tensors(state_dict={}), f"{ODD}its weights are not those of its network"),
        ("other weights", tensors(state_dict=weights(lambda old: old[1:])), f"{ODD}layers.1.weight is torch.float32"),
        ("no number", tensors(state_dict=weights(lambda old: old * math.nan)), f"{ODD}layers.1.weight has values"),
    ],
    "classifier.json": [
        ("truncated", cut(0.8), "cannot be read ("),
        ("no accuracy", entries(accuracy=None), "cannot be read (it has no accuracy)"),
        ("of other images alone", entries(accuracy={"validation": 0.9}), "cannot be read ('test')"),
        ("a text", entries(accuracy={"test": "much"}), "cannot be read (could not convert string to float: 'much')"),
    ],
    "champion.json": [
        ("truncated", cut(0.8), "cannot be read ("),
        ("a list", put(b"[]"), "cannot be read (it has no champion)"),
        ("another form", put(b'{"champion": {"task": "holes"}}'), "cannot be read (Champion.__init__() missing"),
        ("a text for a champion", put(b'{"champion": "vae"}'), "cannot be read ("),
        ("unknown inference", champion(method="guess"), "cannot be read (inference: there is no 'guess' among the inf"),
        ("unknown network", champion(network="../losses/bce"), "cannot be read (network: there is no '../losses/bce'"),
        ("an unknown parameter", champion(parameters={"sample": 3}), "cannot be read (inference.sample: 'best_prior'"),
        ("a text for a seed", champion(seed="0"), "cannot be read (it names no model)"),
        ("no figure", champion(figure={}), "cannot be read ('low')"),
        ("a text for a figure", champion(figure={"mean": "0.2", "low": 0, "high": 1}), "cannot be read ("),
    ],
    "training.json": [
        ("no run", entries(run=None), "cannot be read (it has no run)"),
        ("no objective", entries(train={}), "cannot be read ('objective')"),
    ],
    "model.pt": [
        ("empty", put(b""), "cannot be read (File is not a zip file)"),
        ("truncated", cut(0.999), "cannot be read (File is not a zip file)"),
        ("cut in its middle", cut(0.5), "cannot be read (File is not a zip file)"),
        ("a damaged byte", flip(0.7), "cannot be read ("),
        ("removed", remove, "cannot be read ([Errno 2] No such file"),
        ("an HTML page", put(b"<html>not found</html>"), "cannot be read (File is not a zip file)"),
        ("a pickle", put(pickle.dumps({"format": 1, "state_dict": Malicious()})), "cannot be read (File is not"),
        ("code in torch's format", saved({"format": 1, "state_dict": Malicious()}), "cannot be read (Weights only"),
        ("a whole module", saved(torch.nn.Linear(2, 2)), "cannot be read (Weights only load failed"),
        ("an npz file", npz, "cannot be read ("),
        ("another archive", member("data.pkl", b"no pickle"), "cannot be read ("),
        ("a bomb", member("data/0", BOMB, zipfile.ZIP_DEFLATED), "cannot be read (its "),
        ("a state_dict alone", lambda path: torch.save(torch.load(path)["state_dict"], path), NO_MODEL),
        ("a list", saved([1, 2]), NO_MODEL),
        ("a classifier", lambda path: shutil.copy(path.with_name("classifier.pt"), path), NO_MODEL),
        ("a tensor", saved(torch.ones(3)), NO_MODEL),
        ("nothing", saved({}), NO_MODEL),
        ("another format", tensors(format=2), NO_MODEL),
        ("a tensor for the format", tensors(format=torch.ones(3)), NO_MODEL),
        ("no variant", tensors(variant=None), f"{ODD}'variant')"),
        ("part of a variant", tensors(variant={"network": "vae"}), f"{ODD}Variant.__init__() missing"),
        ("unknown network", tensors(variant=lambda old: old | {"network": "../losses/bce"}),
         f"{ODD}variant: there is no '../losses/bce' among the networks"),
        ("unknown condition", tensors(variant=lambda old: old | {"condition": "name"}), f"{ODD}'name')"),
        ("unknown encoder_input", tensors(variant=lambda old: old | {"encoder_input": 3}), f"{ODD}encoder_input 3"),
        ("unknown loss", tensors(loss="unheard_of"), f"{ODD}loss: there is no 'unheard_of' among the losses"),
        ("unknown parameter", tensors(variant=lambda old: old | {"parameters": {"width": 3}}),
         f"{ODD}variant.width: 'vae' has no such parameter"),
        ("a condition that its network does not take",
         tensors(variant=lambda old: old | {"network": "autoencoder", "parameters": {}}),
         f"{ODD}network 'autoencoder' takes no condition"),
        ("claimed width", tensors(variant=lambda old: old | {"parameters": {"hidden": 10**6}}),
         f"{ODD}encoder.0.weight is torch.float32 (16, 148); expected (1000000, 148)"),
        ("claimed images", tensors(image_shape=[1, 10**6, 10**6]), f"{ODD}encoder.0.weight is"),
        ("impossible images", tensors(image_shape=[1, 0, 12]), f"{ODD}images [1, 0, 12] of 4 classes"),
        ("impossible classes", tensors(classes=-4), f"{ODD}images [1, 12, 12] of -4 classes"),
        ("other shapes", tensors(state_dict=weights(lambda old: old[:, 1:].clone())), f"{ODD}encoder.0.weight is"),
        ("other types", tensors(state_dict=weights(torch.Tensor.double)), f"{ODD}encoder.0.weight is torch.flo"),
        ("no tensor", tensors(state_dict=weights(torch.Tensor.tolist)), f"{ODD}'list' object has no attribute"),
        ("one value for all", tensors(state_dict=weights(spread)), f"{ODD}encoder.0.weight is torch.float32"),
        ("NaN", tensors(state_dict=weights(lambda old: old * math.nan)), f"{ODD}encoder.0.weight has values that"),
        ("no weights", tensors(state_dict={}), f"{ODD}its weights are not those of its network)"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("file", "damage", "line"), rows(RESULTS))
def test_results(file, damage, line, here):
    assert refused(file, damage, here).startswith(line)


def test_a_pickle_that_was_refused_would_have_been_executed(here):
    saved(Malicious())(here / "pickle.pt")
    torch.load(here / "pickle.pt", weights_only=False)
    (here / "made").rmdir()


def test_a_model_of_other_images_than_the_data_sets(here, build_model):
    model_file.save(build_model("vae", shape=(1, 28, 28)), here / "model.pt")
    inputs = SimpleNamespace(**{name: here / f"{name}.npz" for name in ("dataset", "test")}, model=here / "model.pt")
    line = refusal(lambda: evaluate_script.main({"inference": [["encode", {}]]}, inputs, SimpleNamespace(), 0))
    assert line == (
        f"{here}/model.pt: a model for images (1, 28, 28) of 4 classes; the data set has (1, 12, 12) of 4{AGAIN}"
    )


def optimiser(part: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[dict], dict]:
    """One part of the optimiser's state, of the first weights, changed."""

    def changed_state(content: dict) -> dict:
        return content | {part: [change(content[part][0]), *content[part][1:]]}

    return changed_state


# What is done to the checkpoint of a stopped training: it is never believed and never fatal.
CHECKPOINTS: list[tuple[str, Callable[[Path], Any]]] = [
    ("empty", put(b"")),
    ("garbage", put(b"garbage")),
    ("half an archive", put(b"PK\x03\x04 half an archive")),
    ("truncated", cut(0.5)),
    ("a damaged byte", flip(0.5)),
    ("a pickle", put(pickle.dumps(Malicious()))),
    ("code in torch's format", saved({"iteration": Malicious()})),
    ("a bomb", member("data/0", BOMB, zipfile.ZIP_DEFLATED)),
    ("another entry", saved({"something": 1})),
    ("a list", saved([1, 2])),
    ("one entry of it", saved({"iteration": 3})),
    ("of another training", tensors(training="0123456789abcdef")),
    ("an earlier form", tensors(training=None)),
    ("a text for the iteration", tensors(iteration="5")),
    ("an iteration after the last", tensors(iteration=99)),
    ("an iteration before the first", tensors(iteration=-1)),
    ("another iteration", tensors(iteration=4)),
    ("a shorter record", tensors(record=lambda old: old[1:].clone())),
    ("a record of doubles", tensors(record=torch.Tensor.double)),
    ("a record with NaN", tensors(record=lambda old: old * math.nan)),
    ("no validation", tensors(validation=[])),
    ("validation of another epoch", tensors(validation=lambda old: [old[0] | {"iteration": 2}])),
    ("validation of other measures", tensors(validation=[{"iteration": 3}])),
    ("validation in texts", tensors(validation=lambda old: [old[0] | {"kl": "much"}])),
    ("other weights", tensors(network=weights(lambda old: old[1:].clone()))),
    ("fewer weights", tensors(network=lambda old: dict(list(old.items())[1:]))),
    ("weights with NaN", tensors(network=weights(lambda old: old * math.nan))),
    ("no optimiser", tensors(optimiser=None)),
    ("no moments", tensors(optimiser=lambda old: old | {"means": []})),
    ("one moment alone", tensors(optimiser=lambda old: {"means": old["means"], "steps": old["steps"]})),
    ("other moments", tensors(optimiser=optimiser("means", lambda old: torch.zeros(2)))),
    ("moments with NaN", tensors(optimiser=optimiser("means", lambda old: old * math.nan))),
    ("negative squares", tensors(optimiser=optimiser("squares", lambda old: old - 1))),
    ("other steps", tensors(optimiser=lambda old: old | {"steps": torch.tensor(2.0)})),
    ("a list of steps", tensors(optimiser=lambda old: old | {"steps": [torch.tensor(5.0)]})),
    ("steps for each image", tensors(optimiser=lambda old: old | {"steps": torch.full((4,), 5.0)})),
    ("part of a generator", tensors(generator=lambda old: old[:9].clone())),
    ("no state of a generator", tensors(generator=lambda old: torch.zeros_like(old))),
]  # fmt: skip


@pytest.fixture
def stopped(strokes, build_model, tmp_path) -> Callable[[], training.Trainer]:
    """A training of two epochs of three iterations, whose checkpoint is after the fifth."""

    def make() -> training.Trainer:
        settings = {"epochs": 2, "batch_size": 4, "learning_rate": 0.001, "schedule": "constant", "weight_decay": 0}
        corrupt = corruptions.build({"name": "none"})
        return training.Trainer(build_model("vae"), *strokes(12), corrupt, settings, 0, tmp_path / "state.pt")

    loop = make()
    for _ in range(5):
        loop.step(torch.arange(4))
    loop.validation = [{"iteration": 3, "objective": 3.0, "reconstruction": 2.0, "kl": 1.0}]
    loop.save()
    return make


@pytest.mark.parametrize("damage", [row[1] for row in CHECKPOINTS], ids=[row[0] for row in CHECKPOINTS])
def test_checkpoint(damage, stopped, caplog, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole, fresh, loop = stopped(), stopped(), stopped()
    assert whole.resume()
    assert whole.iteration == 5
    damage(loop.checkpoint)
    with caplog.at_level(logging.WARNING):
        assert not loop.resume()
    assert not loop.checkpoint.exists()
    assert not (tmp_path / "made").exists()
    (line,) = (record.getMessage() for record in caplog.records)
    assert line.startswith(f"{loop.checkpoint}: removed, the training starts over: ")
    assert line.splitlines() == [line]
    assert len(line) < 400
    # The training is as if there had been none.
    assert (loop.iteration, loop.validation, loop.record.any()) == (0, [], False)
    fresh.step(torch.arange(4))
    loop.step(torch.arange(4))
    assert all(
        one.equal(other) for one, other in zip(*(t.model.network.parameters() for t in (loop, fresh)), strict=True)
    )


# ------------------------------------------------------------------------------------------------------- ANY DAMAGE


@pytest.mark.parametrize("file", [name for name in READERS if name not in ("images-idx3-ubyte", "test.npz")])
@settings(max_examples=40)
@given(data=st.data())
def test_any_cut_or_changed_bytes_are_refused_or_change_nothing(file, data, good, tmp_path_factory):
    content = (good / file).read_bytes()
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start, min(start + 40, len(content))))
    folder = tmp_path_factory.getbasetemp() / f"any damage to {file}"
    if not folder.exists():
        shutil.copytree(good, folder)
    (folder / file).write_bytes(content[:start] + data.draw(st.binary(max_size=40)) + content[end:])
    try:
        read = READERS[file](folder / file)
    except UserError as error:
        line = str(error)
    else:
        line = f"{folder / file}: changes nothing"
        if file.endswith((".npz", ".pt")):
            assert flat(read) == flat(READERS[file](good / file))
    assert line.startswith(f"{folder / file}: ")
    assert len(line) < 400


def flat(read: Any) -> bytes:
    """All values that were read, as bytes."""
    buffer = io.BytesIO()
    content = read.network.state_dict() if isinstance(read, model_file.Model) else read
    torch.save(content, buffer)
    return buffer.getvalue()
