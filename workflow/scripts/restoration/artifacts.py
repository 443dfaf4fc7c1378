"""Files, written whole or not at all: beside their place first, then renamed."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a path to write to; on success it is flushed to disk and takes the place of `path`.

    The temporary name is fixed, so that what a killed job left is overwritten by the next one.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        yield part
        with open(part, "rb") as written:
            os.fsync(written.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> None:
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: Any) -> None:
    """Keys sorted and no NaN (JSON has none), so that the same content is the same bytes everywhere."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n")


def read_json(path: str | Path) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def write_npz(path: str | Path, **arrays: Any) -> None:
    import numpy as np

    with replacing(path) as part:
        np.savez(part, **arrays)


def read_npz(path: str | Path, *names: str) -> list[Any]:
    """The named arrays of an npz file; only they are read."""
    import numpy as np

    with np.load(path, allow_pickle=False) as file:
        return [file[name] for name in names]


def write_parquet(path: str | Path, frame: "pd.DataFrame") -> None:
    with replacing(path) as part:
        frame.to_parquet(part, index=False)


def sha256(path: str | Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(content: Mapping[str, Any]) -> str:
    """One text for one mapping, whatever the order of its keys."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))
