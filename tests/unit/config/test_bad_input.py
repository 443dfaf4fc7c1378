"""Bad input: what can be wrong, and the line that the user gets, in tables of three parts."""

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

from restoration.champion import picture_files
from restoration.comparison import champion_choice, claims_file, models_table
from restoration.config import configuration, yaml_file
from restoration.core import artifacts, registry
from restoration.core.errors import UserError
from restoration.data import corruptions, dataset_files, idx
from restoration.data.datasets import Dataset
from restoration.models import classifier, model_file, training


def refusal(action: Callable[[], Any]) -> str:
    """Return the line that a user gets."""
    with pytest.raises(UserError) as caught:
        action()
    line = str(caught.value)
    assert line.splitlines() == [line]
    assert len(line) < 400
    return line


# --------------------------------------------------------------------------------------------------- CONFIGURATION
# The key, or keys where a name has a dot in it; what the line begins with and one word of it; bad values. The line
# begins with the key: with another one where `other: word` says so, with one below it where `.below: word` does.

PLAIN_VAE = {"network": "vae", "encoder_input": "complete", "condition": "none"}
PRIOR = PLAIN_VAE | {"network": "cvae_prior"}
UNET = {"network": "unet", "encoder_input": "corrupted", "condition": "mask"}
RESTORE = {"task": "inpainting", "images": "damaged", "output": "restored"}
PLAIN_TASK = {"corruption": {"name": "none"}, "variants": {"vae": {}}}
MISSING_PIXELS = {"name": "missing_pixels"}
ENDLESS: dict[str, Any] = {}
ENDLESS["network"] = ENDLESS
NOISE, HOLE = "tasks.denoising.corruption", "tasks.inpainting.corruption"
NOISY, METHODS = "tasks.denoising.variants", "tasks.inpainting.inference"
ASKED = "tasks.inpainting.likelihood"

