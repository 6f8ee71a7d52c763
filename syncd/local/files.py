"""Files under the root: placed whole, durably, and never upon another.

A file is finished under ``.syncd/incoming`` first (same file system, no audio suffix), and enters
the library by one rename that does not replace.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import sys
from collections.abc import Container
from datetime import datetime
from pathlib import Path, PurePosixPath

from syncd.core.model import FileStat
from syncd.core.safety import is_inside
from syncd.errors import LocalError, Occupied, RootUnusable
from syncd.local.root import Root, fsync_folder, root_error
from syncd.local.scan import file_stat

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # renameat2(2), Linux
_RENAME_EXCL = 4  # renamex_np(2), macOS
_NOT_OFFERED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM, errno.EOPNOTSUPP)


def part_path(root: Root, job_id: int, format_: str) -> Path:
    """Where the unfinished file of a job stands; the same for every try, so that it resumes."""
    return root.incoming / f"{job_id}.{format_}.part"


def discard_part(part: Path) -> None:
    """Remove an unfinished file of ours, and what was noted beside it."""
    for path in (part, part.with_name(f"{part.name}.json")):
        path.unlink(missing_ok=True)


def tidy_incoming(root: Root, keep: Container[int]) -> None:
    """Remove unfinished files of jobs that ``keep`` lacks: gone from the account, or placed.

    For whoever holds the root's lock; everything in that folder is the program's own.
    """
    try:
        for path in root.incoming.iterdir():
            job_id = path.name.partition(".")[0]
            if not (job_id.isdecimal() and int(job_id) in keep):
                path.unlink()
    except OSError as error:
        raise root_error(error, root.path) from None


def free_bytes(root: Root) -> int:
    """Bytes free for this user on the library's file system; raises ``RootUnusable``."""
    try:
        return shutil.disk_usage(root.path).free
    except OSError as error:
        raise root_error(error, root.path) from None


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def place(root: Root, part: Path, path: str, *, mode: int, modified: datetime | None) -> FileStat:
    """Move the finished ``part`` to ``path`` (relative to the root) and make it durable.

    Raises ``Occupied`` where something stands there, ``DiskFull``, ``RootUnusable``.
    """
    target = _target(root, path)
    try:
        part.chmod(mode)
        if modified is not None:
            os.utime(part, (modified.timestamp(), modified.timestamp()))
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
        _make_folders(root, target.parent)
        _rename_without_replacing(part, target)
        fsync_folder(target.parent)
        return file_stat(target)
    except FileExistsError:
        raise Occupied(f"something already stands at {path}; it was left alone") from None
    except OSError as error:
        raise root_error(error, root.path) from None


def place_text(root: Root, path: str, text: str, *, mode: int) -> bool:
    """Place a sidecar; ``False`` where something stands there already, which is left alone."""
    part = root.incoming / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}.text.part"
    try:
        part.write_text(text, encoding="utf-8", newline="\n")
        place(root, part, path, mode=mode, modified=None)
    except Occupied:
        return False
    except LocalError:
        raise
    except OSError as error:
        raise root_error(error, root.path) from None
    finally:
        part.unlink(missing_ok=True)
    return True


def default_mode() -> int:
    """The mode of a new file by the user's umask. Not thread-safe: called once, at the start."""
    mask = os.umask(0o077)
    os.umask(mask)
    return 0o666 & ~mask


def sidecar_path(path: str, suffix: str) -> str:
    """The path of a track's sidecar: same folder, same stem."""
    return str(PurePosixPath(path).with_suffix("")) + suffix


def _target(root: Root, path: str) -> Path:
    if not is_inside(path):
        raise RootUnusable(f"{path!r} is no path inside the library; nothing was written")
    return root.path / path


def _make_folders(root: Root, folder: Path) -> None:
    """Make ``folder`` under the root, through real folders only: a link could lead out of it."""
    current = root.path
    for part in folder.relative_to(root.path).parts:
        parent, current = current, current / part
        try:
            current.mkdir()
        except FileExistsError:
            if current.is_symlink() or not current.is_dir():
                raise
        else:
            fsync_folder(parent)


def _rename_without_replacing(source: Path, target: Path) -> None:
    """Rename, or raise ``FileExistsError``; on any file system (not all offer it outright)."""
    if _rename_exclusive(source, target):
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in (*_NOT_OFFERED, errno.EMLINK):
            raise
        # No hard links either (FAT, some network shares): take the name first, then fill it.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            source.replace(target)
        except OSError:
            target.unlink(missing_ok=True)  # the empty file that held the name
            raise
    else:
        source.unlink()


def _rename_exclusive(source: Path, target: Path) -> bool:
    """``False`` where the system or the file system has no such call."""
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform == "darwin":
        call = getattr(library, "renamex_np", None)
        arguments = (os.fsencode(source), os.fsencode(target), ctypes.c_uint(_RENAME_EXCL))
    else:
        call = getattr(library, "renameat2", None)
        arguments = (
            _AT_FDCWD,
            os.fsencode(source),
            _AT_FDCWD,
            os.fsencode(target),
            ctypes.c_uint(_RENAME_NOREPLACE),
        )
    if call is None:
        return False
    if call(*arguments) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NOT_OFFERED:
        return False
    raise OSError(code, os.strerror(code), os.fspath(target))
