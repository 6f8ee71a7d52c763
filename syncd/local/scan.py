"""The scan: a complete look at the folder.

Symbolic links are not followed, and nothing but ordinary files is opened. A file whose path,
inode, size, mtime and ctime are those of the last scan is not opened. What cannot be read is noted
as unreadable, never as absent. What changes while it is looked at may be seen as it was before or
after: two scans must agree before anything follows from an absence.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from syncd.core.model import FileStat, Identity, LocalFile, LocalTree
from syncd.core.naming import AUDIO_SUFFIXES
from syncd.core.safety import PRIVATE_FOLDER
from syncd.local.ignore import NAME, BrokenPatterns, Ignored, read_patterns
from syncd.local.mounts import mount_points

RECYCLE_FOLDERS = frozenset(
    {"#recycle", "$recycle.bin", ".snapshots", ".stversions", "@eadir", "lost+found"}
)
"""Folders of other programs, or of the file system, that hold removed, old or broken files: neither
scanned nor evidence. ``lost+found`` stands at the top of each ext4 disk, for root alone."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a folder is opened: a link that took its place meanwhile is an error (open(2))."""


def scan(
    root: Path,
    known: Mapping[str, LocalFile],
    *,
    read_identity: Callable[[Path], Identity | None],
    looked: Callable[[], None] = lambda: None,
    ignore: tuple[str, ...] = (),
) -> LocalTree:
    """Every audio file and every name under ``root``; opens only files that ``known`` lacks.

    ``ignore`` are the patterns of ``library.ignore``; what is kept out is looked at as well.

    Never raises ``OSError``: a path with an error is unreadable in the tree, and ``.`` is where
    the root itself cannot be read, or is a link. Where something was mounted or unmounted
    meanwhile, what lies there is unreadable too. ``looked`` is called after each folder.
    """
    before = mount_points(root)
    try:
        # Held open, so that what is mounted over the root meanwhile is not taken for a part of it.
        with _opened(root) as top:
            look = _Look(root, top, before, known, read_identity, Ignored(ignore))
            look.devices[""] = os.fstat(top).st_dev
            folders = [""]
            while folders:
                folders += look.into(folders.pop())
                looked()
            look.settle_missing()
    except OSError:
        return LocalTree({}, unreadable=frozenset({"."}))
    except BrokenPatterns as error:
        return LocalTree({}, unreadable=frozenset({"."}), broken={".": error.message})
    look.unreadable |= before ^ mount_points(root)
    return LocalTree(
        look.files,
        names=frozenset(look.names),
        folders=frozenset(look.folders),
        unreadable=frozenset(look.unreadable),
        mounted=frozenset(look.mounted),
        broken=look.broken,
        kept_out=look.kept_out,
    )


