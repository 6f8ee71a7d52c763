"""A rename that never replaces, on any file system; and what is left of one that was stopped.

Where there is neither an exclusive rename nor a hard link, the final name is taken by an empty
file first. What it is called is noted beside the part before, so that the next start can tell it
from a file of the user's.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path, PurePosixPath

from syncd.core.safety import is_inside
from syncd.local.root import Root, fsync_folder

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # renameat2(2), Linux
_RENAME_EXCL = 4  # renamex_np(2), macOS
_NOT_OFFERED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM, errno.EOPNOTSUPP)
_LARGEST_NOTE = 64 * 1024


def rename_without_replacing(
    root: Root, source: Path, target: Path, *, part: Path | None = None
) -> None:
    """Rename, or raise ``FileExistsError``; on any file system (not all offer it outright).

    Once the folder of ``target`` is synced, ``forget_target`` of ``part`` ends it: a path under
    ``Root.incoming`` that the note is named for, and ``source`` itself where that lies there.
    Raises ``OSError``.
    """
    if _rename_exclusive(source, target):
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (*_NOT_OFFERED, errno.EMLINK):
            raise
        # No hard links either (FAT, some network shares): take the name first, then fill it.
        _take_and_fill(root, source, target, _note(part or source))
    else:
        source.unlink()


def forget_target(source: Path) -> None:
    """Remove the note of a rename that is done."""
    # One that stays does no harm: the file that it names is not empty.
    with suppress(OSError):
        _note(source).unlink(missing_ok=True)


def recover_target(root: Root, note: Path) -> None:
    """Remove the empty file that ``note`` names, if it is that still, then ``note``.

    Raises ``OSError``; then the note stays.
    """
    if not stat.S_ISREG(note.lstat().st_mode):
        return
    path = _read(note)
    if path is not None and is_inside(path):
        target = root.path / path
        # Through real folders only, as it was made: a link could lead to files of another place.
        linked = any((root.path / folder).is_symlink() for folder in PurePosixPath(path).parents)
        with suppress(FileNotFoundError, NotADirectoryError):
            if not linked and _is_placeholder(target.lstat()):
                target.unlink()
                fsync_folder(target.parent)
    note.unlink()


def _take_and_fill(root: Root, source: Path, target: Path, note: Path) -> None:
    # Looked for before the note is written, which must never name a file of the user's.
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
    with suppress(FileNotFoundError):
        recover_target(root, note)  # of an earlier try, whose empty file could not be removed
    _write(note, str(target.relative_to(root.path)))
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:
        note.unlink()
        raise
    try:
        source.replace(target)
    except OSError:
        target.unlink(missing_ok=True)  # the empty file that held the name
        note.unlink()
        raise


def _note(source: Path) -> Path:
    return source.with_name(f"{source.name}.target")


def _write(note: Path, path: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(note, flags, 0o600), "wb") as stream:
        # As JSON: the beginning of one that was cut short is not another path.
        stream.write(json.dumps({"target": path}).encode("ascii"))
        stream.flush()
        os.fsync(stream.fileno())
    fsync_folder(note.parent)


def _read(note: Path) -> str | None:
    """The path in ``note``; ``None`` where it was never finished, or is none of ours."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(note, flags), "rb") as stream:
            path = json.loads(stream.read(_LARGEST_NOTE))["target"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return path if isinstance(path, str) else None


def _is_placeholder(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


def _rename_exclusive(source: Path, target: Path) -> bool:
    """``False`` where the system or the file system has no such call."""
    return native_rename(source, target, linux=_RENAME_NOREPLACE, darwin=_RENAME_EXCL)


def native_rename(source: Path, target: Path, *, linux: int, darwin: int) -> bool:
    """A rename with flags: renameat2(2) of Linux, renamex_np(2) of macOS.

    ``False``, and nothing was changed, where the system has no such call or the file system does
    not offer it. Raises ``OSError`` that names both.
    """
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(source), os.fsencode(target)
    if sys.platform == "darwin":
        call = getattr(library, "renamex_np", None)
        arguments = (first, second, ctypes.c_uint(darwin))
    else:
        call = getattr(library, "renameat2", None)
        arguments = (_AT_FDCWD, first, _AT_FDCWD, second, ctypes.c_uint(linux))
    if call is None:
        return False
    if call(*arguments) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_OFFERED:
        return False
    raise OSError(code, os.strerror(code), os.fspath(source), None, os.fspath(target))