CONFIGURATION: list[tuple[Any, ...]] = [
    ("dataset", "the configuration: 'dataset' is missing", MISSING),
    ("dataset", "mapping", None, "mnist"),
    ("dataset", ".validation: to train on", {"name": "digits", "validation": 5000}),
    ("dataset", ".source: folder", {"name": "folder"}, {"name": "folder", "source": "nowhere"}),
    ("dataset.name", "dataset: 'name' is missing", MISSING),
    ("dataset.name", "text", 3),
    ("dataset.name", "no 'imagenet'", "imagenet"),
    ("dataset.name", "no '../results'", "../results"),
    ("dataset.name", "no '/etc'", "/etc"),
    ("dataset.source", "text", 3, ["/data"]),
    ("dataset.source", "non-empty", ""),
    ("dataset.validation", "minimum", 0),
    ("dataset.validation", "number", "many", True),
    ("dataset.validation", "leave none", 1e-9, 60_000),
    ("dataset.validation", "whole number", 5000.0),
    ("dataset.test", "no such key", 0.2),
    ("dataset.size", "no such key", 28),
    ("dataset.fit", "no such key", "crop"),
    ("dataset.channels", "no such key", 1),
    ("dataset.seed", "minimum", -1),
    ("dataset.seed", "whole number", 0.0),
    ("dataset.sources", "dataset: unknown key 'sources'", "/data"),
    ("seeds", "non-empty", []),
    ("seeds", "list", 0, None),
    ("seeds", "non-unique", [0, 1, 0], [1, "1"]),
    ("seeds", ".0: minimum", [-1]),
    ("seeds", ".1: whole number", [0, True]),
    ("seeds", ".0: whole number", ["first"], [0.5]),
    ("seeds", ".0: maximum", [10**10]),
    ("seeds", ".0: no number", [10**400]),
    ("losses", "non-empty", []),
    ("losses", "list", "bce"),
    ("losses", "non-unique", ["bce", "bce"]),
    ("losses", "no 'l1'", ["bce", "l1"]),
    ("losses", "no 'a\\nb'", ["a\nb"]),
    ("losses", ".0: text", [None]),
    ("variants.vae.a\nb", "variants.vae.a b: no such parameter", 1),
    ("tasks.inpainting.variants.a\nb", "tasks.inpainting.variants.a b: no variant 'a\\nb'", {}),
    (f"{METHODS}.a\nb", f"{METHODS}.a b: no 'a\\nb'", {}),
    ("training", "mapping", None),
    ("training.epochs", "minimum", 0),
    ("training.epochs", "maximum", 10**9),
    ("training.epochs", "whole number", 2.5, True),
    ("training.batch_size", "minimum", 0, -128),
    ("training.batch_size", "whole number", 128.0),
    ("training.batch_size", "maximum", 10**7),
    ("training.learning_rate", "minimum", 0, -0.001),
    ("training.learning_rate", "number", "small", "...", False),
    ("training.learning_rate", "no number", "9" * 5000, "1.0e+999", math.nan),
    ("training.momentum", "training: unknown key 'momentum'", 0.9),
    ("training.schedule", "not one of", "linear", None, ["cosine"]),
    ("training.weight_decay", "minimum", -0.1),
    ("variants", "the configuration: 'variants' is missing", MISSING),
    ("variants", "mapping", [], "vae"),
    ("variants.vae", "mapping", "vae", True),
    ("variants.vae", "'network' is missing", None),
    ("variants.vae", "tasks.representation.variants.vae: no variant 'vae'", False),
    ("variants.vae", ".network.network.network.network: nested", ENDLESS),
    ("variants.vae", ".condition: does not take", UNET | {"condition": "label"}, UNET | {"condition": "corrupted"}),
    ("variants.vae", ".condition: does not take", PRIOR, PRIOR | {"condition": "corrupted"}),
    ("variants.vae", ".latent: no such parameter", UNET | {"latent": 2}),
    ("variants.vae", ".channels: whole number", UNET | {"channels": 0}),
    ("variants.vae", ".depth: whole number", UNET | {"depth": 1.5}),
    ("variants.vae", ".width: no such parameter", PLAIN_VAE | {"network": "conv_vae", "width": 3}),
    ("variants.vae.network", "variants.vae: 'network' is missing", MISSING),
    ("variants.vae.network", "variants.vae: no 'gan'", "gan"),
    ("variants.vae.network", "variants.vae: no '../losses/bce'", "../losses/bce"),
    ("variants.vae.network", "text", 3),
    ("variants.vae.encoder_input", "not one of", "clean"),
    ("variants.vae.condition", "not one of", "labels"),
    ("variants.ae.condition", "does not take", "label"),
    ("variants.vae.training", "unknown key 'epoch'", {"epoch": 1}),
    ("variants.vae.training.epochs", "minimum", 0),
    ("variants.vae.training.schedule", "not one of", "linear"),
    ("variants.vae.training", "mapping", 10, None),
    ("variants.vae.seeds", "non-empty", []),
    ("variants.vae.seeds", ".0: minimum", [-1]),
    ("variants.vae.seeds", "list", 3),
    ("variants.vae.losses", "no 'l1'", ["l1"]),
    ("variants.vae.losses", "non-empty", []),
    ("variants.vae.losses", "list", "bce"),
    ("variants.vae.losses", "non-unique", ["mse", "mse"]),
    ("variants.cvae_label.latent", "whole number", "many", 0, 2.5, True),
    ("variants.cvae_label.latent", "xxx", "x" * 5000),
    ("variants.cvae_label.hidden", "whole number", -400, 10**9),
    ("variants.cvae_label.latents", "no such parameter", 2),
    ("variants.a/b", "variants: does not fit", PLAIN_VAE),
    ("variants.vae 2", "variants: does not fit", PLAIN_VAE),
    ("variants./vae", "variants: does not fit", PLAIN_VAE),
    ("variants.", "variants: does not fit", PLAIN_VAE),
    ("variants.2d", "variants: does not fit", PLAIN_VAE),
    (f"variants.{'v' * 300}", "variants: vvv", PLAIN_VAE),
    ("variants.VAE", "variants: twice", PLAIN_VAE),
    (("variants", False), "variants: text", PLAIN_VAE),
    ("tasks", "the configuration: 'tasks' is missing", MISSING),
    ("tasks", "none is left", {}, dict.fromkeys(["representation", "denoising", "inpainting"], False)),
    ("tasks", "mapping", ["denoising"]),
    ("tasks.denoising", "'corruption' is missing", None),
    ("tasks.denoising", "mapping", 0),
    ("tasks.denoising", ".likelihood: nothing to estimate", PLAIN_TASK | {"variants": {"ae": {}}, "likelihood": {}}),
    ("tasks.denoising", ".likelihood: nothing to estimate", PLAIN_TASK | {"losses": ["mse"], "likelihood": {}}),
    (("tasks", "../etc"), "tasks: does not fit", PLAIN_TASK),
    (("tasks", "a.b"), "tasks: does not fit", PLAIN_TASK),
    (("tasks", "noise\n"), "tasks: does not fit", PLAIN_TASK),
    ("tasks.Denoising", "tasks: twice", PLAIN_TASK),
    ("tasks.denoising.noise", "tasks.denoising: unknown key 'noise'", 1),
    (NOISE, "tasks.denoising: 'corruption' is missing", MISSING),
    (NOISE, "mapping", "gaussian_noise"),
    (NOISE, "'name' is missing", {}),
    (f"{NOISE}.name", f"{NOISE}: no 'blur'", "blur"),
    (f"{NOISE}.sigma", "number", "weak", -0.1, 1e300, None, True),
    (f"{NOISE}.sigma", "no number", math.inf),
    (f"{NOISE}.size", "no such parameter", 6),
    (f"{HOLE}.size", "whole number", 0, 6.0),
    (f"{HOLE}.size", "does not fit", 29),
    (HOLE, ".size: does not fit", {"name": "central_hole", "size": 29}),
    (HOLE, ".observed: 1, 2 or 3", *({"name": "quadrants", "observed": value} for value in (4, 0, 1.0, True))),
    (HOLE, ".fraction: number", *(MISSING_PIXELS | {"fraction": value} for value in (1.1, -0.5, "half", True))),
    (HOLE, ".fraction: no number", MISSING_PIXELS | {"fraction": math.nan}),
    (NOISY, "none is left", {}, {"ae": False, "vae": False}),
    (NOISY, "mapping", ["vae"]),
    (f"{NOISY}.gan", "no variant 'gan'", {}),
    (f"{NOISY}.vae.latent", "whole number", []),
    (f"{NOISY}.vae", "no 'gan'", {"network": "gan"}),
    (f"{NOISY}.vae", ".hidden: no such parameter", {"network": "unet"}),
    (f"{NOISY}.vae.training", "unknown key 'epoch'", {"epoch": 1}),
    (f"{NOISY}.vae.training.schedule", "not one of", 1),
    (f"{NOISY}.vae.seeds", "non-unique", [1, 1]),
    (f"{NOISY}.vae.losses", "no 'l1'", ["l1"]),
    (f"{NOISY}.vae.losses", "list", {}),
    (f"{NOISY}.vae", "mapping", 3),
    (f"{NOISY}.vae.condition", "not one of", 1),
    (f"{NOISY}.ae.condition", "does not take", "label", "mask"),
    ("tasks.denoising.seeds", ".0: whole number", ["a"]),
    ("tasks.denoising.losses", "non-empty", []),
    ("tasks.denoising.losses", "no 'l1'", ["l1"]),
    ("tasks.denoising.training.epochs", "minimum", -1),
    ("tasks.denoising.training.schedule", "not one of", "step"),
    ("tasks.denoising.training", "unknown key 'epoch'", {"epoch": 1}),
    ("tasks.denoising.inference", ".inferred_label: for none", {"encode": {}, "inferred_label": {}}),
    ("tasks.denoising.inference", f"{NOISY}.ae: no inference", {"best_prior": {}}),
    (METHODS, "none is left", {}, {"encode": False}),
    (METHODS, "mapping", ["encode"]),
    (f"{METHODS}.guess", "no 'guess'", {}),
    (f"{METHODS}.best_prior.samples", "whole number", 0, 2.0),
    (f"{METHODS}.best_prior.sample", "no such parameter", 2),
    ("claims", "text", 3, ["config/claims.yaml"]),
    (ASKED, "mapping", 3, True),
    (f"{ASKED}.samples", "minimum", 0),
    (f"{ASKED}.samples", "maximum", 10**6),
    (f"{ASKED}.samples", "whole number", 100.0),
    (f"{ASKED}.images", "minimum", 0),
    (f"{ASKED}.images", "whole number", "all"),
    (f"{ASKED}.targets", "non-empty", []),
    (f"{ASKED}.targets", "list", "grey"),
    (ASKED, ".targets.0: not one of", {"targets": ["binary"]}),
    (f"{ASKED}.targets", "non-unique", ["grey", "grey"]),
    (ASKED, "unknown key 'sample'", {"sample": 9}),
    ("likelihood", "the configuration: unknown key 'likelihood'", False),
    ("restore", "mapping", 3, False),
    ("restore", "'task' is missing", {}),
    ("restore", "'output' is missing", {"task": "inpainting", "images": "damaged"}),
    ("restore", ".task: no task 'inpaintnig'", RESTORE | {"task": "inpaintnig"}),
    ("restore", ".task: text", RESTORE | {"task": 3}),
    ("restore", ".images: non-empty", RESTORE | {"images": ""}),
    ("restore", ".images: text", RESTORE | {"images": ["a.png"]}),
    ("restore", ".masks: text", RESTORE | {"masks": 3}),
    ("restore", ".fit: not one of", RESTORE | {"fit": "pad"}),
    ("restore", "unknown key 'folder'", RESTORE | {"folder": "damaged"}),
    ("packages.torch", "text", 2),
    ("tracking.uri", "text", 5000),
    ("tracking.uri", "does not fit", "", "ftp://host", "localhost:5000"),
    ("tracking.url", "tracking: unknown key 'url'", "http://localhost"),
    ("tracking", "mapping", None),
    ("task", "the configuration: unknown key 'task'", {}),
]  # fmt: skip


