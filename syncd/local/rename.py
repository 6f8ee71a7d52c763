"""A rename that never replaces, on any file system; and what is left of one that was stopped.

Where there is no exclusive rename, a hard link gives the new name before the old one goes. Where
there is none either, the final name is taken by an empty file first. What is under way is noted
beside the part before, so that the next start ends the one, and can tell the other from a file of
the user's.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

from syncd.errors import Changed
from syncd.local.root import Root, fsync_folder, sync_folder
from syncd.local.under_way import in_library, read_note, write_note

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # renameat2(2), Linux
_RENAME_EXCL = 4  # renamex_np(2), macOS
_NOT_OFFERED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM, errno.EOPNOTSUPP)
_NO_LINK = (*_NOT_OFFERED, errno.EMLINK, errno.EXDEV)
"""``EXDEV`` too: some link within one folder alone (AFS), and a real one shows by the rename."""


def rename_without_replacing(
    root: Root, source: Path, target: Path, *, part: Path | None = None
) -> None:
    """Rename, or raise ``FileExistsError``; on any file system (not all offer it outright).

    Once the folder of ``target`` is synced, ``forget_target`` of ``part`` ends it: a path under
    ``Root.incoming`` that the note is named for, and ``source`` itself where that lies there.
    Raises ``OSError``, and ``Changed`` where another program replaced ``source`` meanwhile.

    Where there is no exclusive rename, what another program saves in the moment between the last
    look and the last step is lost: by a rename to ``source``, which a hard link left to be removed,
    and without hard links to ``target``, whose name an empty file took.
    """
    if rename_exclusive(source, target):
        return
    # Looked for before the note is written, which must never name a file of the user's.
    if os.path.lexists(target):
        raise _occupied(target)
    note = _note(part or source)
    with suppress(FileNotFoundError):
        recover_target(root, note)  # of an earlier try, of which something could not be removed
    paths = {"target": target, "source": source}
    write_note(note, {name: str(path.relative_to(root.path)) for name, path in paths.items()})
    try:
        # Kept open: by its path it might no longer be found.
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        note.unlink()
        raise
    try:
        _rename_in_steps(root, source, target, note, folder)
    finally:
        os.close(folder)


def _rename_in_steps(root: Root, source: Path, target: Path, note: Path, folder: int) -> None:
    try:
        before = source.lstat()
        linked = _link(source, target)
        if not linked:
            # No hard links either (FAT, some network shares): take the name first, then fill it.
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:
        note.unlink()
        raise
    try:
        if linked:
            _remove_old_name(source, target, before, folder)
        else:
            _fill(source, target)
    except (Changed, FileExistsError):
        note.unlink()
        raise
    except OSError:
        recover_target(root, note)
        raise


def forget_target(source: Path) -> None:
    """Remove the note of a rename that is done."""
    # One that stays does no harm: the file that it names is not empty, and has one name.
    with suppress(OSError):
        _note(source).unlink(missing_ok=True)


def recover_target(root: Root, note: Path) -> None:
    """End what ``note`` names, and remove it: the empty file that took a name goes, if it is that
    still, and the old name of a file that has the new one, too.

    Raises ``OSError``; then the note stays.
    """
    if not stat.S_ISREG(note.lstat().st_mode):
        return
    noted = read_note(note)
    target = in_library(root, noted.get("target"))
    with suppress(FileNotFoundError, NotADirectoryError):
        if target is not None and _is_placeholder(target.lstat()):
            target.unlink()
            fsync_folder(target.parent)
        elif target is not None:
            _end_link(root, noted.get("source"), target)
    note.unlink()


def rename_exclusive(source: Path, target: Path) -> bool:
    """``False`` where the system or the file system has no such call.

    A ``target`` that is taken is refused before the file system is asked: ``FileExistsError`` says
    nothing of what it offers.
    """
    return native_rename(source, target, linux=_RENAME_NOREPLACE, darwin=_RENAME_EXCL)


def _link(source: Path, target: Path) -> bool:
    """``False``, and nothing was changed, where the file system offers no hard link."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        return False
    return True


def _remove_old_name(source: Path, target: Path, before: os.stat_result, folder: int) -> None:
    """Remove ``source``, unless another program replaced it, or ``target``, since it was linked.

    ``before`` is what it was then, ``folder`` that of ``target``.
    """
    sync_folder(folder)
    now = source.lstat()
    linked = os.stat(target.name, dir_fd=folder, follow_symlinks=False)
    if os.path.samestat(now, linked):
        source.unlink()
    elif os.path.samestat(now, before):
        # Some of FUSE numbers each name of a file by itself (sshfs).
        if not _is_alike(linked, now):
            raise _occupied(target)
        source.unlink()
    elif os.path.samestat(linked, before) or _is_alike(linked, before):
        # Another file is at ``source`` by now; what it replaced must not come back as a second one.
        os.unlink(target.name, dir_fd=folder)
        sync_folder(folder)
        raise Changed(f"{source.name} became another file while it was moved")
    else:
        raise _occupied(target)


def _is_alike(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _end_link(root: Root, noted: object, target: Path) -> None:
    if not isinstance(noted, str):
        return
    source = root.incoming / noted.rpartition("/")[2]
    if noted != str(source.relative_to(root.path)):
        inside = in_library(root, noted)
        if inside is None:
            return
        source = inside
    fsync_folder(target.parent)
    found = source.lstat()
    # Both are names of one file: what goes is a name of it, and never its last.
    if (
        stat.S_ISREG(found.st_mode)
        and found.st_nlink > 1
        and os.path.samestat(found, target.lstat())
    ):
        source.unlink()
        fsync_folder(source.parent)


def _fill(source: Path, target: Path) -> None:
    with suppress(FileNotFoundError):
        if not _is_placeholder(target.lstat()):
            raise _occupied(target)
    source.replace(target)


def _occupied(target: Path) -> FileExistsError:
    return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))


def _note(source: Path) -> Path:
    return source.with_name(f"{source.name}.target")


def _is_placeholder(found: os.stat_result) -> bool:
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


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
