"""Files under the root: placed whole, durably, and never upon another.

A file is finished under ``.syncd/incoming`` first (same file system, no audio suffix), and enters
the library by one rename that does not replace.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import NamedTuple

import structlog

from syncd.core.model import FileStat
from syncd.core.safety import is_inside
from syncd.errors import LocalError, Occupied, RootUnusable
from syncd.local.aside import ASIDE_NOTE, recover_aside
from syncd.local.beside import BESIDE_NOTE, recover_beside
from syncd.local.carry import copy
from syncd.local.digest import sha256 as sha256
from syncd.local.rename import forget_target, recover_target, rename_without_replacing
from syncd.local.root import NOT_KEPT, Root, fsync_folder, root_error, sync_folder
from syncd.local.scan import named_stat, open_stat

_TIDIED = re.compile(r"([0-9]+)\.[a-z0-9]+\.part(?:\.json)?|.+\.(?:text|retag)\.part", re.DOTALL)
"""The names of unfinished files; the group is the job that one is of."""


class _Step(NamedTuple):
    """What may be left half-way: how its notes are named, what ends it, what is said if not."""

    note: re.Pattern[str]
    recover: Callable[[Root, Path], None]
    left: str


_TARGET = _Step(
    re.compile(r".+\.part\.target", re.DOTALL), recover_target, "an empty file may be left"
)
_ASIDE = _Step(ASIDE_NOTE, recover_aside, "a file may be left under a hidden name")
_BESIDE = _Step(BESIDE_NOTE, recover_beside, "a hidden file may be left")

_LATEST = datetime(2262, 1, 1, tzinfo=UTC).timestamp()
"""Nanoseconds since 1970 end in 2262 in signed 64 bits, as file systems and programs keep them."""

_log = structlog.get_logger("syncd.files")


def part_path(root: Root, job_id: int, format_: str) -> Path:
    """Where the unfinished file of a job stands; the same for every try, so that it resumes."""
    return root.incoming / f"{job_id}.{format_}.part"


def discard_part(part: Path) -> None:
    """Remove an unfinished file of ours, and what was noted beside it."""
    for path in (part, part.with_name(f"{part.name}.json")):
        path.unlink(missing_ok=True)


def tidy_incoming(root: Root, keep: Container[int]) -> None:
    """Remove unfinished files of jobs that ``keep`` lacks: gone from the account, or placed.

    For whoever holds the root's lock. What is not the program's own (a NAS puts folders of its
    own everywhere) stays; what cannot be removed is logged, and fails nothing.
    """
    listed = _listed(root)
    for path in listed:
        _recover(root, path, _ASIDE)
    for path in listed:
        found = _TIDIED.fullmatch(path.name)
        if found and not (found[1] and int(found[1]) in keep):
            _remove(path)
        _recover(root, path, _BESIDE)


def recover_placements(root: Root) -> None:
    """End what was stopped half-way: an empty file under a final name goes, and a hidden one beside
    it, and a file that stands aside gets its name.

    For whoever holds the root's lock, before anything else is done in the root. What cannot be
    undone is logged, fails nothing, and is tried again at the next start.
    """
    # A hidden file may be what is to take the place of the one aside, so it goes last.
    listed = _listed(root)
    for step in (_TARGET, _ASIDE, _BESIDE):
        for path in listed:
            _recover(root, path, step)


def free_bytes(root: Root) -> int:
    """Bytes free for this user on the library's file system; raises ``RootUnusable``."""
    try:
        return shutil.disk_usage(root.path).free
    except OSError as error:
        raise root_error(error, root.path) from None


def place(root: Root, part: Path, path: str, *, mode: int, modified: datetime | None) -> FileStat:
    """Move the finished ``part`` to ``path`` (relative to the root) and make it durable.

    Its date becomes ``modified``, where the file system can keep that. Where its folder is on
    another disk it is copied there and ``part`` removed. Says what it is once in place, even if
    another program moves it on at once.
    Raises ``Occupied`` where something stands there, ``FolderUnusable``, ``DiskFull``,
    ``RootUnusable``.
    """
    target = _target(root, path)
    _check_case_kept(root)
    try:
        _set_mode(part, mode)
        _set_date(part, modified)
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
            make_folders(root, target.parent)
            before = open_stat(stream.fileno())
            if _rename(root, part, target):
                placed = named_stat(stream.fileno(), before)
            else:
                placed = copy(root, part, target, before)
                part.unlink()
    except FileExistsError:
        raise Occupied(f"something already stands at {path}; it was left alone") from None
    except OSError as error:
        raise root_error(error, root.path) from None
    forget_target(part)
    return placed


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


def make_folders(root: Root, folder: Path) -> None:
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


def _rename(root: Root, part: Path, target: Path) -> bool:
    """Give ``part`` its name, durably; ``False`` where that lies on another file system."""
    # It stays open over the rename: by its path it might no longer be found after it.
    with _opened(target.parent) as folder:
        try:
            rename_without_replacing(root, part, target)
        except OSError as error:
            if error.errno == errno.EXDEV:
                return False
            raise
        sync_folder(folder)
    return True


@lru_cache(maxsize=8)
def _check_case_kept(root: Root) -> None:
    """Raise ``RootUnusable`` where the file system shows names in another case than they were
    given: each file would seem to be renamed by the user.
    """
    try:
        with NamedTemporaryFile(
            prefix="syncd-Case-", suffix=".text.part", dir=root.incoming
        ) as probe:
            kept = Path(probe.name) in root.incoming.iterdir()
    except OSError:
        return  # what it cannot do shows where that is needed
    if not kept:
        raise RootUnusable(
            f"the file system of {root.path} does not keep upper and lower case in names",
            hint="mount it so that it does (ntfs-3g: without ignore_case); nothing was changed",
        )


def _set_mode(part: Path, mode: int) -> None:
    """Set the mode, where the file system keeps any."""
    try:
        part.chmod(mode)
    except OSError as error:
        if error.errno not in NOT_KEPT:
            raise


def _set_date(part: Path, modified: datetime | None) -> None:
    """Set the date that the service gave; one that cannot be kept is not worth the file."""
    if modified is None:
        return
    try:
        seconds = modified.timestamp()
        if 0 <= seconds < _LATEST:
            os.utime(part, (seconds, seconds))
    except (OverflowError, ValueError):
        return
    except OSError as error:
        if error.errno not in (errno.ERANGE, *NOT_KEPT):
            raise


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _recover(root: Root, note: Path, step: _Step) -> None:
    if step.note.fullmatch(note.name):
        try:
            step.recover(root, note)
        except OSError as error:
            _log.warning(step.left, note=note.name, why=error.strerror)


def _listed(root: Root) -> list[Path]:
    try:
        return list(root.incoming.iterdir())
    except OSError as error:
        _log.warning("unfinished files cannot be listed", why=error.strerror)
        return []


def _remove(path: Path) -> None:
    try:
        if stat.S_ISREG(path.lstat().st_mode):
            path.unlink(missing_ok=True)
        else:
            _log.warning("not removed", name=path.name, why="it is not an ordinary file")
    except OSError as error:
        _log.warning("not removed", name=path.name, why=error.strerror)