def cases(table: list[tuple[Any, ...]]) -> list[Any]:
    """Return a row (path, expected, value) for every value of a table."""
    return [
        pytest.param(path, expected, value, id=f"{path}={value!r:.60}")
        for path, expected, *values in table
        for value in values
    ]


def assert_says(line: str, path: str | tuple[str, ...], expected: str) -> None:
    """Check that a line begins with the key of a table's row and has its word."""
    key, _, word = expected.rpartition(": ")
    assert line.startswith(f"{path if key[:1] in ('', '.') else ''}{key}: ")
    assert word in line


@pytest.mark.parametrize(("path", "expected", "value"), cases(CONFIGURATION))
def test_configuration(path, expected, value, config):
    assert_says(refusal(lambda: configuration.resolve(changed(config, path, value))), path, expected)


@pytest.mark.parametrize("whole", [None, [], "digits"])
def test_a_configuration_that_is_no_mapping(whole):
    assert refusal(lambda: configuration.resolve(whole)).startswith("the configuration: ")


# A configuration file; the name that is there twice, and its lines. YAML itself keeps the last of two entries.
DUPLICATES = [
    ("seeds: [0]\nseeds: [1]\n", "'seeds'", "line 1 and 2"),
    ("variants:\n  vae: {latent: 2}\n  ae: {}\n  'vae': {}\n", "'vae'", "line 2 and 4"),
    ("tasks: {one: {losses: [bce], losses: [mse]}}\n", "'losses'", "line 1 and 1"),
    ("losses:\n- {bce: 1,\n   bce: 2}\n", "'bce'", "line 2 and 3"),
    ('{"seeds": [0],\n "seeds": [1]}', "'seeds'", "line 1 and 2"),
    ("a: &a {b: *a, b: 1}", "'b'", "line 1 and 1"),
]


