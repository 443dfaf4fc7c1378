"""A folder of images as a data set's source: which files it has, of which classes, and what stands for their contents.

PNG and JPEG files that lie side by side have no labels; in folders below, each folder is a class. Nothing is decoded
here: Snakemake asks at each start.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from restoration.core import artifacts
from restoration.core.errors import UserError, quoted

READ = (".png", ".jpg", ".jpeg")
# Left lying they would be missed in silence; other files, a text beside the images, are not of this concern.
UNREAD = (".avif", ".bmp", ".gif", ".heic", ".heif", ".jp2", ".jxl", ".tif", ".tiff", ".webp")
PASSED_OVER = ("__MACOSX", "@eaDir")  # what archives and servers add, besides names that begin with a dot
LEAST, LEAST_OF_CLASS = 20, 5  # images


class Folder(NamedTuple):
    """root: where it is; files: names below it, with '/', sorted; labels: the classes' names, sorted, or none."""

    root: Path
    files: list[str]
    labels: list[str]

    def label(self, file: str) -> int:
        """The number of a file's class; 0 where there are no labels."""
        return self.labels.index(file.split("/")[0]) if self.labels else 0

    def sizes(self) -> list[int]:
        """How many images each class has; of all where there are no labels."""
        if not self.labels:
            return [len(self.files)]
        counts = dict.fromkeys(self.labels, 0)
        for file in self.files:
            counts[file.split("/")[0]] += 1
        return list(counts.values())


def scan(source: str | None) -> Folder:
    """What lies in the folder `source`, from the working directory, but for hidden files and what is PASSED_OVER.

    Raises UserError, beginning with the key, for what is no such folder, or too little of it.
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
    # Of one folder alone there is nothing to tell apart.
    found = Folder(root, files, labels if len(labels) > 1 else [])
    for name in files:
        if any("\ud800" <= letter <= "\udfff" for letter in name):  # bytes that are no UTF-8
            raise UserError(f"dataset.source: {quoted(name, 100)} has a name that is no text; rename it")
    if len(files) < LEAST:
        raise UserError(
            f"dataset.source: {quoted(source, 200)} has {len(files)} PNG and JPEG images; {LEAST} are the least"
        )
    for name, size in zip(found.labels, found.sizes(), strict=False):
        if size < LEAST_OF_CLASS:
            raise UserError(
                f"dataset.source: the class {quoted(name)} has {size} image{'s' * (size > 1)}; {LEAST_OF_CLASS} are "
                "the least: add some, or take its folder away"
            )
    return found


def _entries(folder: Path, prefix: str) -> tuple[list[str], list[str]]:
    """The images and the folders in a folder, their names after `prefix`."""
    images, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122, a Path for each of 50,000 files is slow
            if entry.name.startswith(".") or entry.name in PASSED_OVER:
                continue
            if entry.is_dir():
                folders.append(entry.name)
            elif suffix in READ:
                images.append(prefix + entry.name)
            elif suffix in UNREAD:
                raise UserError(
                    f"dataset.source: {quoted(prefix + entry.name, 100)}: PNG and JPEG are read; convert it, or take "
                    "it away"
                )
    return sorted(images), sorted(folders)


def sides(size: int | Sequence[int] | None) -> tuple[int, int] | None:
    """Height and width, of which one number stands for both."""
    return size if size is None else (size, size) if isinstance(size, int) else (size[0], size[1])


def digest(sums: Mapping[str, str]) -> str:
    """Sixteen hexadecimal digits that stand for the files: their names below the folder, and their SHA-256."""
    return hashlib.sha256(artifacts.canonical(sums).encode()).hexdigest()[:16]
