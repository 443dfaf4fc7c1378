"""The data set `folder`, from its configuration to the stored splits."""

import re
import shutil
import textwrap
from pathlib import Path
from typing import Any

import download
import numpy as np
import pytest
import yaml
from helpers import changed
from PIL import Image

from checkout import ROOT
from restoration.comparison import claims_file
from restoration.config import configuration, dataset_settings, yaml_file
from restoration.config.configuration import ModelName
from restoration.core import artifacts
from restoration.core.errors import UserError
from restoration.data import dataset_files, split_sizes
from restoration.data.datasets import folder

KINDS = {"house": 12, "sun": 20, "tree": 8}


def draw(place: Path, count: int, size: tuple[int, int] = (14, 12), mode: str = "RGB", seed: int = 0) -> None:
    """Images of random blocks; size: width and height."""
    rng = np.random.default_rng(seed)
    place.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        blocks = rng.integers(0, 256, (3, 4, 3)).astype(np.uint8)
        Image.fromarray(blocks).resize(size).convert(mode).save(place / f"{number:02}.png")


@pytest.fixture
def plain(tmp_path) -> Path:
    """Forty images without labels."""
    draw(tmp_path / "plain", 40)
    return tmp_path / "plain"


@pytest.fixture
def sorted_(tmp_path) -> Path:
    """Forty images in the folders KINDS."""
    for seed, (kind, count) in enumerate(KINDS.items()):
        draw(tmp_path / "sorted" / kind, count, seed=seed)
    return tmp_path / "sorted"


def pixels(images: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in images}


def test_images_without_labels_are_of_one_class(plain):
    found = folder.load(str(plain))
    assert found.train_images.shape == (32, 3, 12, 14)
    assert found.test_images.shape == (8, 3, 12, 14)
    assert found.train_images.dtype == np.uint8
    assert found.classes == 1
    assert not found.train_labels.any()
    whole = np.stack([np.asarray(Image.open(path)).transpose(2, 0, 1) for path in sorted(plain.iterdir())])
    assert pixels(found.train_images) | pixels(found.test_images) == pixels(whole)
    assert found.sources == {path.name: artifacts.sha256(path) for path in plain.iterdir()}
    dataset_files.check({"train": dataset_files.Split(found.train_images, found.train_labels)}, found.classes)


def test_of_each_class_the_same_share_is_for_testing(sorted_):
    found = folder.load(str(sorted_))
    assert found.classes == 3
    assert np.bincount(found.test_labels).tolist() == [2, 4, 2]
    assert np.bincount(found.train_labels).tolist() == [10, 16, 6]
    for label, kind in enumerate(KINDS):
        whole = [np.asarray(Image.open(path)).transpose(2, 0, 1) for path in (sorted_ / kind).iterdir()]
        assert pixels(found.train_images[found.train_labels == label]) < pixels(np.stack(whole))


@pytest.mark.parametrize(("test", "count"), [(0.1, 4), (0.5, 20), (1, 1), (13, 13)])
def test_testing_takes_a_share_or_a_number(test, count, plain):
    assert len(folder.load(str(plain), test=test).test_images) == count


def test_the_split_is_drawn_by_its_seed_and_by_contents(plain, tmp_path):
    first, again, other = (folder.load(str(plain), seed=seed) for seed in (0, 0, 1))
    for one, two in zip(vars(first).values(), vars(again).values(), strict=True):
        assert np.array_equal(one, two)
    assert pixels(first.test_images) != pixels(other.test_images)
    for number, path in enumerate(sorted(plain.iterdir())):  # other names, in another order
        path.rename(plain / f"new {97 - number}.png")
    renamed = folder.load(str(plain))
    np.testing.assert_array_equal(first.train_images, renamed.train_images)
    np.testing.assert_array_equal(first.test_images, renamed.test_images)
    draw(tmp_path / "more", 1, seed=9)
    shutil.copy(tmp_path / "more" / "00.png", plain / "more.png")
    more = folder.load(str(plain))
    assert len(pixels(more.test_images) - pixels(first.test_images)) <= 1


def test_grey_images_have_one_channel_unless_three_are_asked_for(tmp_path):
    draw(tmp_path / "grey", 20, mode="L")
    draw(tmp_path / "both", 19, mode="L")
    draw(tmp_path / "both" / "..", 0)
    Image.new("RGB", (14, 12), (10, 200, 30)).save(tmp_path / "both" / "colour.png")
    grey, coloured = folder.load(str(tmp_path / "grey")), folder.load(str(tmp_path / "grey"), channels=3)
    assert grey.train_images.shape[1] == 1
    assert coloured.train_images.shape[1] == 3
    np.testing.assert_array_equal(coloured.train_images, grey.train_images.repeat(3, axis=1))
    assert folder.load(str(tmp_path / "both")).train_images.shape[1] == 3
    assert folder.load(str(tmp_path / "both"), channels=1).train_images.shape[1] == 1


