import json
import os
import time
from pathlib import Path

import pytest

from restoration.config import dataset_settings
from restoration.core import artifacts, checksums
from restoration.core.errors import UserError
from restoration.data import image_folder


def fill(folder: Path, *names: str) -> None:
    """Files of the names' number, which are read by nothing here."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def many(folder: str = "", count: int = 20, suffix: str = ".png") -> list[str]:
    return [f"{folder}{number:02}{suffix}" for number in range(count)]


def test_images_side_by_side_have_no_labels(tmp_path):
    fill(
        tmp_path,
        *many(),
        "last.JPG",
        "more.jpeg",
        "notes.txt",
        ".hidden.png",
        ".DS_Store",
        ".thumbs/0.png",
        "__MACOSX/a/._0.png",
    )
    (tmp_path / "empty").mkdir()
    found = image_folder.scan(f"{tmp_path}/")
    assert found.files == [*many(), "last.JPG", "more.jpeg"]
    assert found.labels == []
    assert {found.label(file) for file in found.files} == {0}


def test_folders_are_classes_in_the_order_of_their_names(tmp_path):
    fill(tmp_path, *many("tree/", 12), *many("house/", 9, ".jpg"), "house/.DS_Store", "readme.md")
    found = image_folder.scan(str(tmp_path))
    assert found.labels == ["house", "tree"]
    assert found.files == [*many("house/", 9, ".jpg"), *many("tree/", 12)]
    assert [found.label(file) for file in found.files] == [0] * 9 + [1] * 12


def test_one_folder_alone_is_no_class(tmp_path):
    fill(tmp_path, *many("all/"))
    assert image_folder.scan(str(tmp_path)).labels == []


def test_a_link_to_a_folder_and_to_an_image_is_followed(tmp_path):
    fill(tmp_path / "real", *many(count=19))
    fill(tmp_path, "elsewhere.png")
    (tmp_path / "real" / "linked.png").symlink_to(tmp_path / "elsewhere.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    found = image_folder.scan(str(tmp_path / "link"))
    assert len(found.files) == 20
    assert checksums.of(found.root, found.files, tmp_path / "known").keys() == set(found.files)


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ([], "has 0 PNG and JPEG images; 20 are the least"),
        (["a.txt"], "has 0 PNG and JPEG images"),
        (many(count=19), "has 19 PNG and JPEG images"),
        ([*many(), "later.tif"], "'later.tif': PNG and JPEG are read; convert it, or take it away"),
        (many("a/") + many("b/") + ["b/x.HEIC"], "'b/x.HEIC': PNG and JPEG are read"),
        (many() + many("a/"), "'00.png' lies beside the folder 'a': if folders are classes, move it into one"),
        (many("a/") + many("a/deep/"), "'a/deep' is a folder within a folder; a class's images lie in one"),
        (many("a/") + many("b/", 4), "the class 'b' has 4 images; 5 are the least: add some, or take its"),
        (many("a/") + many("b/", 1), "the class 'b' has 1 image; 5 are the least"),
    ],
)
def test_a_folder_that_does_not_do_is_refused_in_a_line(names, line, tmp_path):
    fill(tmp_path, *names)
    with pytest.raises(UserError) as caught:
        image_folder.scan(str(tmp_path))
    assert str(caught.value).startswith("dataset.source: ")
    assert line in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_name_that_is_no_text_is_refused(monkeypatch, tmp_path):
    """As where bytes are no UTF-8, which not every disk takes."""
    monkeypatch.setattr(image_folder, "_entries", lambda folder, prefix: ([*many(), "caf\udce9.png"], []))
    with pytest.raises(UserError, match=r"dataset\.source: 'caf\\udce9\.png' has a name that is not UTF-8; rename it"):
        image_folder.scan(str(tmp_path))


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (None, "name the folder that holds the images"),
        ("https://example.org/images", "'https://example.org/images' is an address; images are read from a folder"),
        ("nowhere/images", "'nowhere/images' cannot be read as a folder (No such file or directory)"),
        (__file__, "cannot be read as a folder (Not a directory)"),
        ("\0", "'\\x00' cannot be read as a folder"),
        ("x" * 300, "cannot be read as a folder (File name too long)"),
        ("~nobody-of-that-name/x", "cannot be read as a folder"),
    ],
)
def test_a_source_that_is_no_folder_is_refused_in_a_line(source, line):
    with pytest.raises(UserError) as caught:
        image_folder.scan(source)
    assert str(caught.value).startswith("dataset.source: ")
    assert line in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def contents(folder: Path) -> str:
    return dataset_settings.contents({"name": "folder", "source": str(folder)})["images"]


def test_what_stands_for_the_images_changes_with_their_names_and_contents_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "images"
    fill(folder, *many())
    first = contents(folder)
    os.utime(folder / "03.png", (0, 0))
    fill(folder, ".DS_Store", "notes.txt")
    assert contents(folder) == first
    assert contents(folder.rename(tmp_path / "moved")) == first
    folder = tmp_path / "moved"
    fill(folder, "another.png")
    assert (more := contents(folder)) != first
    (folder / "another.png").rename(folder / "other.png")
    assert (renamed := contents(folder)) not in (first, more)
    (folder / "other.png").write_text("x")
    assert contents(folder) not in (first, more, renamed)
    (folder / "other.png").unlink()
    assert contents(folder) == first


def test_a_data_set_that_is_no_folder_has_nothing_beside_its_settings():
    assert dataset_settings.contents({"name": "digits", "source": None}) == {}


@pytest.fixture
def settled(tmp_path, monkeypatch) -> Path:
    """A folder of images that have not changed for a while, and where the clock says so."""
    fill(tmp_path / "images", *many())
    now = time.time_ns() + 10**10
    monkeypatch.setattr(checksums.time, "time_ns", lambda: now)
    return tmp_path / "images"


def counted(monkeypatch) -> list[str]:
    """The names of the files that are read from now on."""
    read: list[str] = []
    real = artifacts.sha256
    monkeypatch.setattr(artifacts, "sha256", lambda path: read.append(Path(path).name) or real(path))
    return read


def test_only_files_that_changed_are_read_again(settled, tmp_path, monkeypatch):
    read = counted(monkeypatch)
    first = checksums.of(settled, many(), tmp_path / "known")
    assert read == many()
    assert first == {name: artifacts.sha256(settled / name) for name in many()}
    read.clear()
    assert checksums.of(settled, many(), tmp_path / "known") == first
    assert read == []
    status = (settled / "07.png").stat()
    (settled / "07.png").write_text("07.pnG")  # of the same size,
    os.utime(settled / "07.png", ns=(status.st_atime_ns, status.st_mtime_ns))  # and as if of the same time
    again = checksums.of(settled, many(), tmp_path / "known")
    assert read == ["07.png"]
    assert {name for name in first if first[name] != again[name]} == {"07.png"}


def test_files_that_have_just_changed_are_not_relied_on(tmp_path, monkeypatch):
    fill(tmp_path / "images", *many())
    read = counted(monkeypatch)
    for _ in range(2):
        checksums.of(tmp_path / "images", many(), tmp_path / "known")
    assert read == many() * 2


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"00.png": 3}', '{"00.png": [1, 2, 3]}', '{"00.png": [1, 2, 3, 4]}']
)
def test_damaged_sums_are_made_again(content, settled, tmp_path):
    first = checksums.of(settled, many(), tmp_path / "known")
    (place,) = (tmp_path / "known").iterdir()
    place.write_text(content)
    assert checksums.of(settled, many(), tmp_path / "known") == first
    assert set(json.loads(place.read_text())) == set(many())


def test_sums_that_cannot_be_kept_are_sums_all_the_same(settled, tmp_path):
    (tmp_path / "known").write_text("a file")
    assert len(checksums.of(settled, many(), tmp_path / "known")) == 20


def test_a_file_that_is_gone_is_named(settled, tmp_path):
    with pytest.raises(UserError, match=r"dataset\.source: 'gone\.png' cannot be read \(No such file"):
        checksums.of(settled, ["gone.png"], tmp_path / "known")
