"""Carry a file to another folder: never upon another, durably, also onto another file system.

What is moved is compared with what was looked at before: a file that another program exchanged in
between goes back, and one that cannot be renamed is copied and compared before its name goes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from syncd.core.model import FileStat
from syncd.errors import Changed
from syncd.local.aside import rename_anew
from syncd.local.beside import beside
from syncd.local.digest import sha256
from syncd.local.rename import forget_target
from syncd.local.root import Root, fsync_folder, root_error
from syncd.local.scan import file_stat, named_stat, open_stat

_BLOCK = 1 << 20
_NO_LINK = (
    *(errno.EPERM, errno.EMLINK, errno.EXDEV),
    *(errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP),
)
_VANISHED = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held, and what the file system said of it then."""

    sha256: str
    stat: FileStat


@contextmanager
def translated(root: Root) -> Iterator[None]:
    """Raise what ``root_error`` makes of what the file system refuses in here."""
    try:
        yield
    except OSError as error:
        raise root_error(error, root.path) from None


def read_content(path: Path) -> Content:
    """Read the ordinary file at ``path`` and make its bytes durable.

    Raises ``Changed`` where there is none, or where it was written to meanwhile; ``OSError``.
    """
    with _opened(path) as descriptor:
        before = open_stat(descriptor)
        with open(descriptor, "rb", closefd=False) as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        os.fsync(descriptor)
        if open_stat(descriptor) != before:
            raise Changed(f"{path.name} was written to while it was read")
    return Content(digest, before)


def carry(root: Root, source: Path, target: Path, expected: FileStat) -> None:
    """Move ``source``, which was ``expected``, to ``target``, and make both folders durable.

    Raises ``FileExistsError`` where something stands there, ``Changed`` where ``source`` is gone
    or another by now, ``OSError``; then ``source`` is where it was.
    """
    try:
        _rename(root, source, target)
    except OSError as error:
        if error.errno == errno.ENOENT and not os.path.lexists(source):
            raise Changed(f"{source.name} is no longer there") from None
        if error.errno != errno.EXDEV:
            raise
        _carry_across(root, source, target, expected)
        return
    if not file_stat(target).is_unmoved(expected):
        # Where it cannot go back (another has the name by now), it stays at ``target``.
        with suppress(OSError):
            _rename(root, target, source)
            fsync_folder(source.parent)
            forget_target(_named(root, source))
        raise Changed(f"{source.name} became another file while it was moved")
    fsync_folder(target.parent)
    fsync_folder(source.parent)
    forget_target(_named(root, target))


def copy(root: Root, source: Path, target: Path, expected: FileStat) -> FileStat:
    """Copy ``source``, which is ``expected``, to ``target`` with its mode, date and attributes.

    The copy is made durable and read again before it gets its name. Says what it is then, even if
    another program moves it on at once. Raises as ``carry`` does.
    """
    with _part(root, target) as part:
        with _opened(source) as descriptor:
            if open_stat(descriptor) != expected:
                raise Changed(f"{source.name} is another file than it was")
            with _about(part):
                digest = _write(descriptor, part)
            shutil.copystat(source, part)
            if open_stat(descriptor) != expected:
                raise Changed(f"{source.name} was written to while it was copied")
        if sha256(part) != digest:
            raise OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(part))
        with part.open("rb") as stream:
            before = open_stat(stream.fileno())
            _rename(root, part, target)
            fsync_folder(target.parent)
            placed = named_stat(stream.fileno(), before)
        forget_target(_named(root, target))
    return placed


def link_or_copy(root: Root, source: Path, target: Path, expected: FileStat) -> None:
    """Let ``target`` name the bytes of ``source`` too: one file where that can be, else a copy.

    Raises as ``carry`` does.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.ENOENT and not os.path.lexists(source):
            raise Changed(f"{source.name} is no longer there") from None
        if error.errno not in _NO_LINK:
            raise
        copy(root, source, target, expected)
        return
    if not file_stat(target).is_unmoved(expected):
        target.unlink()
        raise Changed(f"{source.name} became another file meanwhile")
    fsync_folder(target.parent)


def _carry_across(root: Root, source: Path, target: Path, expected: FileStat) -> None:
    copy(root, source, target, expected)
    try:
        if file_stat(source) != expected:
            raise Changed(f"{source.name} was changed while it was moved")
        source.unlink()
    except (OSError, Changed) as error:
        # Else each try would leave one more copy of what has to stay where it is.
        target.unlink()
        if isinstance(error, FileNotFoundError):
            raise Changed(f"{source.name} is no longer there") from None
        raise
    fsync_folder(source.parent)


def _rename(root: Root, source: Path, target: Path) -> None:
    if not target.is_relative_to(root.private):
        rename_anew(root, source, target, part=_named(root, target))
        return
    # Only the holder of the root's lock writes in there, so looking first is enough; and what a
    # stop leaves of the ways around an exclusive rename is undone in the library alone.
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(target))
    source.rename(target)


@contextmanager
def _part(root: Root, target: Path) -> Iterator[Path]:
    """Where a copy is written: on the file system of ``target``, and tidied after a stop."""
    if not target.is_relative_to(root.private):
        with beside(root, target) as part:
            yield part
        return
    part = _named(root, target)
    part.unlink(missing_ok=True)
    try:
        yield part
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def _about(path: Path) -> Iterator[None]:
    """Let an error of writing name the file that was written: its disk is not always the root's."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), os.fspath(path)) from None
        raise


def _named(root: Root, target: Path) -> Path:
    digest = hashlib.sha256(os.fsencode(target)).hexdigest()[:32]
    return root.incoming / f"syncd-{digest}.text.part"


def _write(source: int, part: Path) -> str:
    """Write what ``source`` holds to ``part``, durably; gives its SHA-256."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    digest = hashlib.sha256()
    with os.fdopen(os.open(part, flags, 0o600), "wb") as stream:
        while block := os.read(source, _BLOCK):
            digest.update(block)
            stream.write(block)
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """An ordinary file; raises ``Changed`` for everything else, without waiting on a pipe."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in _VANISHED:
            raise Changed(f"{path.name} is no longer there") from None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Changed(f"{path.name} is no ordinary file")
        yield descriptor
    finally:
        os.close(descriptor)