def test_colour_becomes_grey_as_pillow_makes_it(plain):
    found = folder.load(str(plain), channels=1)
    whole = np.stack([np.asarray(Image.open(path).convert("L"))[None] for path in plain.iterdir()])
    assert pixels(found.train_images) | pixels(found.test_images) == pixels(whole)


@pytest.mark.parametrize(("size", "shape"), [(11, (11, 11)), ([16, 24], (16, 24))])
def test_images_of_mixed_sizes_are_brought_to_one(size, shape, plain):
    draw(plain / "..", 0)
    Image.new("RGB", (50, 30)).save(plain / "large.jpg")
    assert folder.load(str(plain), size=size).train_images.shape[2:] == shape
    crop, stretch = (folder.load(str(plain), size=size, fit=fit).train_images for fit in ("crop", "stretch"))
    assert not np.array_equal(crop, stretch)


@pytest.mark.parametrize(
    ("name", "make", "line"),
    [
        ("99.png", lambda path: Image.new("RGB", (30, 20)).save(path),
         "images of mixed sizes: '00.png' has 12 x 14 pixels, '99.png' has 20 x 30; set dataset.size, as size: 32"),
        ("05.png", lambda path: path.write_bytes(path.read_bytes()[:60]), "'05.png': not a whole PNG or JPEG image ("),
        ("99.jpg", lambda path: path.write_text("a text"),
         "'99.jpg': not a whole PNG or JPEG image (its content is neither)"),
        ("05.png", lambda path: Image.new("RGBA", (14, 12)).save(path), "'05.png': parts of it are transparent; give"),
        ("00.png", lambda path: Image.new("RGB", (8, 8)).save(path), "'00.png': 8 x 8 pixels (height x width); 11 x"),
        ("00.png", lambda path: Image.new("L", (300, 300)).save(path), "'00.png': 300 x 300 pixels (height x width)"),
        ("05.png", lambda path: (path.unlink(), path.symlink_to("nowhere")), "'05.png': cannot be read (No such file"),
    ],
)  # fmt: skip
def test_an_image_that_cannot_be_used_is_named(name, make, line, plain):
    make(plain / name)
    with pytest.raises(UserError) as caught:
        folder.load(str(plain))
    assert str(caught.value).startswith(line)
    assert len(str(caught.value).splitlines()) == 1


def test_copies_are_told_of(plain, caplog):
    for name in ("a.png", "b.png"):
        shutil.copy(plain / "00.png", plain / name)
    folder.load(str(plain))
    assert "2 of the 42 images are copies of others" in caplog.text


# ---------------------------------------------------------------------------------------------- the configuration


def own(config: dict[str, Any], images: Path, **keys: Any) -> dict[str, Any]:
    return changed(config, "dataset", {"name": "folder", "source": str(images), **keys})


