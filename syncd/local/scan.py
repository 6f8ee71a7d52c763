"""The scan: a complete look at the folder.

Symbolic links are not followed. A file whose path, inode, size, mtime and ctime are those of the
last scan is not opened. What cannot be read is noted as unreadable, never as absent.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from syncd.core.model import FileStat, Identity, LocalFile, LocalTree
from syncd.core.naming import AUDIO_SUFFIXES
from syncd.core.safety import PRIVATE_FOLDER

RECYCLE_FOLDERS = frozenset({"#recycle", "$recycle.bin", ".snapshots", ".stversions", "@eadir"})
"""Folders of other programs that hold removed or old files: neither scanned nor evidence."""


def scan(
    root: Path,
    known: Mapping[str, LocalFile],
    *,
    read_identity: Callable[[Path], Identity | None],
) -> LocalTree:
    """Every audio file and every name under ``root``; opens only files that ``known`` lacks."""
    files: dict[str, LocalFile] = {}
    names: set[str] = set()
    real: set[str] = set()
    unreadable: set[str] = set()
    folders = [""]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as listing:
                entries = list(listing)
        except OSError:
            unreadable.add(folder or ".")
            continue
        for entry in entries:
            path = f"{folder}/{entry.name}" if folder else entry.name
            if path == PRIVATE_FOLDER:
                continue
            names.add(path)
            try:
                if entry.is_dir(follow_symlinks=False):
                    real.add(path)
                    if not _is_recycled(entry.name):
                        folders.append(path)
                elif entry.is_file(follow_symlinks=False) and _is_audio(entry.name):
                    files[path] = _look(entry, path, known.get(path), read_identity)
            except FileNotFoundError:
                names.discard(path)  # it went between the listing and the look
            except OSError:
                unreadable.add(path)
    return LocalTree(
        files, names=frozenset(names), folders=frozenset(real), unreadable=frozenset(unreadable)
    )


def file_stat(path: Path) -> FileStat:
    return _stat(path.stat(follow_symlinks=False))


def open_stat(descriptor: int) -> FileStat:
    """The same of a file that is open, wherever it has been moved since."""
    return _stat(os.fstat(descriptor))


def _look(
    entry: os.DirEntry[str],
    path: str,
    known: LocalFile | None,
    read_identity: Callable[[Path], Identity | None],
) -> LocalFile:
    stat = _stat(entry.stat(follow_symlinks=False))
    if known is not None and known.stat == stat:
        return known
    return LocalFile(path, stat, read_identity(Path(entry.path)))


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
