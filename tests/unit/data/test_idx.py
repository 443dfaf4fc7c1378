import gzip
import hashlib
import math
import re
import socket
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from restoration.core.errors import UserError
from restoration.data import idx
from restoration.data.datasets import Dataset

ARRAY = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
SIZES = {"train": ("train", 6), "test": ("t10k", 3)}
NAMES = [f"{prefix}-{kind}-ubyte" for prefix in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]


def encoded(array: np.ndarray) -> bytes:
    return struct.pack(f">I{array.ndim}I", 0x0800 | array.ndim, *array.shape) + array.tobytes()


def packed(array: np.ndarray) -> bytes:
    return gzip.compress(encoded(array), mtime=0)


def one_line(caught: pytest.ExceptionInfo[UserError]) -> str:
    message = str(caught.value)
    assert "\n" not in message
    assert "dataset.source" in message
    assert "config/digits.yaml" in message
    return message


def refusal(path: Path, shape: tuple[int, ...] = ARRAY.shape, sums: dict[str, str] | None = None) -> str:
    """The line with which `path` is refused."""
    with pytest.raises(UserError) as caught:
        idx.read(path, shape, sums or {})
    message = one_line(caught)
    assert message.startswith(f"{path}: ")
    return message


def written(folder: Path, content: bytes, name: str = "images-idx3-ubyte") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("shape", [(5,), (2, 3, 4), (1, 28, 28)])
def test_what_was_written_is_read(pack, shape, tmp_path):
    array = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    read = idx.read(written(tmp_path, pack(encoded(array))), shape, {})
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)


def test_a_file_is_known_as_gzip_by_its_content_not_its_name(tmp_path):
    path = written(tmp_path, packed(ARRAY), "images-idx3-ubyte")
    np.testing.assert_array_equal(idx.read(path, ARRAY.shape, {}), ARRAY)
    path = written(tmp_path, encoded(ARRAY), "images-idx3-ubyte.gz")
    np.testing.assert_array_equal(idx.read(path, ARRAY.shape, {}), ARRAY)


def reference(content: bytes, shape: tuple[int, ...]) -> np.ndarray | None:
    """What an IDX file holds, the plain way; None if it is none of `shape`."""
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error):
            return None
    start = len(encoded(np.zeros(shape, np.uint8))) - math.prod(shape)
    if len(content) != start + math.prod(shape) or content[:start] != encoded(np.zeros(shape, np.uint8))[:start]:
        return None
    return np.frombuffer(content[start:], np.uint8).reshape(shape)


@given(
    array=arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, max_side=5)),
    pack=st.booleans(),
    cut=st.tuples(st.integers(0, 200), st.integers(0, 200)),
    put=st.binary(max_size=40),
)
@example(array=ARRAY, pack=False, cut=(0, 0), put=b"")
@example(array=ARRAY, pack=True, cut=(4, 8), put=b"time")  # of a gzip file's header; means nothing
def test_any_bytes_are_the_array_that_they_hold_or_refused(array, pack, cut, put, tmp_path_factory):
    content = packed(array) if pack else encoded(array)
    content = content[: min(cut)] + put + content[max(cut) :]
    path = written(tmp_path_factory.getbasetemp(), content, "any bytes")
    expected = reference(content, array.shape)
    if expected is None:
        refusal(path, array.shape)
    else:
        np.testing.assert_array_equal(idx.read(path, array.shape, {}), expected)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_another_content_than_the_known_one_is_refused(pack, tmp_path):
    name = "images-idx3-ubyte"
    path = written(tmp_path, pack(encoded(ARRAY)), name if pack is bytes else f"{name}.gz")
    known = {name: hashlib.sha256(encoded(ARRAY)).hexdigest()}
    np.testing.assert_array_equal(idx.read(path, ARRAY.shape, known), ARRAY)
    message = refusal(path, sums={name: "0" * 64})
    assert known[name] in message
    assert "0" * 64 in message


def test_the_sum_of_an_archive_is_checked_where_there_is_an_archive(tmp_path):
    name, archive = "images-idx3-ubyte", packed(ARRAY)
    path = written(tmp_path, archive, f"{name}.gz")
    np.testing.assert_array_equal(
        idx.read(path, ARRAY.shape, {f"{name}.gz": hashlib.sha256(archive).hexdigest()}), ARRAY
    )
    refusal(path, sums={f"{name}.gz": hashlib.sha256(encoded(ARRAY)).hexdigest()})
    unpacked = written(tmp_path, encoded(ARRAY), name)
    np.testing.assert_array_equal(idx.read(unpacked, ARRAY.shape, {f"{name}.gz": "0" * 64}), ARRAY)


def small_set() -> dict[str, np.ndarray]:
    """The four arrays of a data set of SIZES, by file name."""
    rng = np.random.default_rng(1)
    return {
        name: rng.integers(0, 256, (count, 28, 28), np.uint8)
        if "images" in name
        else rng.integers(0, 10, count, np.uint8)
        for name, count in zip(NAMES, (6, 6, 3, 3), strict=True)
    }


@pytest.fixture
def sizes(monkeypatch) -> None:
    monkeypatch.setattr(idx, "SPLITS", SIZES)


@pytest.fixture
def folder(tmp_path, sizes) -> Path:
    """A small data set, two files plain and two gzipped, as `idx.load` takes it."""
    for name, array in small_set().items():
        plain = "labels" in name
        written(tmp_path, encoded(array) if plain else packed(array), name if plain else f"{name}.gz")
    return tmp_path


