"""Out of the trash again: a track and its sidecars to a free name in the library."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import structlog

from syncd.errors import Occupied
from syncd.local.carry import carry
from syncd.local.files import make_folders
from syncd.local.root import Root
from syncd.local.scan import file_stat
from syncd.local.sidecars import carry_sidecars, sidecar_name
from syncd.local.trash_folder import restored, trash_of
from syncd.local.trash_note import Entry

_log = structlog.get_logger("syncd.trash")


def bring_back(root: Root, file: Path, wanted: Path) -> Path:
    """Move ``file`` to ``wanted``, or to a free name like it; gives the path where it is now.

    Raises ``Occupied`` where a link or a file is in the way of a folder, ``Changed``, ``OSError``.
    """
    try:
        make_folders(root, wanted.parent)
    except FileExistsError:
        raise Occupied(f"a link or a file is in the way of {wanted.parent}") from None
    if not wanted.is_symlink() and wanted.exists() and wanted.samefile(file):
        file.unlink()  # a hard link that was never finished: it stands there already
        return wanted
    seen = file_stat(file)
    places = restored(wanted)
    while True:
        place = next(places)
        with suppress(FileExistsError):
            carry(root, file, place, seen)
            return place


def bring_back_sidecars(root: Root, entry: Entry, file: Path, place: Path) -> None:
    """Let the sidecars of ``entry``, which lay beside ``file``, follow it to ``place``."""
    for name in entry.sidecars:
        source = trash_of(root) / name
        if not os.path.lexists(source):
            continue
        wanted = place.with_name(sidecar_name(source.name, file.name, place.name))
        free = (path for path in restored(wanted) if not os.path.lexists(path))
        carry_sidecars(root, [(source, next(free))])
        if os.path.lexists(source):
            _log.warning("a sidecar stays in the trash", name=name)
