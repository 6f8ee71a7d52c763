"""The program's own move of a track: never upon another file, durably, its sidecars with it."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from syncd.core.model import FileStat
from syncd.core.safety import is_inside
from syncd.errors import AnotherDisk, Changed, Occupied, RootUnusable, SyncdError
from syncd.local.aside import is_one_name, rename_anew
from syncd.local.files import make_folders
from syncd.local.rename import forget_target
from syncd.local.root import Root, fsync_folder, root_error
from syncd.local.scan import named_stat, open_stat
from syncd.local.sidecars import move_sidecars


def move(
    root: Root, old: str, new: str, *, expected: FileStat | None = None, prune: bool = False
) -> FileStat:
    """Rename the track at ``old`` to ``new``, both relative to the root; its sidecars follow.

    Names that differ in case alone are different names, also where the file system folds them.
    ``prune`` removes the folders that this leaves empty. Says what the moved file is, even if
    another program replaces it at once.

    Raises ``Occupied`` where something stands at ``new``, or a link or a file where one of its
    folders should be; ``Changed`` where ``old`` is gone, is no ordinary file in real folders, is
    not ``expected`` any more; ``AnotherDisk``; ``FolderUnusable``, ``RootUnusable``, ``DiskFull``.
    """
    source, target = _inside(root, old), _inside(root, new)
    try:
        with _opened(root, old) as descriptor:
            before = open_stat(descriptor)
            if expected is not None and before != expected:
                raise Changed(f"{old} is no longer the file that it was")
            if source.name != target.name or not is_one_name(root, source, target):
                _make_folders(root, target, new)
                _rename(root, source, target)
            moved = named_stat(descriptor, before)
    except OSError as error:
        raise _meaning(error, root, old, new) from None
    move_sidecars(root, old, new)
    if prune:
        _remove_empty(root, source.parent)
    return moved


def follow(root: Root, old: str, new: str, *, prune: bool = False) -> None:
    """Let what a move from ``old`` to ``new`` left behind when it was stopped follow it.

    Nothing where another track stands at ``old`` by now. Raises ``FolderUnusable``,
    ``RootUnusable``, ``DiskFull``.
    """
    source = _inside(root, old)
    if os.path.lexists(source) and not is_one_name(root, source, root.path / new):
        return
    move_sidecars(root, old, new)
    if prune:
        _remove_empty(root, source.parent)


def _inside(root: Root, path: str) -> Path:
    if not is_inside(path):
        raise RootUnusable(f"{path!r} is no path inside the library; nothing was moved")
    return root.path / path


@contextmanager
def _opened(root: Root, path: str) -> Iterator[int]:
    """The track at ``path``: kept open, it is still known after another took its name."""
    if any((root.path / folder).is_symlink() for folder in PurePosixPath(path).parents):
        raise Changed(f"{path} lies behind a link by now")
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(root.path / path, flags)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            raise Changed(f"{path} is no longer there") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Changed(f"{path} is no ordinary file by now")
        yield descriptor
    finally:
        os.close(descriptor)


def _make_folders(root: Root, target: Path, new: str) -> None:
    try:
        make_folders(root, target.parent)
    except (FileExistsError, NotADirectoryError):
        raise Occupied(f"a link or a file stands where {new} needs a folder") from None


def _rename(root: Root, source: Path, target: Path) -> None:
    part = root.incoming / f"{_digest(target)}.move.part"
    rename_anew(root, source, target, part=part)
    fsync_folder(target.parent)
    if source.parent != target.parent:
        fsync_folder(source.parent)
    forget_target(part)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:32]


def _meaning(error: OSError, root: Root, old: str, new: str) -> SyncdError:
    """What an error of the file system means for a move."""
    if isinstance(error, FileExistsError):
        return Occupied(f"something already stands at {new}; it was left alone")
    if isinstance(error, FileNotFoundError) and not os.path.lexists(root.path / old):
        return Changed(f"{old} is no longer there")
    if error.errno == errno.EXDEV:
        return AnotherDisk(
            f"{new} is on another file system than {old}, so it is not moved there",
            hint="move it yourself: it is known wherever it lies under the root",
        )
    return root_error(error, root.path)


def _remove_empty(root: Root, folder: Path) -> None:
    with suppress(OSError):  # one that is not empty, for the most part
        while folder != root.path:
            folder.rmdir()
            folder = folder.parent
            fsync_folder(folder)