def assert_is_small_set(dataset: Dataset) -> None:
    arrays_ = small_set()
    np.testing.assert_array_equal(dataset.train_images, arrays_[NAMES[0]][:, None])
    np.testing.assert_array_equal(dataset.train_labels, arrays_[NAMES[1]])
    np.testing.assert_array_equal(dataset.test_images, arrays_[NAMES[2]][:, None])
    np.testing.assert_array_equal(dataset.test_labels, arrays_[NAMES[3]])
    assert dataset.train_labels.dtype == dataset.test_labels.dtype == np.int64
    assert dataset.classes == 10


def test_a_folder_is_a_data_set(folder):
    assert_is_small_set(idx.load("MNIST", {}, str(folder)))


def test_a_folder_is_found_from_the_home_and_the_working_directory(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder.parent))
    assert_is_small_set(idx.load("MNIST", {}, f"~/{folder.name}"))
    monkeypatch.chdir(folder.parent)
    assert_is_small_set(idx.load("MNIST", {}, folder.name))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(name, folder):
    for path in folder.glob(f"{name}*"):
        path.unlink()
    with pytest.raises(UserError) as caught:
        idx.load("MNIST", {}, str(folder))
    message = one_line(caught)
    assert message.startswith(f"{folder}: neither {name} nor {name}.gz is there")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UserError) as caught:
        idx.load("MNIST", {}, str(tmp_path / "nowhere"))
    assert f"{tmp_path}/nowhere" in one_line(caught)


@pytest.mark.parametrize("name", [name for name in NAMES if "labels" in name])
def test_a_label_out_of_range_is_refused(name, folder):
    labels = small_set()[name]
    labels[-1] = 10
    path = written(folder, encoded(labels), name)
    with pytest.raises(UserError) as caught:
        idx.load("MNIST", {}, str(folder))
    assert one_line(caught).startswith(f"{path}: label 10 is out of range; expected 0 to 9")


def test_images_and_labels_of_different_number_are_refused(folder):
    path = written(folder, encoded(small_set()[NAMES[1]][:-1]), NAMES[1])
    with pytest.raises(UserError) as caught:
        idx.load("MNIST", {}, str(folder))
    assert one_line(caught).startswith(f"{path}: holds an array of (5,); expected (6,)")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture
def mirror(tmp_path, sizes) -> Iterator[str]:
    """The address of a server of a folder `mirror`, which is empty."""
    (tmp_path / "mirror").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "mirror"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def publish(tmp_path, mirror) -> Callable[..., str]:
    """Put the small data set onto the mirror, with one file's content replaced; returns the address."""

    def put(replaced: str = "", content: bytes | None = None) -> str:
        for name, array in small_set().items():
            body = content if name == replaced else packed(array)
            if body is not None:
                written(tmp_path / "mirror", body, f"{name}.gz")
        return mirror

    return put


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_mirror_is_a_data_set(slash, publish):
    assert_is_small_set(idx.load("MNIST", {}, publish() + slash))


def test_an_html_page_of_a_mirror_is_refused(publish):
    address = publish(NAMES[2], b"<html><body>quota exceeded</body></html>")
    with pytest.raises(UserError, match=f"{NAMES[2]}.gz: an HTML page") as caught:
        idx.load("MNIST", {}, address)
    one_line(caught)


def test_a_file_that_the_mirror_does_not_have_is_named_with_its_address(publish):
    address = publish(NAMES[3], None)
    with pytest.raises(UserError) as caught:
        idx.load("MNIST", {}, address)
    message = one_line(caught)
    assert message.startswith(f"{NAMES[3]}.gz: no mirror gave it")
    assert f"{address}/{NAMES[3]}.gz (HTTP Error 404" in message


def test_a_mirrors_files_are_checked_against_the_known_sums(publish):
    address = publish()
    with pytest.raises(UserError, match=f"{NAMES[0]}.*SHA-256") as caught:
        idx.load("MNIST", {NAMES[0]: "0" * 64}, address)
    one_line(caught)


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_mirror_that_cannot_be_reached_is_named():
    address = f"http://127.0.0.1:{unused_port()}/mnist"
    with pytest.raises(UserError, match=re.escape(f"{address}/{NAMES[0]}.gz (")) as caught:
        idx.load("MNIST", {}, address)
    one_line(caught)


@pytest.fixture
def two_mirrors(monkeypatch, publish) -> tuple[str, str]:
    """torchvision's mirrors of MNIST: one that is dead, then one that has the small data set."""
    import torchvision

    dead, alive = f"http://127.0.0.1:{unused_port()}/", f"{publish()}/"
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [dead, alive])
    sums = [(f"{name}.gz", hashlib.md5(packed(array)).hexdigest()) for name, array in small_set().items()]
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", sums)
    return dead, alive


def test_the_next_mirror_of_torchvision_is_tried(two_mirrors):
    assert_is_small_set(idx.load("MNIST", {}, None))


def test_all_mirrors_that_failed_are_named(two_mirrors, publish):
    publish(NAMES[0], b"damaged")
    with pytest.raises(UserError) as caught:
        idx.load("MNIST", {}, None)
    message = one_line(caught)
    assert all(f"{mirror}{NAMES[0]}.gz (" in message for mirror in two_mirrors)
