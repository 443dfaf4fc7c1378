"""The IDX format of MNIST and its successors: four files, images and labels, gzipped or not.

Format: two zero bytes, a type byte (0x08, unsigned byte), the number of dimensions, each dimension as a big-endian
int32, then the values. Source: the data set's page, http://yann.lecun.com/exdb/mnist/.
"""

import gzip
import hashlib
import struct
import tempfile
import zlib
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path

import numpy as np

from restoration.core.errors import UserError, reason
from restoration.data.datasets import Dataset

SPLITS = {"train": ("train", 60_000), "test": ("t10k", 10_000)}
SLACK = 1 << 20  # bytes; gzip never adds as many, so that no more of a file is read
WAYS_OUT = (
    "Set dataset.source to a folder that holds the four IDX files, or use the embedded data: "
    "snakemake --configfile config/digits.yaml"
)


def read(path: Path, shape: tuple[int, ...], sums: Mapping[str, str]) -> np.ndarray:
    """Read an IDX file of unsigned bytes, which must have `shape`.

    sums: known SHA-256 checksums by file name, of the unpacked file (no suffix) or of the archive (`.gz`). Raises
    UserError for any other file.
    """

    def refuse(what: str) -> UserError:
        return UserError(f"{path}: {what}. {WAYS_OUT}")

    header = _header(shape)
    expected = len(header) + int(np.prod(shape))
    try:
        with open(path, "rb") as file:
            content = raw = file.read(expected + SLACK)
    except OSError as error:
        raise refuse(f"cannot be read ({reason(error)})") from None
    if raw[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as archive:
                content = archive.read(expected + 1)  # one byte too many shows a file that is too long
        except (EOFError, OSError, zlib.error) as error:
            raise refuse(f"not a whole gzip file ({reason(error)}); expected {expected:,} bytes unpacked") from None
    if content[:4] != header[:4]:
        kind = "an HTML page" if content.lstrip()[:1] == b"<" else f"magic number 0x{content[:4].hex()}"
        raise refuse(f"{kind}; expected an IDX file with magic number 0x{header[:4].hex()}")
    if content[: len(header)] != header[: len(content)]:
        found = struct.unpack(f">{len(shape)}I", content[4 : len(header)].ljust(4 * len(shape), b"\0"))
        raise refuse(f"holds an array of {found}; expected {shape}")
    if len(content) != expected:
        found_size = f"{len(content):,} bytes" if len(content) < expected else "more"
        raise refuse(f"truncated or too long: {found_size}; expected {expected:,} bytes")
    name = path.name.removesuffix(".gz")
    for known, data in ((name, content), (f"{name}.gz", raw if raw is not content else b"")):
        if known in sums and data and hashlib.sha256(data).hexdigest() != sums[known]:
            raise refuse(f"SHA-256 {hashlib.sha256(data).hexdigest()}; expected {sums[known]}")
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)


def _header(shape: tuple[int, ...]) -> bytes:
    return struct.pack(f">I{len(shape)}I", 0x0800 | len(shape), *shape)


def load(family: str, sums: Mapping[str, str], source: str | None) -> Dataset:
    """Load the data set that torchvision calls `family`: images of 28 x 28 pixels in one channel, labels 0 to 9.

    source: a folder, a mirror's address, or None for torchvision's own mirrors. Raises UserError if a file is missing,
    unreachable or damaged.
    """
    if source and "://" not in source:
        return _from_folder(Path(source).expanduser(), sums)
    with tempfile.TemporaryDirectory() as folder:
        _fetch(family, source, Path(folder))
        try:
            return _from_folder(Path(folder), sums)
        except UserError as error:
            raise UserError(str(error).replace(folder, source.rstrip("/") if source else family)) from None


def _from_folder(folder: Path, sums: Mapping[str, str]) -> Dataset:
    arrays: list[np.ndarray] = []
    sources = {}
    for prefix, count in SPLITS.values():
        for name, shape in (
            (f"{prefix}-images-idx3-ubyte", (count, 28, 28)),
            (f"{prefix}-labels-idx1-ubyte", (count,)),
        ):
            try:
                path = next((folder / file for file in (name, f"{name}.gz") if (folder / file).is_file()), None)
            except OSError as error:
                raise UserError(f"{folder}: cannot be read ({error.strerror}). {WAYS_OUT}") from None
            if path is None:
                raise UserError(f"{folder}: neither {name} nor {name}.gz is there. {WAYS_OUT}")
            array = read(path, shape, sums)
            sources[name] = hashlib.sha256(_header(shape) + array.tobytes()).hexdigest()
            if array.ndim == 1 and array.max() > 9:
                raise UserError(f"{path}: label {array.max()} is out of range; expected 0 to 9. {WAYS_OUT}")
            arrays.append(array[:, None] if array.ndim == 3 else array.astype(np.int64))
    train_images, train_labels, test_images, test_labels = arrays
    return Dataset(train_images, train_labels, test_images, test_labels, 10, sources)


def _fetch(family: str, source: str | None, folder: Path) -> None:
    """Download the four archives into `folder`, each from the first mirror that has it."""
    import torchvision

    known = getattr(torchvision.datasets, family)
    mirrors = [source if source.endswith("/") else f"{source}/"] if source else known.mirrors
    for name, md5 in known.resources:
        failures = []
        for mirror in mirrors:
            try:
                # For a mirror of the user's, `read` says what is wrong more exactly than MD5.
                torchvision.datasets.utils.download_url(mirror + name, folder, name, None if source else md5)
                break
            except (OSError, RuntimeError, ValueError, HTTPException) as error:
                failures.append(f"{mirror}{name} ({str(error) or type(error).__name__})")
        else:
            raise UserError(f"{name}: no mirror gave it; tried {', '.join(failures)}. {WAYS_OUT}")
