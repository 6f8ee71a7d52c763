"""Tags changed in a file of the library: a new file beside the old, exchanged in one step.

No other program ever sees a file half written, and none loses to this one: whoever was quicker
finds under the name what it wrote itself. A stop at any moment leaves a whole file there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from syncd.core.model import FileStat, Origin
from syncd.core.safety import is_inside
from syncd.errors import Changed, CorruptMedia, RootUnusable
from syncd.local.aside import put_in_steps
from syncd.local.audio import check, sniff
from syncd.local.beside import beside
from syncd.local.exchange import exchange
from syncd.local.files import sha256
from syncd.local.mounts import is_mounted
from syncd.local.rename import rename_without_replacing
from syncd.local.root import NOT_KEPT, Root, fsync_folder, root_error
from syncd.local.scan import file_stat, named_stat, open_stat
from syncd.local.tags import Change, changes, edit_fields, read_fields, spellable, version_of

Fields = Mapping[str, tuple[str, ...]]
Decide = Callable[[Fields], tuple[Change, ...]]
"""From the fields that a file holds to what is to be changed in it."""

Foretold = Callable[[str], None]
"""Told the SHA-256 of the file that is about to take the place of the old one."""

_GONE = (errno.ENOENT, errno.ENOTDIR)
_TICK = 2_000_000_000
"""Nanoseconds; FAT keeps dates to two seconds, and a date that stays the same goes unseen."""


@dataclass(frozen=True, slots=True)
class Retagged:
    """The file that is in place now. ``written`` holds the fields set, empty where taken away."""

    stat: FileStat
    sha256: str
    written: Mapping[str, tuple[str, ...]]


def retag(
    root: Root,
    path: str,
    format_: str,
    *,
    owned: Mapping[str, tuple[str, ...]],
    wanted: Mapping[str, tuple[str, ...]],
    force: Collection[str] = (),
    foretold: Foretold = lambda _: None,
    id3_version: int | None = None,
) -> Retagged | None:
    """Write the managed fields ``wanted`` into the file at ``path``, relative to the root.

    Each is written only where the file still holds what ``owned`` says this program wrote last,
    or where it is in ``force``; an empty one is taken away. Everything else in the tags, and the
    audio, is carried over byte for byte, as are mode, owner and extended attributes where the
    system allows it; the date moves on, or players would not look again. An ID3 tag becomes one of
    ``id3_version``, where the frames of others can stand in that.

    ``None`` where nothing was to be written; else ``foretold`` is told before it is, so that the
    new file is known after a stop. Raises ``Changed`` where the file is gone, is no
    ordinary file in real folders, lies on another file system than the root or was changed
    meanwhile (then it stays as it is); ``CorruptMedia`` where it is no sound ``format_`` file or
    its tags cannot be changed; ``RootUnusable``, ``DiskFull``.
    """

    wanted = spellable(format_, wanted)

    def decide(found: Fields) -> tuple[Change, ...]:
        return changes(found, owned=owned, wanted=wanted, force=force)

    return _rewritten(root, path, format_, decide, foretold, id3_version)


def embed_identity(root: Root, path: str, job_id: int, origin: Origin) -> FileStat:
    """Write the job id and its origin, and nothing else, into the file at ``path``.

    What the file is now, or still is where it held just these. Raises ``CorruptMedia`` for what
    is no audio that can be tagged, and what ``retag`` raises.
    """
    wanted = {"job_id": (str(job_id),), "origin": (str(origin),)}

    def decide(found: Fields) -> tuple[Change, ...]:
        return changes(found, owned={}, wanted=wanted, force=wanted)

    with _translated(root, path):
        source = _ordinary(root, path)
        before = file_stat(source)
        format_ = sniff(source)
    if format_ is None:
        raise CorruptMedia(f"{path} is no audio file that can be tagged")
    written = _rewritten(root, path, format_, decide, lambda _: None, None)
    return before if written is None else written.stat


def put_in_place(root: Root, part: Path, path: str, *, kept: str) -> FileStat:
    """Give the finished file ``part`` the name of the one at ``path``, whose bytes are kept
    elsewhere by now: ``kept`` is their SHA-256. Mode, owner and extended attributes stay.

    Raises ``Changed`` where the file is gone or holds anything else than what was kept (then it
    stays as it is), ``RootUnusable``, ``DiskFull``.
    """
    with _translated(root, path):
        target = _ordinary(root, path)
        before, digest = target.lstat(), sha256(target)
        if digest != kept:
            raise Changed(f"{path} was changed in the folder meanwhile")
        if not is_mounted(root, path):
            return _exchanged(root, part, target, path, before, digest)
        with beside(root, target) as near:
            _copy(part, near)
            stat_ = _exchanged(root, near, target, path, before, digest)
        part.unlink()
        return stat_


def replace_text(root: Root, path: str, text: str, *, kept: str) -> None:
    """Let ``text`` stand in the sidecar at ``path``, whose SHA-256 is ``kept``; raises as above."""
    part = root.incoming / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}.text.part"
    with _translated(root, path):
        try:
            part.write_text(text, encoding="utf-8", newline="\n")
            put_in_place(root, part, path, kept=kept)
        finally:
            part.unlink(missing_ok=True)


def _exchanged(
    root: Root, part: Path, target: Path, path: str, before: os.stat_result, digest: str
) -> FileStat:
    _dress(part, target, before)
    with part.open("rb") as stream:
        os.fsync(stream.fileno())
        finished = open_stat(stream.fileno())
        _put(root, part, target, path, before, digest)
        return named_stat(stream.fileno(), finished)


def _rewritten(
    root: Root,
    path: str,
    format_: str,
    decide: Decide,
    foretold: Foretold,
    id3_version: int | None,
) -> Retagged | None:
    with _translated(root, path):
        target = _ordinary(root, path)
        if not decide(read_fields(target, format_)) and not _turns(target, format_, id3_version):
            return None  # told without a copy, which may be large
        with _part(root, target, path) as part:
            try:
                before, digest = _copy(target, part)
                decided = decide(read_fields(part, format_))
                written = edit_fields(part, format_, decided, id3_version=id3_version)
                if not written:
                    part.unlink()
                    return None
                check(part, format_, expected_duration=None)
                new_digest = sha256(part)
                _dress(part, target, before)
                foretold(new_digest)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            with part.open("rb") as stream:
                os.fsync(stream.fileno())
                finished = open_stat(stream.fileno())
                _put(root, part, target, path, before, digest)
                return Retagged(named_stat(stream.fileno(), finished), new_digest, written)


def _turns(target: Path, format_: str, id3_version: int | None) -> bool:
    """Whether the tag is to become one of another version, and can."""
    if id3_version is None:
        return False
    version = version_of(target, format_, id3_version)
    return version is not None and version.found != id3_version and version.kept_by is None


@contextmanager
def _part(root: Root, target: Path, path: str) -> Iterator[Path]:
    """Where the new file is written: on the disk of ``target``, or it could not be exchanged."""
    if is_mounted(root, path):
        with beside(root, target) as part:
            yield part
        return
    part = root.incoming / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:32]}.retag.part"
    part.unlink(missing_ok=True)
    yield part


def _ordinary(root: Root, path: str) -> Path:
    """The file at ``path``; raises ``Changed`` where it is none, or lies behind a link."""
    if not is_inside(path):
        raise RootUnusable(f"{path!r} is no path inside the library; nothing was written")
    target = root.path / path
    if any((root.path / folder).is_symlink() for folder in PurePosixPath(path).parents):
        raise Changed(f"{path} lies behind a link by now")
    if not stat.S_ISREG(target.lstat().st_mode):
        raise Changed(f"{path} is no ordinary file by now")
    return target


def _copy(source: Path, part: Path) -> tuple[os.stat_result, str]:
    """Copy ``source`` to ``part``; what it was, and its SHA-256."""
    digest = hashlib.sha256()
    reading = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    writing = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(source, reading), "rb") as old:
        before = os.fstat(old.fileno())
        with os.fdopen(os.open(part, writing, 0o600), "wb") as new:
            while piece := old.read(1 << 20):
                digest.update(piece)
                new.write(piece)
    return before, digest.hexdigest()


def _dress(part: Path, source: Path, before: os.stat_result) -> None:
    """Give ``part`` the owner, mode and extended attributes of ``source``, and a later date."""
    now = time.time_ns()
    gifts: tuple[Callable[[], None], ...] = (
        lambda: os.chown(part, before.st_uid, before.st_gid),
        lambda: shutil.copystat(source, part),
        lambda: os.utime(part, ns=(now, max(now, before.st_mtime_ns + _TICK))),
    )
    for give in gifts:
        try:
            give()
        except OSError as error:
            if error.errno not in NOT_KEPT:
                raise


def _put(
    root: Root, part: Path, target: Path, path: str, before: os.stat_result, digest: str
) -> None:
    """Give ``part`` the name of ``target``, unless that is not what was read any more."""
    changed = Changed(f"{path} was changed by another program while its tags were written")

    def is_displaced(found: Path) -> bool:
        try:
            return _is_displaced(found, before, digest)
        except OSError:
            return False  # what cannot be told is taken for an edit, and keeps its name

    try:
        ours = part.lstat()
        if not _is_still(target, before):
            raise changed
        if not exchange(part, target):
            if not put_in_steps(root, part, target, old=digest, is_old=is_displaced):
                raise changed
            return
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    try:
        if not _is_displaced(part, before, digest):
            raise changed
    except (OSError, Changed):
        _put_back(root, part, target, ours)
        raise
    fsync_folder(target.parent)
    part.unlink()


def _is_still(target: Path, before: os.stat_result) -> bool:
    now = target.lstat()
    return os.path.samestat(now, before) and (now.st_size, now.st_mtime_ns, now.st_ctime_ns) == (
        before.st_size,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


def _is_displaced(part: Path, before: os.stat_result, digest: str) -> bool:
    """Whether ``part`` is the file that was read; its ctime moved with its name.

    Raises ``OSError``.
    """
    now = part.lstat()
    return (
        os.path.samestat(now, before)
        and (now.st_size, now.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        and sha256(part) == digest
    )


def _put_back(root: Root, part: Path, target: Path, ours: os.stat_result) -> None:
    """Give what an editor wrote, which is at ``part``, its name back."""
    try:
        try:
            exchange(part, target)
        except FileNotFoundError:
            rename_without_replacing(root, part, target)
        else:
            if not os.path.samestat(part.lstat(), ours):
                exchange(part, target)  # the editor wrote once more, and that is the latest
            part.unlink()
        fsync_folder(target.parent)
    except OSError:
        # Under a name that is never tidied away: it may be all that there is of an edit.
        with suppress(OSError):
            part.rename(part.with_suffix(".kept"))
        raise


@contextmanager
def _translated(root: Root, path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        gone = error.errno in _GONE and not os.path.lexists(root.path / path)
        if gone or error.errno == errno.ELOOP:
            raise Changed(f"{path} is no longer there") from None
        if error.errno == errno.EXDEV:
            raise Changed(f"{path} is on another file system than the root") from None
        raise root_error(error, root.path) from None
