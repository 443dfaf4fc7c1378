"""A folder of images as a data set's source: its files, their classes, and a checksum of all contents.

PNG and JPEG files that lie side by side have no labels; in subfolders, each folder is a class. This module decodes
nothing, because Snakemake calls it at each start.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from restoration.core import artifacts
from restoration.core.errors import UserError, quoted

SUFFIXES = (".png", ".jpg", ".jpeg")
# Such a file is refused, or the user would not notice that it is missing; other files, such as texts, are left out.
REFUSED = (".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jxl", ".tif", ".tiff", ".webp")
IGNORED = ("__MACOSX", "@eaDir")  # which archives and file servers add
FEWEST, FEWEST_OF_CLASS = 20, 5  # images


class Folder(NamedTuple):
    """files: names below the root, with '/', sorted; labels: the classes' names, sorted, or none."""

    root: Path
    files: list[str]
    labels: list[str]

    def label(self, file: str) -> int:
        """Return the number of a file's class; 0 where there are no labels."""
        return self.labels.index(file.split("/")[0]) if self.labels else 0


def scan(source: str | None) -> Folder:
    """List the images of the folder `source`, a path from the working directory. Hidden files and IGNORED are left
    out.

    Raises UserError, naming the key, for anything but a folder with enough images.
    """
    if source is None:
        raise UserError("dataset.source: name the folder that holds the images")
    if "://" in source:
        raise UserError(f"dataset.source: {quoted(source)} is an address; images are read from a folder")
    try:
        root = Path(source).expanduser()
        images, folders = _entries(root, "")
        within = {folder: _entries(root / folder, f"{folder}/") for folder in folders}
    except (OSError, ValueError, RuntimeError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise UserError(f"dataset.source: {quoted(source, 200)} cannot be read as a folder ({told})") from None
    for folder, (files, below) in within.items():
        if below:
            raise UserError(
                f"dataset.source: {quoted(f'{folder}/{below[0]}', 100)} is a folder within a folder; a class's images "
                f"lie in one folder: move them to {quoted(folder)}, or take it away"
            )
        if files and images:
            raise UserError(
                f"dataset.source: {quoted(images[0], 100)} lies beside the folder {quoted(folder)}: if folders are "
                "classes, move it into one of them; if they are not, move all images into one folder"
            )
    labels = sorted(folder for folder, (files, _) in within.items() if files)
    files = sorted(images + [file for files, _ in within.values() for file in files])
    if len(labels) == 1:  # a single class tells nothing apart
        labels = []
    for name in files:
        if any("\ud800" <= letter <= "\udfff" for letter in name):  # the name's bytes are not UTF-8
            raise UserError(f"dataset.source: {quoted(name, 100)} has a name that is not UTF-8; rename it")
    if len(files) < FEWEST:
        raise UserError(
            f"dataset.source: {quoted(source, 200)} has {len(files)} PNG and JPEG images; {FEWEST} are the least"
        )
    for name in labels:
        if (size := len(within[name][0])) < FEWEST_OF_CLASS:
            raise UserError(
                f"dataset.source: the class {quoted(name)} has {size} image{'s' * (size > 1)}; {FEWEST_OF_CLASS} are "
                "the least: add some, or take its folder away"
            )
    return Folder(root, files, labels)


def _entries(folder: Path, prefix: str) -> tuple[list[str], list[str]]:
    """Return the images and the subfolders of a folder. `prefix` stands before the images' names."""
    images, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122, a Path for each of 50,000 files is slow
            if entry.name.startswith(".") or entry.name in IGNORED:
                continue
            if entry.is_dir():
                folders.append(entry.name)
            elif suffix in SUFFIXES:
                images.append(prefix + entry.name)
            elif suffix in REFUSED:
                raise UserError(
                    f"dataset.source: {quoted(prefix + entry.name, 100)}: PNG and JPEG are read; convert it, or take "
                    "it away"
                )
    return sorted(images), sorted(folders)


def sides(size: int | Sequence[int] | None) -> tuple[int, int] | None:
    """Return height and width; one number stands for both."""
    return size if size is None else (size, size) if isinstance(size, int) else (size[0], size[1])


def digest(sums: Mapping[str, str]) -> str:
    """Return 16 hexadecimal digits for the files: of their names below the folder, and their SHA-256."""
    return hashlib.sha256(artifacts.canonical(sums).encode()).hexdigest()[:16]