@dataclass(slots=True)
class _Look:
    """What a scan has seen so far. ``top`` is the open root, ``mounts`` are the folders that the
    system says something is mounted at, ``devices`` those of the folders seen."""

    root: Path
    top: int
    mounts: Collection[str]
    known: Mapping[str, LocalFile]
    read_identity: Callable[[Path], Identity | None]
    kept_out: Ignored
    files: dict[str, LocalFile] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    mounted: set[str] = field(default_factory=set)
    broken: dict[str, str] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    devices: dict[str, int] = field(default_factory=dict)

    def into(self, folder: str) -> list[str]:
        """Look at what stands in ``folder``; the folders in it that are to be scanned too.

        Raises ``OSError`` and ``BrokenPatterns`` for the root.
        """
        inner: list[str] = []
        try:
            with _opened(folder or ".", self.top) as descriptor:
                # All of its names or none: with a part of them, the others would seem absent.
                with os.scandir(descriptor) as listing:
                    entries = list(listing)
                # Of the open folder, since opening is what mounts one that is mounted on demand.
                self.devices[folder] = os.fstat(descriptor).st_dev
                above = self.devices[folder.rpartition("/")[0]]
                if folder and (self.devices[folder] != above or folder in self.mounts):
                    self.mounted.add(folder)
                if any(entry.name == NAME for entry in entries):
                    self._heed(folder)
                for entry in entries:
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if path != PRIVATE_FOLDER and self._at(entry, path):
                        inner.append(path)
        except OSError as error:
            if not folder:
                raise
            missing = isinstance(error, FileNotFoundError)
            (self.missing if missing else self.unreadable).add(folder)
        except BrokenPatterns as error:
            # What it keeps out, nobody knows.
            if not folder:
                raise
            self.unreadable.add(folder)
            self.broken[folder] = error.message
        return inner

    def _heed(self, folder: str) -> None:
        """Take in the patterns that stand in ``folder``."""
        if folder and self.kept_out.of_folder(folder) is not None:
            return
        if (patterns := read_patterns(folder, self.top)) is not None:
            self.kept_out.add(folder, patterns)

    def _at(self, entry: os.DirEntry[str], path: str) -> bool:
        """Look at one name; whether it is a folder to be scanned."""
        self.names.add(path)
        try:
            if entry.is_dir(follow_symlinks=False):
                self.folders.add(path)
                return not _is_recycled(entry.name)
            if not entry.is_file(follow_symlinks=False):
                # Where a listing gives no types, a name that went has none and raises nothing.
                entry.stat(follow_symlinks=False)
            elif _is_audio(entry.name):
                self.files[path] = self._file(entry, path)
        except FileNotFoundError:
            self.missing.add(path)
        except OSError:
            self.unreadable.add(path)
        return False

    def _file(self, entry: os.DirEntry[str], path: str) -> LocalFile:
        found = entry.stat(follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.ESTALE, "no longer the file that was listed", path)
        now = _stat(found)
        known = self.known.get(path)
        if known is not None and known.stat == now:
            return known
        return LocalFile(path, now, self.read_identity(self.root / path))

    def settle_missing(self) -> None:
        """Drop what was listed and is gone; what is listed still, yet not found, is unreadable.

        Shares whose characters do not fit the system's list names that cannot be opened.
        """
        parents = {path.rpartition("/")[0] for path in self.missing}
        listed = {parent: self._names_in(parent) for parent in parents}
        for path in self.missing:
            parent, _, name = path.rpartition("/")
            names = listed[parent]
            if names is None or name in names:
                self.unreadable.add(path)
            else:
                self.names.discard(path)
                self.folders.discard(path)

    def _names_in(self, folder: str) -> set[str] | None:
        """The names that stand in ``folder`` now: none where it went, ``None`` for an error."""
        try:
            with (
                _opened(folder or ".", self.top) as descriptor,
                os.scandir(descriptor) as listing,
            ):
                return {entry.name for entry in listing}
        except FileNotFoundError:
            return set()
        except OSError:
            return None


def file_stat(path: Path) -> FileStat:
    return _stat(path.stat(follow_symlinks=False))


def open_stat(descriptor: int) -> FileStat:
    """The same of a file that is open, wherever it has been moved since."""
    return _stat(os.fstat(descriptor))


def named_stat(descriptor: int, before: FileStat) -> FileStat:
    """What an open file, which was ``before``, is since it got a name: that changes its ctime.

    Where anything else is new, somebody wrote into it as soon as they saw it. That is theirs, and
    no stat of what was named: then it is still ``before``, which the file is not any more.
    """
    now = open_stat(descriptor)
    return now if now.is_unmoved(before) else before


@contextmanager
def _opened(folder: Path | str, below: int | None = None) -> Iterator[int]:
    descriptor = os.open(folder, _FOLDER, dir_fd=below)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _stat(found: os.stat_result) -> FileStat:
    # An inode on a network share and a date after 2262 go beyond what SQLite can hold.
    return FileStat(
        inode=_folded(found.st_ino),
        size=_folded(found.st_size),
        mtime_ns=_folded(found.st_mtime_ns),
        ctime_ns=_folded(found.st_ctime_ns),
    )


def _folded(number: int) -> int:
    """``number`` modulo 2**64, as a signed 64-bit integer: equal numbers stay equal."""
    return (number + 2**63) % 2**64 - 2**63


def _is_audio(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in AUDIO_SUFFIXES


def _is_recycled(name: str) -> bool:
    folded = name.casefold()
    return folded in RECYCLE_FOLDERS or folded.startswith(".trash-")
