"""Files that other programs read: replaced whole, and never what is not this program's own."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from syncd.local.digest import sha256
from syncd.local.ordinary import read_ordinary
from syncd.local.root import Root, fsync_folder, write_table

RECORD = "exports.json"
"""In the program's own folder: what was written where, so that what the user changed is known."""

_UNFINISHED = ".syncd-*.export.part"
_MOST_TOLD = 1_000
_LONGEST = 64 * 1024 * 1024


@dataclass(slots=True)
class Record:
    """What was exported: for each file the SHA-256 of its content as written.

    A file is named by its path relative to the root, or absolute where it lies outside. While one
    is replaced both digests stand for it. ``told`` are the files of the user's, of which was said
    that they stand in the way.
    """

    digests: dict[str, tuple[str, ...]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, root: Root) -> Record:
        """What was written last; nothing where it cannot be read."""
        try:
            table = json.loads(read_ordinary(root.private / RECORD, _LONGEST))
            digests = {str(name): tuple(map(str, found)) for name, found in table["files"].items()}
            return cls(digests, set(map(str, table["told"])))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return cls()

    def write(self, root: Root) -> None:
        """Raises ``RootUnusable`` or ``DiskFull``."""
        table = {"files": self.digests, "told": sorted(self.told)[:_MOST_TOLD]}
        write_table(root, RECORD, table)


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digest_at(path: Path) -> str | None:
    """The digest of what stands at ``path``: empty for no file, ``None`` where nothing does.

    Raises ``OSError``.
    """
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return sha256(path) if stat.S_ISREG(found.st_mode) else ""


def write_whole(target: Path, data: bytes, *, replace: bool) -> None:
    """Give ``target`` this content at once and durably; its rights stay where it is replaced.

    Raises ``FileExistsError`` where something stands there that is not to be replaced, or is no
    file, and ``OSError``.
    """
    mode = None
    with suppress(FileNotFoundError):
        found = target.lstat()
        if not replace or not stat.S_ISREG(found.st_mode):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        mode = stat.S_IMODE(found.st_mode)
    # No audio suffix, and hidden: no player takes it for anything.
    name = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    part = target.with_name(f".syncd-{name}.export.part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, flags, 0o666), "wb") as stream:
            stream.write(data)
            stream.flush()
            if mode is not None:
                with suppress(PermissionError):
                    os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        if replace:
            part.replace(target)
        else:
            _place(part, target)
        fsync_folder(target.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _place(part: Path, target: Path) -> None:
    """Never upon another: a link refuses what a rename would replace."""
    try:
        os.link(part, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here: the name is taken first.
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
        part.replace(target)


def tidy(folders: Iterable[Path]) -> None:
    """Remove what was left unfinished in ``folders``."""
    for folder in folders:
        with suppress(OSError):
            for path in folder.glob(_UNFINISHED):
                path.unlink(missing_ok=True)
