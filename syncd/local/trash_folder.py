"""The folders of the trash: made, listed, named in and tidied, through real folders only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path, PurePosixPath

import structlog

from syncd.core.naming import AUDIO_SUFFIXES
from syncd.errors import RootUnusable
from syncd.local.files import sha256
from syncd.local.root import Root, fsync_folder
from syncd.local.sidecars import is_audio
from syncd.local.trash_note import (
    FRESH,
    LEAVING,
    LONGEST_OWN,
    DamagedNoteError,
    Entry,
    note_of,
    noted_name,
    own_name,
    read_note,
)

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_NAME = 255
"""Bytes that a name may take on the file systems in use."""

_log = structlog.get_logger("syncd.trash")


def trash_of(root: Root) -> Path:
    return root.private / "trash"


def make_day(root: Root, date: str) -> Path:
    """The folder of a day, made where it is missing; raises ``RootUnusable``, ``OSError``."""
    folder = trash_of(root) / date
    for path in (root.private, folder.parent, folder):
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
            fsync_folder(path.parent)
        _check_real(path)
    return folder


def days(root: Root) -> list[Path]:
    """The folders of days, oldest first; raises ``RootUnusable`` for links, ``OSError``."""
    trash = trash_of(root)
    for path in (root.private, trash):
        if not os.path.lexists(path):
            return []
        _check_real(path)
    found = sorted(path for path in trash.iterdir() if _DATE.fullmatch(path.name))
    for path in found:
        _check_real(path)
    return found


def file_of(root: Root, name: str) -> Path | None:
    """The file that an entry's name stands for; ``None`` for what can be no such name.

    Raises ``RootUnusable`` for a link among its folders, and ``OSError``.
    """
    date, _, track = name.partition("/")
    if not _DATE.fullmatch(date) or "/" in track or "\0" in track or not is_audio(track):
        return None
    for path in (root.private, trash_of(root), trash_of(root) / date):
        try:
            path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        _check_real(path)
    return trash_of(root) / date / track


def look(folder: Path) -> Iterator[Entry]:
    """What stands in a day's folder; what has no whole note is logged and passed over."""
    regular = _files(folder)
    for name in sorted(regular):
        track = noted_name(name)
        if is_audio(name):
            if (entry := entry_of(folder / name)) is not None:
                yield entry
        elif track is not None and track not in regular:
            _log.warning("a note in the trash has no file", note=f"{folder.name}/{name}")


def entry_of(file: Path) -> Entry | None:
    """What the note of ``file`` says; ``None``, and a warning, where it has no whole note."""
    try:
        return read_note(file)
    except FileNotFoundError:
        why = "it has no note"
    except DamagedNoteError:
        why = "its note is damaged"
    except OSError as error:
        why = f"its note cannot be read: {error.strerror}"
    name = f"{file.parent.name}/{file.name}"
    _log.warning("a file in the trash can only be brought back by hand", name=name, why=why)
    return None


def free_file(folder: Path, name: str) -> Path:
    """A name in ``folder``, like ``name``, whose stem no other track has there.

    A note that was left without its file is removed on the way. Raises ``OSError``.
    """
    tried = (folder / numbered(name, f" ({number})" if number > 1 else "") for number in count(1))
    return next(file for file in tried if _is_free(file))


def numbered(name: str, number: str) -> str:
    """``name`` with ``number`` before its suffix, cut so that our own names beside it fit too."""
    path = PurePosixPath(name)
    stem, tail = path.stem, number + path.suffix
    while stem and len(os.fsencode(stem + tail)) + LONGEST_OWN > _LONGEST_NAME:
        stem = stem[:-1]
    return stem + tail


def restored(wanted: Path) -> Iterator[Path]:
    """``wanted``, then the names that are tried in its place."""
    yield wanted
    yield wanted.with_name(numbered(wanted.name, " (restored)"))
    for number in count(2):
        yield wanted.with_name(numbered(wanted.name, f" (restored {number})"))


def tidy(folder: Path) -> None:
    """Remove what a stop left in a day's folder, and the folder where it is empty; ``OSError``."""
    for name in sorted(_files(folder)):
        track = own_name(name)
        if track is None:
            continue
        path, file = folder / name, folder / track
        if name == track + FRESH:
            path.unlink()
        elif name == track + LEAVING:
            settle(file)
        elif not os.path.lexists(file):
            _drop_note(file)
    with suppress(OSError):
        folder.rmdir()


def settle(file: Path) -> bool:
    """Remove what ``finish`` took out of the library last, if it is what ``file`` holds.

    ``False``, and a warning, where it is not: then it stays. Raises ``OSError``.
    """
    leaving = file.with_name(file.name + LEAVING)
    if not os.path.lexists(leaving):
        return True
    if file.is_file() and (file.samefile(leaving) or sha256(file) == sha256(leaving)):
        leaving.unlink()
        return True
    name = f"{file.parent.name}/{leaving.name}"
    _log.warning("a file in the trash can only be brought back by hand", name=name, why="no copy")
    return False


def _is_free(file: Path) -> bool:
    stem = PurePosixPath(file.name).stem
    taken = {file.name, file.name + LEAVING, *(stem + suffix for suffix in AUDIO_SUFFIXES)}
    return not any(os.path.lexists(file.with_name(name)) for name in taken) and _drop_note(file)


def _drop_note(file: Path) -> bool:
    """Remove a note whose file is not there; ``False`` where more than it would be lost."""
    note = note_of(file)
    if not os.path.lexists(note):
        return True
    try:
        beside = read_note(file).sidecars
    except (DamagedNoteError, OSError):
        return False
    if any(os.path.lexists(file.parent.parent / name) for name in beside):
        return False
    note.unlink()
    return True


def _files(folder: Path) -> set[str]:
    with os.scandir(folder) as listing:
        return {entry.name for entry in listing if entry.is_file(follow_symlinks=False)}


def _check_real(path: Path) -> None:
    if path.is_symlink():
        raise RootUnusable(
            f"{path} is a link, so it may lie on another disk or in another library",
            hint="replace it by a real folder; nothing was changed",
        )
    if not path.is_dir():
        raise RootUnusable(f"{path} is no folder", hint="move it away; nothing was changed")
