"""A hidden file beside the place that it is for: where no rename leads there from elsewhere.

It bears no audio suffix, so no player takes it for a track. What it is called is noted in
``.syncd/incoming`` before it is made, so that one which a stop left is found without a search.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from syncd.core.safety import is_inside
from syncd.local.root import Root, fsync_folder

BESIDE_NOTE = re.compile(r"syncd-([0-9a-f]{32})\.part\.beside")
"""The name of a note in ``.syncd/incoming``; the group is in the name of the hidden file too."""

_LARGEST_NOTE = 64 * 1024


@contextmanager
def beside(root: Root, target: Path) -> Iterator[Path]:
    """The hidden path in the folder of ``target``, where nothing stands yet.

    What stands there at the end is removed: whoever wants to keep it has given it its name by
    then. Raises ``OSError``.
    """
    digest = hashlib.sha256(os.fsencode(target)).hexdigest()[:32]
    part, note = target.with_name(f".syncd-{digest}.text.part"), _note(root, digest)
    away = target.parent.lstat().st_dev != root.device
    _write(note, {"part": str(part.relative_to(root.path)), "away": away})
    try:
        part.unlink(missing_ok=True)
        yield part
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
            note.unlink(missing_ok=True)


def recover_beside(root: Root, note: Path) -> None:
    """Remove the hidden file that ``note`` names, then ``note``; raises ``OSError``.

    The note stays while the disk of that file is not there.
    """
    named = BESIDE_NOTE.fullmatch(note.name)
    if named is None or not stat.S_ISREG(note.lstat().st_mode):
        return
    found = _read(note)
    if found is not None:
        path, away = found
        if not _is_ours(path, named[1]) or any(
            (root.path / folder).is_symlink() for folder in PurePosixPath(path).parents
        ):
            return
        part = root.path / path
        try:
            folder = part.parent.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return
        if away and folder.st_dev == root.device:
            return
        with suppress(FileNotFoundError):
            if stat.S_ISREG(part.lstat().st_mode):
                part.unlink()
    note.unlink()


def _is_ours(path: str, digest: str) -> bool:
    return is_inside(path) and PurePosixPath(path).name == f".syncd-{digest}.text.part"


def _note(root: Root, digest: str) -> Path:
    return root.incoming / f"syncd-{digest}.part.beside"


def _write(note: Path, table: dict[str, object]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(note, flags, 0o600), "wb") as stream:
        stream.write(json.dumps(table).encode("ascii"))
        stream.flush()
        os.fsync(stream.fileno())
    fsync_folder(note.parent)


def _read(note: Path) -> tuple[str, bool] | None:
    """What is in ``note``; ``None`` where it was never finished: then nothing was made yet."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(note, flags), "rb") as stream:
            table = json.loads(stream.read(_LARGEST_NOTE))
            path, away = table["part"], table["away"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (path, bool(away)) if isinstance(path, str) else None
