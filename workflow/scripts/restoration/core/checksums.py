"""SHA-256 checksums of many files, in a cache: a file is read only if it changed since the last call.

As in git's index, a file with the same size and the same timestamps of content and status has the same content. A file
that changed within the last seconds is not cached, because it may change again within the clock's resolution.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from restoration.core import artifacts
from restoration.core.errors import UserError, quoted

CACHE = Path(".snakemake/sums")
SETTLED = 2 * 10**9  # nanoseconds

Entry = list[int | str]  # size, timestamps of content and of status, SHA-256


def of(root: Path, files: Iterable[str], cache: Path = CACHE) -> dict[str, str]:
    """Return name to SHA-256 of the files below `root`. Raises UserError, naming a file that cannot be read."""
    place = cache / f"{hashlib.sha256(os.fsencode(root.absolute())).hexdigest()[:16]}.json"
    before, now = _read(place), time.time_ns()
    checksums, entries = {}, {}
    for name in files:
        path = os.path.join(root, name)  # noqa: PTH118, a Path for each of 50,000 files is slow
        try:
            status = os.stat(path)  # noqa: PTH116
            marks: Entry = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
            entry = before.get(name, [])
            checksums[name] = str(entry[3]) if entry[:3] == marks else artifacts.sha256(path)
        except OSError as error:
            raise UserError(f"dataset.source: {quoted(name, 100)} cannot be read ({error.strerror})") from None
        if now - status.st_ctime_ns > SETTLED:
            entries[name] = [*marks, checksums[name]]
    if entries != before:
        with suppress(OSError):  # without the cache, the files are read again
            artifacts.write_text(place, json.dumps(entries))
    return checksums


def _read(place: Path) -> dict[str, Entry]:
    try:
        entries = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(entries, dict) and all(isinstance(entry, list) and len(entry) == 4 for entry in entries.values())
    return entries if whole else {}
