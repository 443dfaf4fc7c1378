"""Files that are written whole or not at all: beside their place first, then renamed. What is read is checked."""

import hashlib
import json
import math
import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restoration.core.errors import DamagedFile, UserError, reason

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a path to write to; on success, flush that file to disk and put it in the place of `path`.

    The temporary name is fixed, so that a job overwrites what a killed job left.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield part
        with open(part, "rb") as written:
            os.fsync(written.fileno())
        os.replace(part, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None  # a failed write does not name its file
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Raise DamagedFile, which names `path`, for any exception that reading the file raises."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:  # damaged bytes lead readers to errors of any kind
        raise DamagedFile(path, f"cannot be read ({reason(error)})") from None


def write_text(path: str | Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: Any) -> None:
    """Write JSON with sorted keys and without NaN, so that equal content gives equal bytes everywhere."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: str | Path, *keys: str) -> Any:
    """Read a JSON file, a mapping that has `keys`. Raises DamagedFile."""
    with reading(path):
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if missing := [key for key in keys if not isinstance(content, dict) or key not in content]:
            raise ValueError(f"it has no {', '.join(missing)}")
    return content


def write_npz(path: str | Path, **arrays: Any) -> None:
    import numpy as np

    with replacing(path) as part:
        np.savez(part, **arrays)


def read_npz(path: str | Path, *names: str) -> list[Any]:
    """Read the named arrays of an npz file, and never a pickle. Raises DamagedFile."""
    with reading(path), zipfile.ZipFile(path) as archive:
        check_size(archive)
        return [_read_array(archive, name) for name in names]


def npz_names(path: str | Path) -> list[str]:
    """Return the names of an npz file's arrays. Raises DamagedFile."""
    with reading(path), zipfile.ZipFile(path) as archive:
        return [name.removesuffix(".npy") for name in archive.namelist()]


def check_size(archive: zipfile.ZipFile) -> None:
    """Raise ValueError if the archive unpacks to more than its own size: numpy and torch do not compress."""
    size, unpacked = Path(archive.filename or "").stat().st_size, sum(entry.file_size for entry in archive.infolist())
    if unpacked > size:
        raise ValueError(f"its {size:,} bytes unpack to {unpacked:,}")


def _read_array(archive: zipfile.ZipFile, name: str) -> Any:
    """Read an array without trusting its header, which may claim any size."""
    from numpy.lib import format as npy

    entry = archive.getinfo(f"{name}.npy")
    with archive.open(entry) as file:
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[npy.read_magic(file)]
        shape, _, dtype = read_header(file)
        if dtype.hasobject:
            raise ValueError(f"'{name}' holds Python objects, which are not unpickled")
        if math.prod(shape) * dtype.itemsize != entry.file_size - file.tell():
            raise ValueError(f"'{name}' does not have the size of its shape {shape}")
        file.seek(0)
        return npy.read_array(file, allow_pickle=False)


def write_parquet(path: str | Path, frame: "pd.DataFrame") -> None:
    with replacing(path) as part:
        frame.to_parquet(part, index=False)


def read_parquet(path: str | Path, *columns: str) -> "pd.DataFrame":
    """Read the named columns, each of finite numbers, of at least one row. Raises DamagedFile."""
    import numpy as np
    import pandas as pd
    from pyarrow import parquet

    with reading(path):
        rows = parquet.read_metadata(path).num_rows
        if not 0 < rows <= Path(path).stat().st_size:  # each row takes some bytes
            raise ValueError(f"it has {rows:,} rows")
        frame = pd.read_parquet(path, columns=list(columns))
        for name in columns:
            if not pd.api.types.is_numeric_dtype(frame[name]) or not np.isfinite(frame[name]).all():
                raise ValueError(f"the column '{name}' does not hold numbers alone")
    return frame


def sha256(path: str | Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(content: Mapping[str, Any]) -> str:
    """Return one text for a mapping, whatever the order of its keys."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
