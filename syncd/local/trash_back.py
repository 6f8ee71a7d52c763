"""Out of the trash again: a track and its sidecars to a free name in the library."""

from __future__ import annotations

import os
from pathlib import Path

import structlog

from syncd.errors import Occupied, SyncdError
from syncd.local.carry import carry
from syncd.local.files import make_folders
from syncd.local.root import Root
from syncd.local.scan import file_stat
from syncd.local.sidecars import carry_sidecars, sidecar_name
from syncd.local.trash_folder import restored, trash_of
from syncd.local.trash_note import Entry

_log = structlog.get_logger("syncd.trash")


def bring_back(root: Root, entry: Entry, file: Path, wanted: Path) -> Path:
    """Move ``file``, of ``entry``, to ``wanted``, or to a free name like it; gives its path now.

    Its sidecars go first: after a stop between them the track is still here, to be asked for again.
    Where it cannot follow they come back. Raises ``Occupied`` where a link or a file is in the way
    of a folder, ``Changed``, ``OSError``.
    """
    try:
        make_folders(root, wanted.parent)
    except FileExistsError:
        raise Occupied(f"a link or a file is in the way of {wanted.parent}") from None
    if not wanted.is_symlink() and wanted.exists() and wanted.samefile(file):
        _bring_back_sidecars(root, entry, file, wanted)
        file.unlink()  # a hard link that was never finished: it stands there already
        return wanted
    seen = file_stat(file)
    places = (path for path in restored(wanted) if not os.path.lexists(path))
    while True:
        place = next(places)
        moved = _bring_back_sidecars(root, entry, file, place)
        try:
            carry(root, file, place, seen)
        except (OSError, SyncdError) as error:
            carry_sidecars(root, [(target, source) for source, target in moved])
            if not isinstance(error, FileExistsError):
                raise
        else:
            return place


def _bring_back_sidecars(
    root: Root, entry: Entry, file: Path, place: Path
) -> list[tuple[Path, Path]]:
    """Let the sidecars of ``entry``, beside ``file``, go to ``place``; gives from and to where."""
    moved = []
    for name in entry.sidecars:
        source = trash_of(root) / name
        if not os.path.lexists(source):
            continue
        wanted = place.with_name(sidecar_name(source.name, file.name, place.name))
        target = next(path for path in restored(wanted) if not os.path.lexists(path))
        carry_sidecars(root, [(source, target)])
        if os.path.lexists(source):
            _log.warning("a sidecar stays in the trash", name=name)
        else:
            moved.append((source, target))
    return moved