def test_the_configuration_knows_the_images_before_anything_runs(config, plain, sorted_):
    assert configuration.resolve(own(config, plain))["dataset"] == {
        "name": "folder",
        "source": str(plain),
        "validation": 4,
        "seed": 0,
        "size": None,
        "fit": "crop",
        "channels": None,
        "test": 0.2,
        "labels": [],
    }
    labelled = configuration.resolve(own(config, sorted_, validation=0.25, size=[20, 24]))
    assert labelled["dataset"]["labels"] == list(KINDS)
    assert labelled["dataset"]["validation"] == 8
    assert "left_out" not in labelled
    assert len(configuration.models(labelled)) == 14 * 3
    assert dataset_settings.size(labelled["dataset"]) == (20, 24)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"size": 10}, "dataset.size: 10 is less than the minimum of 11"),
        ({"size": 129}, "dataset.size: 129 is greater than the maximum of 128"),
        ({"size": 28.0}, "dataset.size: 28.0 is not a whole number or a list or null"),
        ({"size": "28x28"}, "dataset.size: '28x28' is not a whole number or a list or null"),
        ({"size": [28]}, "dataset.size: [28] is too short"),
        ({"size": [28, 28, 3]}, "dataset.size: [28, 28, 3] is too long"),
        ({"size": [28, 5]}, "dataset.size.1: 5 is less than the minimum of 11"),
        ({"fit": "pad"}, "dataset.fit: 'pad' is not one of ['crop', 'stretch']"),
        ({"channels": 2}, "dataset.channels: 2 is not one of [1, 3, None]"),
        ({"test": 0}, "dataset.test: 0 is less than or equal to the minimum of 0"),
        ({"test": 1.5}, "dataset.test: 1.5 is neither a whole number of images nor a share between 0 and 1"),
        ({"test": 0.999}, "dataset.test: 0.999 of 40 images is 40; one at least must be there, and be left"),
        ({"test": 40}, "dataset.test: 40 of 40 images is 40; one at least must be there, and be left"),
        ({"test": 0.01}, "dataset.test: 0.01 of 40 images is 0; one at least must be there, and be left"),
        ({"validation": 32}, "dataset.validation: 32 of the 32 training images of folder leave none to train on"),
        ({"validation": 0.01}, "dataset.validation: 0.01 of the 32 training images of folder leave none to validate"),
        ({"validation": 2.5}, "dataset.validation: 2.5 is neither a whole number of images nor a share between 0 and"),
        ({"source": None}, "dataset.source: name the folder that holds the images"),
        ({"source": "nowhere"}, "dataset.source: 'nowhere' cannot be read as a folder (No such file"),
        ({"colour": True}, "dataset: unknown key 'colour'; known: name, source, validation"),
        ({"size": 11, "name": "digits", "source": None},
         "dataset.size: 'digits' takes no such key; it takes: name, source, validation, seed"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_is_refused(keys, line, config, plain):
    with pytest.raises(UserError) as caught:
        configuration.resolve(own(config, plain, **{"validation": None} | keys))
    assert str(caught.value).startswith(line)


def test_a_share_that_leaves_a_class_out_is_refused(config, sorted_):
    with pytest.raises(UserError, match=r"dataset\.test: 2 of 40 images is 2; one at least of each of 3 classes must"):
        configuration.resolve(own(config, sorted_, test=2))


def test_a_hole_larger_than_the_images_is_refused_where_their_size_is_given(config, plain):
    with pytest.raises(UserError, match=r"corruption\.size: 12 does not fit; the images of folder have 11 x 40 pixels"):
        configuration.resolve(changed(own(config, plain, size=[11, 40]), "tasks.inpainting.corruption.size", 12))
    configuration.resolve(changed(own(config, plain), "tasks.inpainting.corruption.size", 12))


def documented(name: str) -> str:
    """A configuration file for images of one's own: the file itself, or the example of a page."""
    text = (ROOT / name).read_text(encoding="utf-8")
    if name.endswith(".md"):
        (text,) = re.findall(r"^ *```yaml\n( *# my\.yaml\n.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return textwrap.dedent(text)


@pytest.mark.parametrize("name", ["README.md", "config/README.md", "config/folder.yaml"])
def test_what_the_pages_show_as_a_configuration_is_one_in_a_few_lines(name, config, plain):
    text = documented(name)
    given = yaml.safe_load(text)
    assert given["dataset"] == {"name": "folder", "source": "my-images/", "size": 32}
    resolved = configuration.resolve(yaml_file.laid_over(own(given, plain, size=32), config))
    assert resolved["dataset"]["labels"] == []
    assert len(text.splitlines()) < 15


# -------------------------------------------------------------------------------------------------- without labels


def test_without_labels_what_needs_one_is_left_out(config, plain):
    resolved = configuration.resolve(own(config, plain))
    assert resolved["left_out"] == {"variants": ["inpainting/cvae_label"], "inference": ["inferred_label"]}
    assert list(resolved["tasks"]["inpainting"]["variants"]) == ["vae", "vae_incomplete", "cvae_incomplete"]
    others = [method for method in config["tasks"]["inpainting"]["inference"] if method != "inferred_label"]
    assert list(resolved["tasks"]["inpainting"]["inference"]) == others
    assert len(configuration.models(resolved)) == 12 * 3
    assert ModelName("inpainting", "cvae_label", "bce", 0) not in configuration.models(resolved)


def test_a_condition_that_a_task_gives_counts(config, plain):
    given = own(config, plain)
    given["tasks"]["inpainting"]["variants"] |= {"cvae_label": {"condition": "none"}, "vae": {"condition": "label"}}
    given["tasks"]["inpainting"]["inference"] = {"encode": {}, "inferred_label": {}}
    resolved = configuration.resolve(given)
    assert resolved["left_out"]["variants"] == ["inpainting/vae"]
    assert "cvae_label" in resolved["tasks"]["inpainting"]["variants"]
    assert resolved["tasks"]["inpainting"]["inference"] == {"encode": {}}


def test_a_task_of_which_nothing_is_left_is_refused(config, plain):
    given = own(config, plain)
    given["tasks"]["inpainting"]["variants"] = {"cvae_label": {}}
    with pytest.raises(
        UserError, match=r"tasks\.inpainting: its variants are given the label, and the images have none"
    ):
        configuration.resolve(given)
    given = own(config, plain)
    given["tasks"]["inpainting"]["inference"] = {"inferred_label": {}}
    with pytest.raises(UserError, match=r"tasks\.inpainting\.inference: none is left"):
        configuration.resolve(given)


def test_without_labels_the_claims_that_need_them_are_left_out(config, plain):
    resolved = configuration.resolve(own(config, plain))
    known = claims_file.load("config/claims.yaml", config)
    kept, left = claims_file.without_label(known, resolved["left_out"])
    assert list(kept) == ["removes_noise", "beats_classical_filters"]
    assert {*kept, *left} == set(known)
    assert "latent_space_separates" in left


@pytest.mark.parametrize(
    ("test", "stays"),
    [
        ({"better": ["vae"], "than": ["*"]}, True),
        ({"better": ["vae"], "than": ["*/*/encode", "baseline:*"]}, True),
        ({"better": ["vae"], "than": ["cvae_label/mse"]}, False),
        ({"better": ["*/*/inferred_label"], "than": ["vae"]}, False),
        ({"better": ["vae"], "than": ["*"], "measure": "accuracy"}, False),
        ({"better": ["vae"], "than": ["cvae_label"], "task": "denoising"}, True),  # where it is not trained anyway
    ],
)
def test_a_claim_needs_labels_if_it_names_what_does(test, stays, config, plain):
    parameters = {"task": "inpainting", "measure": "mse", "without": (), **test}
    claim = {"mine": {"tests": [{"kind": "better", "parameters": parameters}]}}
    gone = configuration.resolve(own(config, plain))["left_out"]
    assert (list(claims_file.without_label(claim, gone)[0]) == ["mine"]) is stays


# ------------------------------------------------------------------------------------------------------ the stage


@pytest.mark.parametrize("labels", [[], list(KINDS)])
def test_the_stored_data_set_is_the_same_bytes_twice(labels, plain, sorted_, tmp_path, config):
    source = sorted_ if labels else plain
    settings = configuration.resolve(own(config, source, size=16))["dataset"]
    job = {key: value for key, value in settings.items() if key != "source"} | dataset_settings.contents(settings)
    for name in ("first.npz", "second.npz"):
        download.main(job, str(source), tmp_path / name, tmp_path / "sources.json")
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    splits, classes = dataset_files.read_dataset(tmp_path / "first.npz", "train", "validation", "test")
    assert classes == max(1, len(labels))
    assert {name: split.images.shape for name, split in splits.items()} == {
        "train": (28, 3, 16, 16),
        "validation": (4, 3, 16, 16),
        "test": (8, 3, 16, 16),
    }
    assert len(artifacts.read_json(tmp_path / "sources.json")) == 40


def test_images_that_change_meanwhile_are_not_stored(plain, tmp_path, config):
    settings = configuration.resolve(own(config, plain))["dataset"]
    job = {key: value for key, value in settings.items() if key != "source"} | dataset_settings.contents(settings)
    Image.new("RGB", (14, 12)).save(plain / "00.png")
    with pytest.raises(UserError, match=r"dataset\.source: images in .* changed while this ran; type the same command"):
        download.main(job, str(plain), tmp_path / "dataset.npz", tmp_path / "sources.json")
    assert not (tmp_path / "dataset.npz").exists()


# ---------------------------------------------------------------------------------------------- numbers and shares


@pytest.mark.parametrize(
    ("wanted", "count", "found"),
    [(None, 60_000, 5000), (None, 1437, 180), (None, 160, 20), (0.25, 160, 40), (7, 160, 7), (None, 40_000, 5000)],
)
def test_validation_images(wanted, count, found):
    assert split_sizes.validation(wanted, count) == found


@pytest.mark.parametrize(
    ("total", "sizes", "parts"),
    [
        (40, [200], [40]),
        (8, [20, 20], [4, 4]),
        (4, [5, 100, 95], [1, 2, 1]),
        (3, [5, 5, 990], [1, 1, 1]),
        (9, [10, 10, 10], [3, 3, 3]),
        (10, [10, 10, 10], [4, 3, 3]),
        (12, [5, 5, 5], [4, 4, 4]),
    ],
)
def test_a_number_is_spread_in_proportion(total, sizes, parts):
    assert split_sizes.spread(total, sizes) == parts


@pytest.mark.parametrize("total", [2, 13])
def test_a_number_that_cannot_be_spread_is_refused(total):
    with pytest.raises(ValueError, match=f"{total} cannot be divided over 3 classes of 15 images"):
        split_sizes.spread(total, [5, 5, 5])
