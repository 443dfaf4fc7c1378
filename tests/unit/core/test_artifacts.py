import json
import os
import zipfile

import numpy as np
import pandas as pd
import pytest

from restoration.core import artifacts


def listing(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_whole_when_it_is_written(tmp_path):
    with artifacts.replacing(tmp_path / "new" / "file.txt") as part:
        part.write_text("content")
        assert not (tmp_path / "new" / "file.txt").exists()
        assert part.parent == tmp_path / "new"  # or it could not be renamed in one step
        assert (part.name[0], part.suffix) == (".", ".txt")
    assert listing(tmp_path / "new") == ["file.txt"]
    assert (tmp_path / "new" / "file.txt").read_text() == "content"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_an_exception(error, tmp_path):
    def fail():
        with artifacts.replacing(tmp_path / "file.txt") as part:
            part.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert listing(tmp_path) == []


def test_a_writer_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), artifacts.replacing(tmp_path / "file.txt"):
        pass
    assert listing(tmp_path) == []


def test_what_a_killed_job_left_is_overwritten(tmp_path):
    child = os.fork()
    if not child:
        with artifacts.replacing(tmp_path / "file.txt") as part:
            part.write_text("a longer text, of which only a part")
            os._exit(9)
    os.waitpid(child, 0)
    assert len(listing(tmp_path)) == 1
    assert listing(tmp_path) != ["file.txt"]
    artifacts.write_text(tmp_path / "file.txt", "whole")
    assert listing(tmp_path) == ["file.txt"]
    assert (tmp_path / "file.txt").read_text() == "whole"


def test_text_is_utf_8(tmp_path):
    artifacts.write_text(tmp_path / "file.txt", "± “”")
    assert (tmp_path / "file.txt").read_bytes() == "± “”".encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"deep": [float("-inf")]}])
def test_json_refuses_what_json_does_not_have_and_keeps_what_was_there(value, tmp_path):
    (tmp_path / "file.json").write_text("old")
    with pytest.raises(ValueError, match="JSON"):
        artifacts.write_json(tmp_path / "file.json", {"value": value})
    assert listing(tmp_path) == ["file.json"]
    assert (tmp_path / "file.json").read_text() == "old"


def test_json_is_the_same_bytes_whatever_the_order_of_keys(tmp_path):
    artifacts.write_json(tmp_path / "one.json", {"a": 1, "b": {"c": [0.1, None], "d": "ü"}})
    artifacts.write_json(tmp_path / "two.json", {"b": {"d": "ü", "c": [0.1, None]}, "a": 1})
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert artifacts.read_json(tmp_path / "one.json") == {"a": 1, "b": {"c": [0.1, None], "d": "ü"}}
    json.loads((tmp_path / "one.json").read_text())


def test_npz_gives_back_the_arrays_that_are_asked_for(tmp_path):
    images = np.arange(12, dtype=np.uint8).reshape(3, 1, 2, 2)
    artifacts.write_npz(tmp_path / "file.npz", images=images, mask=images > 5, text=np.array("words"))
    mask, read = artifacts.read_npz(tmp_path / "file.npz", "mask", "images")
    np.testing.assert_array_equal(read, images)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(mask, images > 5)


def test_npz_is_the_same_bytes_at_any_time_and_under_any_name(tmp_path, monkeypatch):
    arrays = {"images": np.arange(1000.0), "labels": np.arange(7)}
    artifacts.write_npz(tmp_path / "one.npz", **arrays)
    monkeypatch.setattr("time.time", lambda: 2e9)
    artifacts.write_npz(tmp_path / "two.npz", **arrays)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "one.npz") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_parquet_is_the_same_bytes_twice_and_keeps_the_types(tmp_path):
    frame = pd.DataFrame(
        {"image": np.arange(5, dtype=np.int32), "mse": np.linspace(0, 1, 5), "method": pd.Categorical(list("aabba"))}
    )
    for name in ("one.parquet", "two.parquet"):
        artifacts.write_parquet(tmp_path / name, frame.copy())
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "one.parquet"), frame)


def test_sha256_is_of_the_content(tmp_path):
    (tmp_path / "empty").touch()
    assert artifacts.sha256(tmp_path / "empty") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_canonical_text_does_not_depend_on_the_order_of_keys():
    for content in ({"b": 1.5, "a": {"d": 2, "c": [3, 1]}}, {"a": {"c": [3, 1], "d": 2}, "b": 1.5}):
        assert artifacts.canonical(content) == '{"a":{"c":[3,1],"d":2},"b":1.5}'