@pytest.mark.parametrize(("text", "name", "lines"), DUPLICATES)
def test_a_name_that_is_given_twice(text, name, lines, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    line = refusal(lambda: yaml_file.read(path))
    assert line.startswith(f"{path}: {name} ")
    assert lines in line


@pytest.mark.parametrize("text", ["", "vae: {latent: 2}\nae: {latent: 2}", "a: &a {b: *a}", "- 1\n- 1"])
def test_what_is_there_once(text, tmp_path):
    (tmp_path / "mine.yaml").write_text(text)
    yaml_file.read(tmp_path / "mine.yaml")


# A claims file that is none: its text; what the line begins with after the file's name, and one word of it.
NO_CLAIMS = [
    ("", ": the claims", "list"),
    ("[]", ": the claims", "non-empty"),
    ("id: one", ": the claims", "list"),
    ("- [yaml", " cannot be read", "parsing"),
    ("- one", ": 0: 'one'", "mapping"),
    ("- {id: one, id: two}", ": 'id'", "twice"),
    ("- {3: one}", ": 0: ", "quotes"),
    ("- &a {id: *a}", ": 0.id.id.id.id.id: ", "nested"),
]


@pytest.mark.parametrize(("text", "start", "word"), NO_CLAIMS)
def test_a_claims_file_that_is_none(text, start, word, config, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    line = refusal(lambda: claims_file.load(str(path), config)).removeprefix("claims: ")
    assert line.startswith(f"{path}{start}")
    assert word in line


@pytest.mark.parametrize(("path", "word"), [(True, "True"), ("nowhere.yaml", "No such file"), (".", "directory")])
def test_claims_that_are_no_file(path, word, config, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_says(refusal(lambda: claims_file.load(path, config)), "claims", word)


# A claim's key; what the line says after the file's name, as in CONFIGURATION, the key without "one."; bad values.
CLAIMS: list[tuple[Any, ...]] = [
    ("id", "0: 'id' is missing", MISSING),
    ("id", "0.id: text", 3),
    ("id", "0.id: does not fit", "a.b", "a\n"),
    ("id", "Other: twice", "Other"),
    ("sentence", "0: 'sentence' is missing", MISSING),
    ("sentence", "0.sentence: not blank", " "),
    ("source", "0.source: text", None),
    ("reading", "0.reading: text", 3),
    ("claim", "0: unknown key 'claim'", "It is so"),
    ("test", "one: needs one of", MISSING),
    ("tests", "one: needs one of", [{"kind": "better"}]),
    ("tests", "0.tests: non-empty", []),
    ("test", "0.test: mapping", "better"),
    ("test.kind", "0.test: 'kind' is missing", MISSING),
    ("test.kind", "0.test.kind: text", ["better"]),
    ("test.kind", "one.test: no 'best'", "best"),
    ("test.kind", "one.test: no '../losses/bce'", "../losses/bce"),
    ("test.kind", "one.test.better: no such parameter", "separates"),
    ("test.task", "one.test: needs task", MISSING),
    ("test.task", "no task 'inpaintnig'", "inpaintnig"),
    ("test.task", "text", 3),
    ("test.task", "one task", "*"),
    ("test.better", "list", "vae", [], ["vae", 3]),
    ("test.better", "no 'gan'", ["gan"]),
    ("test.better", "no 'l1'", ["vae/l1"]),
    ("test.better", "no 'guess'", ["vae/mse/guess"]),
    ("test.better", "variant/loss/inference", ["vae/mse/encode/4"], ["vae//encode"], ["vae/"], [""]),
    ("test.than", "no 'gan'", ["baseline:gan"]),
    ("test.than", "variant/loss/inference", ["baseline:"]),
    ("test.measure", "no measure 'mae'", "mae"),
    ("test.region", "not one of", "edge"),
    ("test.same_loss", "true or false", 1),
    ("test.at_least", "no such parameter", 1),
]  # fmt: skip

# A test of models, with whatever they restore; the key that is refused, and a word of the line.
LOWEST, SEPARATES = {"kind": "lowest", "task": "inpainting"}, {"kind": "separates", "at_least": 1, "task": "inpainting"}
OF_MODELS: list[tuple[str, str, dict[str, Any]]] = [
    ("task", "one task", LOWEST | {"task": "*", "models": ["vae"]}),
    ("task", "one task", SEPARATES | {"task": "*"}),
    ("models", "names an inference", LOWEST | {"models": ["vae/mse/map_latent"]}),
    ("than", "not trained", LOWEST | {"models": ["vae"], "than": ["baseline:median"]}),
    ("models", "names an inference", {"kind": "decreasing", "models": ["*/*/*"]}),
    ("models", "not trained", {"kind": "decreasing", "models": ["baseline:*"]}),
    ("models", "names an inference", SEPARATES | {"models": ["vae/bce/encode"]}),
]
CLAIMS += [("test", f"one.test.{key}: {word}", test) for key, word, test in OF_MODELS]


@pytest.mark.parametrize(("path", "expected", "value"), cases(CLAIMS))
def test_a_claim(path, expected, value, config, tmp_path):
    test = {"kind": "better", "task": "inpainting", "better": ["vae"], "than": ["*"]}
    other = {"id": "other", "sentence": "It is so.", "source": "page 1", "tests": [test]}
    claim = changed({"id": "one", "sentence": "It is so.", "source": "page 1", "test": test}, path, value)
    file = tmp_path / "mine.yaml"
    twice = value == "Other"
    file.write_text(yaml.safe_dump([other, claim] if twice else [claim, other], sort_keys=False))
    line = refusal(lambda: claims_file.load(str(file), config))
    assert line.startswith(f"{file}: ")
    assert_says(line.removeprefix(f"{file}: "), f"one.{path}", expected)


# A part that a user adds, or a damaged one; its parameters in the configuration; a word of the line, and the key that
# the line begins with where this is not the file.
PARTS = [
    ("data/corruptions/mine.py", "def corrupt(images:\n", {}, "not Python"),
    ("data/corruptions/mine.py", "\0", {}, "not Python"),
    ("data/corruptions/mine.py", "corrupt = 3\n", {}, "defines no 'corrupt'"),
    ("data/corruptions/mine.py", "class corrupt: ...\n", {}, "no arguments"),
    ("data/corruptions/mine.py", "def corrupt(*, a: PositiveInt = f()): ...", {}, "defaults"),
    ("data/corruptions/mine.py", "def corrupt(*, a: int = 1): ...", {"a": 2}, "annotate 'a'"),
    ("data/corruptions/mine.py", "def corrupt(*, a: PositiveInt): ...", {}, f"{NOISE}: needs a"),
    ("data/corruptions/mine.py", "def corrupt(*, a: Pixels = 40): ...", {}, f"{NOISE}.a: does not fit"),
    ("data/corruptions/mine.py", "HIDES = 'few'\ndef corrupt(): ...", {}, "HIDES"),
    ("restorers/baselines/mine.py", "HIDDEN = 'some'\ndef restore(): ...", None, "HIDDEN"),
    ("restorers/baselines/mine.py", "CALIBRATED = ['few']\ndef restore(): ...", None, "CALIBRATED"),
    ("restorers/baselines/mine.py", "HIDDEN = [[]]\ndef restore(): ...", None, "HIDDEN"),
    ("restorers/baselines/mine.py", "GRID = [3, 5]\ndef restore(): ...", None, "GRID must be a mapping"),
    ("restorers/baselines/mine.py", "GRID = {'a': 3}\ndef restore(): ...", None, "GRID must be a mapping"),
    ("restorers/baselines/mine.py", "GRID = {'a': []}\ndef restore(): ...", None, "GRID must be a mapping"),
    ("restorers/baselines/mine.py", "GRID = {'a': [3]}\ndef restore(): ...", None, "GRID.a"),
    ("restorers/baselines/mine.py", "GRID = {'a': ['']}\ndef restore(*, a: bool = 1): ...", None, "GRID.a"),
    ("data/datasets/mnist.py", "IMAGE_SHAPE = 28\ndef load(source): ...", None, "IMAGE_SHAPE"),
    ("data/datasets/mnist.py", "TRAIN_IMAGES = 'all'\ndef load(source): ...", None, "TRAIN_IMAGES"),
    ("data/datasets/mnist.py", "LABELS = 'none'\ndef load(source): ...", None, "LABELS"),
    ("data/datasets/mlflow.py", "def load(source): ...", None, "dataset.name: results/mlflow"),
    ("restorers/inference/encode.py", "NEEDS = 3\ndef restore(): ...", None, "NEEDS"),
]


@pytest.mark.parametrize(("file", "source", "parameters", "expected"), PARTS, ids=[row[1][:40] for row in PARTS])
def test_a_part(file, source, parameters, expected, config, tmp_path, monkeypatch):
    for kind in registry.ENTRY_POINTS:
        shutil.copytree(registry.PACKAGE / registry.FOLDERS[kind], tmp_path / registry.FOLDERS[kind])
    (tmp_path / file).write_text(source)
    monkeypatch.setattr(registry, "PACKAGE", tmp_path)
    if file == "data/datasets/mlflow.py":
        config["dataset"]["name"] = "mlflow"
    if parameters is not None:
        config["tasks"]["denoising"]["corruption"] = {"name": "mine", **parameters}
    registry.parsed.cache_clear()
    try:
        assert_says(refusal(lambda: configuration.resolve(config)), file, expected)
    finally:
        registry.parsed.cache_clear()


# ------------------------------------------------------------------------------------------------------------- DATA


class Malicious:
    """An object that makes a folder `made` in the working directory when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("made",)


def put(content: bytes) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(content)


def cut(share: float) -> Callable[[Path], Any]:
    """Keep only the first `share` of the file."""
    return lambda path: path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])


def flip(share: float) -> Callable[[Path], Any]:
    """Change one byte."""

    def damage(path: Path) -> None:
        content = bytearray(path.read_bytes())
        content[int(len(content) * share)] ^= 0xFF
        path.write_bytes(content)

    return damage


def remove(path: Path) -> None:
    path.unlink()


def arrays(**changes: Any) -> Callable[[Path], Any]:
    """Change arrays in an npz file: to a function of the old one, or to a value; None removes an array."""

    def damage(path: Path) -> None:
        with np.load(path) as file:
            content = dict(file)
        for name, change in changes.items():
            content[name] = change(content[name]) if callable(change) else change
        np.savez(path, **{name: array for name, array in content.items() if array is not None})

    return damage


def member(name: str, content: bytes, compression: int = zipfile.ZIP_STORED) -> Callable[[Path], Any]:
    """Change the content of a file in an archive."""

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
    """Return an npy file that claims `shape`, whatever it holds."""
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

# What is done to every file but the first below, which is in a format of its own.
COMMON: dict[str, Callable[[Path], Any]] = {
    "empty": put(b""),
    "truncated": cut(0.9),
    "cut in its middle": cut(0.5),
    "removed": remove,
    "an HTML page": put(b"<html>"),
    "a pickle": put(pickle.dumps(Malicious())),
}

# Of each file: what is wrong, how the file gets so, and a word of the line.
DATA: dict[str, list[tuple[str, Callable[[Path], Any], str]]] = {
    "images-idx3-ubyte": [
        ("empty", put(b""), "magic number 0x"),
        ("truncated", cut(0.97), "too long: 38"),
        ("too long", put(encoded(ARRAY) + b"\0"), "too long: more"),
        ("cut in its header", cut(0.18), "too long: 7"),
        ("an HTML page", put(b"\n <!DOCTYPE html><html>"), "HTML"),
        ("a gzipped HTML page", put(gzip.compress(b"<html>")), "HTML"),
        ("labels for images", put(encoded(ARRAY[0])), "magic number 0x00000802"),
        ("floats", put(encoded(ARRAY, 0x0D00)), "magic number 0x00000d03"),
        ("fewer images", put(encoded(ARRAY[:1])), "(1, 3, 4)"),
        ("larger images", put(encoded(ARRAY.reshape(2, 4, 3))), "(2, 4, 3)"),
        ("an npy file", put(npy((2, 3, 4), content=bytes(24))), "magic number 0x934e554d"),
        ("a pickle", put(pickle.dumps(Malicious())), "magic number 0x8004"),
        ("gzip, truncated", put(PACKED[:-9]), "whole gzip"),
        ("gzip, header alone", put(PACKED[:5]), "whole gzip"),
        ("gzip, damaged", put(PACKED[:-6] + b"\0" + PACKED[-5:]), "whole gzip"),
        ("gzip, and more", put(PACKED + b"x" * 9), "whole gzip"),
        ("gzip, too short", put(gzip.compress(encoded(ARRAY)[:-1])), "too long: 39"),
        ("gzip, too long", put(gzip.compress(encoded(ARRAY) + b"\0")), "too long: more"),
        ("a zeros' bomb", put(gzip.compress(BOMB, 1)), "magic number 0x00000000"),
        ("a gzip bomb", put(gzip.compress(encoded(ARRAY) + BOMB, 1)), "too long: more"),
        ("removed", remove, "cannot be read"),
    ],
    "dataset.npz": [
        ("a damaged byte", flip(0.1), "CRC"),
        ("an npy file", put(npy((2,), content=bytes(2))), "zip"),
        ("an array of objects", objects, "cannot be read"),
        ("a pickle for an array", member("test_images.npy", pickle.dumps(Malicious())), "cannot be read"),
        ("an object's header", member("test_images.npy", npy((1,), "|O", pickle.dumps([Malicious()]))),
         "Python objects"),
        ("a zip bomb", member("test_images.npy", npy((len(BOMB),), content=BOMB), zipfile.ZIP_DEFLATED),
         "cannot be read (its"),
        ("claimed size", member("test_images.npy", npy((10**12,))), "cannot be read"),
        ("claimed header", member("test_images.npy", b"\x93NUMPY\x01\x00\xff\xff{"), "cannot be read"),
        ("negative shape", member("test_images.npy", npy((-2, -1), content=b"ab")), "cannot be read"),
        ("no labels", arrays(test_labels=None), "no item named 'test_labels"),
        ("float images", arrays(train_images=lambda old: old / 255), "train_images: float64 (8, 1, 12, 12"),
        ("flat images", arrays(train_images=lambda old: old.reshape(8, -1)), "train_images: uint8 (8, 144"),
        ("two channels", arrays(test_images=lambda old: old.repeat(2, axis=1)), "test_images: uint8 (6, 2, "),
        ("tiny images", arrays(train_images=lambda old: old[..., :5]), "train_images: uint8 (8, 1, 12, 5"),
        ("no images", arrays(test_images=lambda old: old[:0]), "test_images: uint8 (0, 1, 12, 12"),
        ("mixed sizes", arrays(test_images=lambda old: old[..., :11]), "mixed sizes"),
        ("fewer labels", arrays(train_labels=lambda old: old[1:]), "train_labels: int64 (7,)"),
        ("float labels", arrays(train_labels=lambda old: old / 1), "train_labels: float64 (8,)"),
        ("a label too large", arrays(test_labels=lambda old: old + 1), "test_labels: 1 to 4"),
        ("a negative label", arrays(test_labels=lambda old: old - 1), "test_labels: -1 to 2"),
        ("no classes", arrays(classes=0), "classes: "),
        ("classes of each image", arrays(classes=np.ones(9)), "classes: "),
    ],
    "test.npz": [
        ("fewer images", arrays(corrupted=lambda old: old[1:]), "'corrupted' is uint8 (5, 1, 12, 12)"),
        ("smaller images", arrays(corrupted=lambda old: old[..., 1:]), "'corrupted' is uint8 (6, 1, 12, 11)"),
        ("float images", arrays(corrupted=lambda old: old / 255), "'corrupted' is float64 (6, 1, 12, 12)"),
        ("fewer masks", arrays(mask=lambda old: old[1:]), "'mask' is bool (5, 1, 12, 12)"),
        ("a mask of numbers", arrays(mask=lambda old: old.astype(np.uint8)), "'mask' is uint8 (6, 1, 12, 12)"),
        ("no mask", arrays(mask=None), "no item named 'mask"),
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
    "classifier.json": lambda path: models_table.read_classifier_accuracy(str(path)),
}


@pytest.fixture(scope="session")
def good(tmp_path_factory, strokes, build_model) -> Path:
    """Make a folder of files as the stages write them."""
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
    """Copy the folder to damage it, as the working directory; nothing in a file may be executed."""
    shutil.copytree(good, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not (tmp_path / "made").exists()


def rows(table: dict[str, list[tuple[str, Callable[[Path], Any], str]]]) -> list[Any]:
    return [
        pytest.param(file, damage, word, id=f"{file}: {what}")
        for file, damages in table.items()
        for what, damage, word in damages
    ]


def refused(file: str, damage: Callable[[Path], Any], here: Path) -> str:
    """Return what the line says of the damaged file after the file's name."""
    path = here / file
    READERS[file](path)  # the whole file can be read
    damage(path)
    line = refusal(lambda: READERS[file](path))
    assert line.startswith(f"{path}: ")
    assert line.endswith(idx.WAYS_OUT if file == "images-idx3-ubyte" else AGAIN)
    return line.removeprefix(f"{path}: ")


@pytest.mark.parametrize(("file", "damage", "word"), rows(DATA))
def test_data(file, damage, word, here):
    assert word in refused(file, damage, here)


@pytest.mark.parametrize("damage", COMMON)
@pytest.mark.parametrize("file", [name for name in READERS if name != "images-idx3-ubyte"])
def test_any_file_that_is_none(file, damage, here):
    assert "cannot be read" in refused(file, COMMON[damage], here)


@pytest.mark.parametrize(
    ("file", "damage", "word"), [row for row in rows(DATA) if row.id.endswith((" bomb", "claimed size"))]
)
def test_what_claims_to_be_large_takes_no_memory(file, damage, word, here):
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
    ((IMAGES / 255, LABELS, IMAGES, LABELS, 10), "train_images: float64"),
    ((IMAGES[:, 0], LABELS, IMAGES, LABELS, 10), "train_images: uint8 (5, 28, 28)"),
    ((IMAGES, LABELS, IMAGES[:, :, 2:], LABELS, 10), "images of mixed sizes"),
    ((IMAGES[:, :, :20], LABELS, IMAGES[:, :, :20], LABELS, 10), "IMAGE_SHAPE"),
    ((IMAGES, LABELS, IMAGES, LABELS, 10), "TRAIN_IMAGES"),
    ((IMAGES, LABELS + 10, IMAGES, LABELS, 10), "train_labels: 10 to 10"),
    ((IMAGES, LABELS[1:], IMAGES, LABELS, 10), "train_labels: int64 (4,)"),
    ((IMAGES, LABELS, IMAGES[:0], LABELS[:0], 10), "test_images: uint8 (0, 1, 28, 28)"),
    ((IMAGES, list(LABELS), IMAGES, LABELS, 10), "train: images and labels"),
    ((IMAGES, LABELS, IMAGES, LABELS, "ten"), "classes: 'ten'"),
]


@pytest.mark.parametrize(("loaded", "line"), LOADED, ids=[line for _, line in LOADED])
def test_a_data_set_of_the_users_own(loaded, line):
    assert refusal(lambda: download.check(Dataset(*loaded), "digits")).startswith(f"data/datasets/digits.py: {line}")


SHADES, HIDDEN = torch.full((5, 1, 12, 12), 0.5), torch.zeros(5, 1, 12, 12, dtype=torch.bool)

# What a corruption of the user's own returns, and a word of the line.
RETURNED = [
    (SHADES[1:], HIDDEN, "images"),
    (SHADES * 3, HIDDEN, "images"),
    (SHADES * math.nan, HIDDEN, "images"),
    (SHADES, HIDDEN[:, 0], "mask"),
    (SHADES, HIDDEN.float(), "mask"),
]


@pytest.mark.parametrize(("corrupted", "mask", "word"), RETURNED, ids=range(len(RETURNED)))
def test_a_corruption_of_the_users_own(corrupted, mask, word):
    line = refusal(lambda: corrupt_script.check(corrupted, mask, SHADES.shape, "mine"))
    assert line.startswith(f"data/corruptions/mine.py: its {word}")


@pytest.mark.parametrize("source", ["nowhere", "images-idx3-ubyte", "\0", "x" * 300, "ftp://", "http://"])
def test_a_source_that_is_no_folder(source, here):
    with pytest.raises(UserError) as caught:
        idx.load("MNIST", {}, source)
    assert len(str(caught.value).splitlines()) == 1
    assert source in str(caught.value)


def nothing(folder: Path) -> None:
    """Leave the folder as it is."""


def picture(name: str, mode: str = "L", size: tuple[int, int] = (28, 28)) -> Callable[[Path], Any]:
    """Make a picture `name`; size: width and height."""
    return lambda folder: Image.new(mode, size).save(folder / name)


# What is done to a folder with damaged/{a,b}.png and masks/{a,b}.png; other keys of the request; the line.
PICTURES: list[tuple[str, Callable[[Path], Any], dict[str, Any], str]] = [
    ("no folder", lambda folder: shutil.rmtree(folder / "damaged"), {}, "restore.images: damaged is no folder"),
    ("a file", nothing, {"images": "damaged/a.png"}, "restore.images: damaged/a.png is no folder"),
    ("an empty folder", lambda folder: (folder / "new").mkdir(), {"images": "new"}, "restore.images: new"),
    ("no folder of masks", nothing, {"masks": "new"}, "restore.masks: new is no folder"),
    ("a mask less", lambda folder: (folder / "masks/b.png").unlink(), {}, "damaged/b.png: there is no mask"),
    ("one name twice", picture("damaged/a.jpg"), {}, "restore.images: damaged/a.jpg and damaged/a.png"),
    ("the sheet's name", picture("damaged/side_by_side.png"), {}, "damaged/side_by_side.png: "),
    ("another size", picture("damaged/b.png", size=(28, 20)), {}, "damaged/b.png: has 20 x 28 pixels"),
    ("a mask of another size", picture("masks/a.png", size=(20, 28)), {}, "masks/a.png: has 28 x 20 pixels"),
    ("a mask of another size than its picture", picture("damaged/b.png", size=(28, 20)), {"fit": "crop"},
     "masks/b.png: has 28 x 28 pixels"),
    ("no picture", lambda folder: (folder / "damaged/b.png").write_text("<html>"), {}, "damaged/b.png: is no picture"),
    ("16 bits", picture("damaged/b.png", "I;16"), {}, "damaged/b.png: has values of more than 8 bits"),
    ("no transparency", nothing, {"masks": None}, "damaged/a.png: is not transparent"),
    ("masks for noise", nothing, {"task": "denoising"}, "restore.masks: the task 'denoising'"),
    ("over the images", nothing, {"output": "masks/../damaged"}, "restore.output: masks/../damaged"),
    ("over the masks", nothing, {"output": "masks"}, "restore.output: masks"),
    ("over a file", nothing, {"output": "damaged/a.png"}, "restore.output: damaged/a.png is no folder"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change", "keys", "line"), PICTURES, ids=[row[0] for row in PICTURES])
def test_pictures_to_restore(what, change, keys, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("damaged", "masks"):
        (tmp_path / folder).mkdir()
        for name in ("a.png", "b.png"):
            picture(f"{folder}/{name}")(tmp_path)
    request = RESTORE | {"masks": "masks", "fit": None}
    assert [item.name for item in picture_files.plan(request, True, (28, 28))] == ["a", "b"]
    change(tmp_path)
    request = request | keys
    assert refusal(lambda: picture_files.plan(request, request["task"] == "inpainting", (28, 28))).startswith(line)


# --------------------------------------------------------------------------------------------- RESULTS, CHECKPOINTS


def tensors(**changes: Any) -> Callable[[Path], Any]:
    """Change entries of a file that torch wrote: to a function of the old one, or to a value; None removes an entry."""

    def damage(path: Path) -> None:
        content = torch.load(path)
        for name, change in changes.items():
            content[name] = change(content[name]) if callable(change) else change
        torch.save({name: value for name, value in content.items() if value is not None}, path)

    return damage


def weights(change: Callable[[torch.Tensor], Any]) -> Callable[[dict], dict]:
    """Change the first weights."""
    return lambda state: {name: values if at else change(values) for at, (name, values) in enumerate(state.items())}


def saved(content: Any) -> Callable[[Path], Any]:
    return lambda path: torch.save(content, path)


def entries(**changes: Any) -> Callable[[Path], Any]:
    """Change entries of a JSON file; None removes an entry."""

    def damage(path: Path) -> None:
        content = json.loads(path.read_text()) | changes
        path.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))

    return damage


def champion(**changes: Any) -> Callable[[Path], Any]:
    """Change entries of a champion's file."""

    def damage(path: Path) -> None:
        path.write_text(json.dumps({"champion": json.loads(path.read_text())["champion"] | changes}))

    return damage


def columns(**columns: Any) -> Callable[[Path], Any]:
    return lambda path: pd.DataFrame(columns).to_parquet(path)


def spread(values: torch.Tensor) -> torch.Tensor:
    """Return a tensor of the same shape with one stored value."""
    return torch.zeros(1).expand(values.shape)


ODD = "does not fit together"
RESULTS: dict[str, list[tuple[str, Callable[[Path], Any], str]]] = {
    "examples.npz": [
        ("no restorations", arrays(encode=None), "no restorations"),
        ("other images", arrays(shown=np.array([2, 6])), "'shown'"),
        ("one number for images", arrays(shown=3), "'shown' is int64 ()"),
        ("mixed sizes", arrays(encode=lambda old: old[..., 1:]), "(2, 1, 12, 11"),
    ],
    "latents.npz": [
        ("three dimensions", arrays(train=np.zeros((6, 3), np.float32)), "'train' is float32 (6, 3)"),
        ("other labels", arrays(test_labels=lambda old: old[1:]), "'test_labels' is int64 (5,)"),
        ("no number", arrays(test=lambda old: old * np.nan), "'test' does not hold numbers"),
    ],
    "history.parquet": [
        ("a CSV file", put(b"iteration,objective\n1,9.0\n"), "Parquet magic"),
        ("another column", columns(iteration=[1, 2]), "objective"),
        ("texts", columns(iteration=[1], objective=["9"]), "'objective'"),
        ("no number", columns(iteration=[1, 2], objective=[9, np.nan]), "'objective'"),
        ("no rows", columns(iteration=[], objective=[]), "0 rows"),
        ("a bomb", columns(iteration=np.zeros(10**6), objective=np.zeros(10**6)), "1,000,000 rows"),
    ],
    "metrics.json": [
        ("not a text", put(b"\xff\xfe"), "utf-8"),
        ("nested without end", put(b"[" * 10**5), "cannot be read"),
        ("a list", put(b"[]"), "it has no scores"),
        ("no scores", entries(scores=None), "it has no scores"),
        ("empty scores", entries(scores={}, test={}), "cannot be read"),
        ("scores of another form", entries(scores=[1]), "cannot be read"),
        ("texts for scores", entries(test=dict.fromkeys(models_table.OBJECTIVE, "9")), "holds no number"),
        ("no cost of a method", entries(cost={}), "'encode'"),
        ("a text for a cost", entries(cost={"encode": {"multiply_adds": "9"}}), "holds no number"),
        ("no likeness", entries(scores={"encode": {"raw": {"whole": {"mse": 0.1, "psnr": 9.0, "accuracy": 0.5}}}}),
         "'ssim'"),
        ("part of a latent", entries(latent={"kl": 0.5}), "'active_units'"),
        ("a list for a latent", entries(latent=[1]), "cannot be read"),
        ("a text for a diagnosis", entries(common={"mse": "12", "bce": 85.0}), "holds no number"),
    ],
    "classifier.pt": [
        ("a damaged byte", flip(0.7), "cannot be read"),
        ("code in torch's format", saved({"classifier": 1, "state_dict": Malicious()}), "Weights only"),
        ("a bomb", member("data/0", BOMB, zipfile.ZIP_DEFLATED), "cannot be read (its"),
        ("a model", lambda path: shutil.copy(path.with_name("model.pt"), path), "not a classifier"),
        ("a list", saved([1, 2]), "not a classifier"),
        ("another format", tensors(classifier=2), "not a classifier"),
        ("other images", tensors(image_shape=[1, 28, 28]), "[1, 28, 28] of 4 classes"),
        ("other classes", tensors(classes=9), "[1, 12, 12] of 9 classes"),
        ("claimed images", tensors(image_shape=torch.ones(3)), ODD),
        ("no weights", tensors(state_dict={}), "its weights"),
        ("other weights", tensors(state_dict=weights(lambda old: old[1:])), "layers.1.weight is"),
        ("no number", tensors(state_dict=weights(lambda old: old * math.nan)), "layers.1.weight has values"),
    ],
    "classifier.json": [
        ("no accuracy", entries(accuracy=None), "it has no accuracy"),
        ("of other images alone", entries(accuracy={"validation": 0.9}), "'test'"),
        ("a text", entries(accuracy={"test": "much"}), "'much'"),
    ],
    "champion.json": [
        ("a list", put(b"[]"), "it has no champion"),
        ("another form", put(b'{"champion": {"task": "holes"}}'), "missing"),
        ("a text for a champion", put(b'{"champion": "vae"}'), "cannot be read"),
        ("unknown inference", champion(method="guess"), "inference: there is no 'guess'"),
        ("unknown network", champion(network="../losses/bce"), "network: there is no '../losses/bce'"),
        ("an unknown parameter", champion(parameters={"sample": 3}), "inference.sample"),
        ("a text for a seed", champion(seed="0"), "names no model"),
        ("no figure", champion(figure={}), "'low'"),
        ("a text for a figure", champion(figure={"mean": "0.2", "low": 0, "high": 1}), "cannot be read"),
    ],
    "training.json": [
        ("no run", entries(run=None), "it has no run"),
        ("no objective", entries(train={}), "'objective'"),
    ],
    "model.pt": [
        ("a damaged byte", flip(0.7), "cannot be read"),
        ("code in torch's format", saved({"format": 1, "state_dict": Malicious()}), "Weights only"),
        ("a whole module", saved(torch.nn.Linear(2, 2)), "Weights only"),
        ("an npz file", npz, "cannot be read"),
        ("another archive", member("data.pkl", b"no pickle"), "cannot be read"),
        ("a bomb", member("data/0", BOMB, zipfile.ZIP_DEFLATED), "cannot be read (its"),
        ("a state_dict alone", lambda path: torch.save(torch.load(path)["state_dict"], path), "not a model"),
        ("a list", saved([1, 2]), "not a model"),
        ("a classifier", lambda path: shutil.copy(path.with_name("classifier.pt"), path), "not a model"),
        ("a tensor", saved(torch.ones(3)), "not a model"),
        ("nothing", saved({}), "not a model"),
        ("another format", tensors(format=2), "not a model"),
        ("a tensor for the format", tensors(format=torch.ones(3)), "not a model"),
        ("no variant", tensors(variant=None), "'variant'"),
        ("part of a variant", tensors(variant={"network": "vae"}), "missing"),
        ("unknown network", tensors(variant=lambda old: old | {"network": "../losses/bce"}),
         "variant: there is no '../losses/bce'"),
        ("unknown condition", tensors(variant=lambda old: old | {"condition": "name"}), "'name'"),
        ("unknown encoder_input", tensors(variant=lambda old: old | {"encoder_input": 3}), "encoder_input 3"),
        ("unknown loss", tensors(loss="unheard_of"), "loss: there is no 'unheard_of'"),
        ("unknown parameter", tensors(variant=lambda old: old | {"parameters": {"width": 3}}), "'width'"),
        ("a condition that its network does not take",
         tensors(variant=lambda old: old | {"network": "autoencoder", "parameters": {}}),
         "'autoencoder'"),
        ("claimed width", tensors(variant=lambda old: old | {"parameters": {"hidden": 10**6}}),
         "encoder.0.weight is"),
        ("claimed images", tensors(image_shape=[1, 10**6, 10**6]), "encoder.0.weight is"),
        ("impossible images", tensors(image_shape=[1, 0, 12]), "images [1, 0, 12] of 4 classes"),
        ("impossible classes", tensors(classes=-4), "images [1, 12, 12] of -4 classes"),
        ("other shapes", tensors(state_dict=weights(lambda old: old[:, 1:].clone())), "encoder.0.weight is"),
        ("other types", tensors(state_dict=weights(torch.Tensor.double)), "encoder.0.weight is"),
        ("no tensor", tensors(state_dict=weights(torch.Tensor.tolist)), "'list'"),
        ("one value for all", tensors(state_dict=weights(spread)), "encoder.0.weight is"),
        ("NaN", tensors(state_dict=weights(lambda old: old * math.nan)), "encoder.0.weight has values"),
        ("no weights", tensors(state_dict={}), "its weights"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("file", "damage", "word"), rows(RESULTS))
def test_results(file, damage, word, here):
    assert word in refused(file, damage, here)


def test_a_pickle_that_was_refused_would_have_been_executed(here):
    saved(Malicious())(here / "pickle.pt")
    torch.load(here / "pickle.pt", weights_only=False)
    (here / "made").rmdir()


def test_a_model_of_other_images_than_the_data_sets(here, build_model):
    model_file.save(build_model("vae", shape=(1, 28, 28)), here / "model.pt")
    inputs = SimpleNamespace(**{name: here / f"{name}.npz" for name in ("dataset", "test")}, model=here / "model.pt")
    line = refusal(lambda: evaluate_script.main({"inference": [["encode", {}]]}, inputs, SimpleNamespace(), 0))
    assert line.startswith(f"{here}/model.pt: ")
    assert "(1, 28, 28)" in line
    assert line.endswith(AGAIN)


def optimiser(part: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[dict], dict]:
    """Change one part of the optimiser's state of the first weights."""

    def changed_state(content: dict) -> dict:
        return content | {part: [change(content[part][0]), *content[part][1:]]}

    return changed_state


# What is done to the checkpoint of a stopped training. The training removes the checkpoint and starts over.
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
    """Stop a training of two epochs of three iterations, with a checkpoint after the fifth."""

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
    """Return all values that were read, as bytes."""
    buffer = io.BytesIO()
    content = read.network.state_dict() if isinstance(read, model_file.Model) else read
    torch.save(content, buffer)
    return buffer.getvalue()
