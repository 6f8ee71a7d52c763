"""Notes of what is under way in the library, in ``.syncd/incoming``: a start finds by them what a
stop left, without a search.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from syncd.core.safety import is_inside
from syncd.local.ordinary import read_ordinary
from syncd.local.root import Root, fsync_folder

_LARGEST_NOTE = 64 * 1024


def write_note(note: Path, table: Mapping[str, object]) -> None:
    """Write ``table`` durably; raises ``OSError``."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(note, flags, 0o600), "wb") as stream:
        # As JSON: the beginning of one that was cut short is not another path.
        stream.write(json.dumps(table).encode("ascii"))
        stream.flush()
        os.fsync(stream.fileno())
    fsync_folder(note.parent)


def read_note(note: Path) -> Mapping[str, object]:
    """What is in ``note``; nothing where it was never finished, before anything was done, or is
    none of ours. Raises ``OSError``.
    """
    try:
        table = json.loads(read_ordinary(note, _LARGEST_NOTE))
    except (ValueError, RecursionError):
        return {}
    return table if isinstance(table, dict) else {}


def in_library(root: Root, noted: object) -> Path | None:
    """The path that ``noted``, relative to the root, stands for; ``None`` where it is none in the
    library, or lies behind a link, which could lead to files of another place.
    """
    if not isinstance(noted, str) or not is_inside(noted):
        return None
    if any((root.path / folder).is_symlink() for folder in PurePosixPath(noted).parents):
        return None
    return root.path / noted
