import gzip
import struct
from pathlib import Path

import download
import numpy as np
import pytest

from restoration.core import artifacts, registry
from restoration.core.errors import UserError
from restoration.data.datasets import Dataset

IDX_FAMILIES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST"}


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return registry.load("datasets", "digits").load(None)


def test_digits_have_the_form_of_mnist(digits):
    assert digits.train_images.shape == (1437, 1, 28, 28)
    assert digits.test_images.shape == (360, 1, 28, 28)
    assert digits.train_images.dtype == digits.test_images.dtype == np.uint8
    assert digits.train_labels.dtype == digits.test_labels.dtype == np.int64
    assert set(digits.train_labels) == set(digits.test_labels) == set(range(10))
    assert digits.classes == 10


def test_digits_are_in_the_middle_with_a_black_margin(digits):
    images = np.concatenate([digits.train_images, digits.test_images])
    margin = images.copy()
    margin[:, :, 4:24, 4:24] = 0
    assert not margin.any()
    assert images.max() == 255
    assert images.reshape(len(images), -1).any(axis=1).all()


def test_digits_are_those_of_scikit_learn_and_keep_their_order(digits):
    from sklearn.datasets import load_digits

    small, labels = load_digits(return_X_y=True)
    np.testing.assert_array_equal(np.concatenate([digits.train_labels, digits.test_labels]), labels)
    means = np.concatenate([digits.train_images, digits.test_images])[:, 0, 4:24, 4:24].mean(axis=(1, 2))
    assert np.corrcoef(means, small.mean(axis=1))[0, 1] > 0.99


def test_digits_take_no_source():
    with pytest.raises(UserError, match=r"dataset\.source.*/somewhere.*remove it"):
        registry.load("datasets", "digits").load("/somewhere")


@pytest.mark.parametrize("name", IDX_FAMILIES)
def test_the_sums_are_of_files_that_torchvision_downloads(name):
    import torchvision

    resources = {file for file, _ in getattr(torchvision.datasets, IDX_FAMILIES[name]).resources}
    sums = registry.load("datasets", name).SHA256
    assert {f"{file.removesuffix('.gz')}.gz" for file in sums} == resources
    assert all(len(value) == 64 and set(value) <= set("0123456789abcdef") for value in sums.values())
    assert len(set(sums.values())) == 4


@pytest.fixture(scope="module")
def forged(tmp_path_factory) -> Path:
    """A file of the right name and form whose content is not the published one."""
    folder = tmp_path_factory.mktemp("forged")
    content = struct.pack(">IIII", 0x0803, 60_000, 28, 28) + bytes(60_000 * 28 * 28)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(content, compresslevel=1))
    return folder


@pytest.mark.parametrize("name", IDX_FAMILIES)
def test_a_forged_data_set_is_refused(name, forged):
    known = list(registry.load("datasets", name).SHA256.values())
    with pytest.raises(UserError, match=f"train-images-idx3-ubyte.gz: SHA-256 .*expected {known[0]}"):
        registry.load("datasets", name).load(str(forged))


def test_every_data_set_is_loaded_by_one_function_of_its_source():
    names = registry.names("datasets")
    assert {"digits", *IDX_FAMILIES} <= set(names)
    for name in names:
        with pytest.raises(UserError, match=r"dataset\.source"):
            registry.load("datasets", name).load("/nonexistent/folder")


@pytest.mark.parametrize("name", [name for name in registry.names("datasets") if name not in IDX_FAMILIES])
def test_a_data_set_that_needs_no_download_is_a_sound_one_or_asks_for_its_source(name):
    try:
        loaded, again = (registry.load("datasets", name).load(None) for _ in range(2))
    except UserError as error:
        assert "dataset.source" in str(error)  # noqa: PT017
        return
    download.check(loaded, name)
    np.testing.assert_array_equal(loaded.train_images, again.train_images)
    np.testing.assert_array_equal(loaded.test_labels, again.test_labels)


def a_set(count: int = 50) -> Dataset:
    pixels = np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1)
    return Dataset(pixels, np.arange(count), pixels[:5] + 200, np.arange(5), classes=count)


def test_the_split_sets_validation_images_aside_and_keeps_images_with_their_labels():
    arrays = download.split(a_set(), validation=12, seed=0)
    train, validation = arrays["train_labels"], arrays["validation_labels"]
    assert (len(train), len(validation)) == (38, 12)
    assert sorted([*train, *validation]) == list(range(50))
    np.testing.assert_array_equal(arrays["train_images"].ravel(), train)
    np.testing.assert_array_equal(arrays["validation_images"].ravel(), validation)
    np.testing.assert_array_equal(arrays["test_labels"], np.arange(5))
    np.testing.assert_array_equal(arrays["test_images"].ravel(), np.arange(200, 205))
    assert arrays["classes"] == 50


def test_the_split_is_drawn_by_its_seed():
    first, again, other = (download.split(a_set(), 12, seed)["validation_labels"] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert set(first) != set(other)
    assert set(first) != set(range(12))


@pytest.mark.parametrize("validation", [50, 51, 5000])
def test_a_split_that_leaves_nothing_to_train_on_is_refused(validation):
    with pytest.raises(UserError, match=f"dataset.validation: {validation} of 50"):
        download.split(a_set(), validation, seed=0)


def test_the_stored_data_set_is_the_same_bytes_twice(tmp_path, digits):
    job = {"name": "digits", "validation": 180, "seed": 0}
    for name in ("first.npz", "second.npz"):
        download.main(job, None, tmp_path / name, tmp_path / "sources.json")
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    (train, validation) = artifacts.read_npz(tmp_path / "first.npz", "train_images", "validation_images")
    assert (len(train), len(validation)) == (1257, 180)
