"""The root of the library and its marker: the positive sign that this is the folder of library X.

A folder without the right marker is never written to, so an unmounted disk or a wrong setting
cannot be taken for an empty library.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from syncd.core.safety import PRIVATE_FOLDER
from syncd.errors import DiskFull, FolderUnusable, RootUnusable
from syncd.local.ordinary import read_ordinary
from syncd.local.reserve import give_up_reserve, keep_reserve

_MARKER = "library.json"
_IGNORE_FILES = {".mpdignore": "*\n", ".ndignore": "", ".nomedia": ""}
"""What keeps MPD, Navidrome and Android players out of the program's own folder."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_OF_ONE_PATH = (
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.EXDEV, errno.ENOENT, errno.ENOTDIR),
    *(errno.EISDIR, errno.ELOOP, errno.EINVAL, errno.EILSEQ, errno.EBUSY),
)
"""What a system refuses for one folder or file; others are of its disk."""

NOT_KEPT = (errno.EPERM, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
"""How a file system says that it keeps no mode, owner or date, or no such one."""

_NOTHING_TO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
"""How a file system says that it syncs no folders (fsync(2)): what it does is durable at once, or
not at all."""

_MAY_NOT = "give the user that runs syncd the right to write there"
_HINTS = {errno.EROFS: "mount it for writing", errno.EACCES: _MAY_NOT, errno.EPERM: _MAY_NOT}


@dataclass(frozen=True, slots=True)
class Marker:
    """``.syncd/library.json``: which library this folder is the root of.

    ``aliases`` are the origins, as text (``core.model.Origin``), under which it was known before.
    """

    library_id: str
    base_url: str
    account: str | None = None
    generation: int = 0
    aliases: tuple[str, ...] = ()

    @classmethod
    def new(cls, base_url: str) -> Marker:
        return cls(library_id=str(uuid.uuid4()), base_url=base_url)


@dataclass(frozen=True, slots=True)
class Root:
    """An existing root folder, pinned by device and inode so that a swap is noticed.

    ``ignore`` are the patterns of ``library.ignore``.
    """

    path: Path
    device: int
    inode: int
    ignore: tuple[str, ...] = ()

    @property
    def private(self) -> Path:
        return self.path / PRIVATE_FOLDER

    @property
    def incoming(self) -> Path:
        """Unfinished files: on the library's own file system, never under an audio suffix."""
        return self.private / "incoming"

    def verify(self, expected: Marker) -> None:
        """Raise ``RootUnusable`` unless this is still the same folder with the same marker."""
        try:
            # Of the path itself: a link to this very folder could lead elsewhere a moment later.
            now = self.path.lstat()
        except OSError:
            now = None
        if (
            now is None
            or not stat.S_ISDIR(now.st_mode)
            or (now.st_dev, now.st_ino) != (self.device, self.inode)
        ):
            raise RootUnusable(
                f"{self.path} is no longer the folder it was a moment ago",
                hint="mount or restore it, then try again; nothing was changed",
            )
        found = read_marker(self)
        if found is None or found.library_id != expected.library_id:
            raise RootUnusable(
                f"the marker of {self.path} vanished or changed while it was read",
                hint="mount or restore the folder, then try again; nothing was changed",
            )


def open_root(path: Path, ignore: tuple[str, ...] = ()) -> Root:
    """The folder at ``path``; raises ``RootUnusable`` where there is none, or a link to one.

    Links among the parents of ``path`` are followed.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        raise RootUnusable(
            f"the library folder {path} is not there",
            hint="mount the disk that holds it, or correct library.root",
        ) from None
    except OSError as error:
        raise RootUnusable(
            f"the library folder {path}: {error.strerror}", hint=advice(error)
        ) from None
    if stat.S_ISLNK(found.st_mode):
        raise RootUnusable(
            f"{path} is a link",
            hint="set library.root to the folder that it points to; nothing was changed",
        )
    if not stat.S_ISDIR(found.st_mode):
        raise RootUnusable(
            f"{path} is not a folder", hint="set library.root to the folder of the library"
        )
    return Root(path, found.st_dev, found.st_ino, ignore)


def find_marker(path: Path) -> Marker | None:
    """The marker of the folder at ``path``; ``None`` where either is missing.

    Raises ``RootUnusable`` for what is no folder, is a link, cannot be read, or has a damaged
    marker.
    """
    try:
        path.lstat()
    except FileNotFoundError:
        return None
    except OSError:
        pass  # open_root says what it is
    return read_marker(open_root(path))


def create_root(path: Path, base_url: str) -> tuple[Root, Marker]:
    """Make the root and its marker where they are missing; what stands there is left alone."""
    made = [folder for folder in (path, *path.parents) if not os.path.lexists(folder)]
    try:
        path.mkdir(parents=True, exist_ok=True)
        for folder in made:
            with contextlib.suppress(PermissionError):  # of one that may be written, not read
                fsync_folder(folder.parent)
    except FileExistsError:
        pass  # open_root says what stands there
    except OSError as error:
        raise RootUnusable(
            f"the folder {path} cannot be made: {error.strerror}", hint=advice(error)
        ) from None
    root = open_root(path)
    marker = read_marker(root)
    if marker is None:
        marker = Marker.new(base_url)
        prepare(root)
        anchor(root)
        write_marker(root, marker)
    return root, marker


def anchor(root: Root) -> None:
    """Make the name of the program's own folder durable, before what counts stands in it; raises
    ``RootUnusable`` or ``DiskFull``."""
    try:
        fsync_folder(root.path)
    except OSError as error:
        raise root_error(error, root.path) from None


def prepare(root: Root) -> None:
    """Make the program's own folder under the root; raises ``RootUnusable`` or ``DiskFull``."""
    for folder in (root.private, root.incoming):
        _refuse_link(folder)
    try:
        # Never the root itself: an empty folder would stand where a disk is to be mounted again.
        try:
            root.private.lstat()
        except FileNotFoundError:
            root.private.mkdir()
        root.incoming.mkdir(mode=0o700, exist_ok=True)
        for name, content in _IGNORE_FILES.items():
            path = root.private / name
            if not path.exists():
                path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise root_error(error, root.path) from None
    keep_reserve(root.private)


def _refuse_link(folder: Path) -> None:
    if os.path.islink(folder):  # noqa: PTH114 - says no of what cannot be looked at
        raise RootUnusable(
            f"{folder} is a link, so it may lie on another disk or in another library",
            hint="replace it by a real folder; nothing was changed",
        )


def read_marker(root: Root) -> Marker | None:
    """The marker, or ``None`` where there is none; raises ``RootUnusable`` for a damaged one."""
    path = root.private / _MARKER
    _refuse_link(root.private)
    try:
        return _marker(**json.loads(read_ordinary(path, 65_536)))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise RootUnusable(
            f"the marker {path} cannot be read: {error.strerror}", hint=advice(error)
        ) from None
    except (ValueError, TypeError, RecursionError):
        raise RootUnusable(
            f"the marker {path} is damaged",
            hint="syncd adopt writes it anew from the catalog; nothing was changed",
        ) from None


def _marker(
    *,
    library_id: object,
    base_url: object,
    account: object = None,
    generation: object = 0,
    aliases: object = (),
    **_later: object,
) -> Marker:
    """The marker of a file's fields; raises ``TypeError`` or ``ValueError`` for damaged ones."""
    if not (isinstance(library_id, str) and isinstance(base_url, str)):
        raise TypeError
    if not (account is None or isinstance(account, str)) or type(generation) is not int:
        raise TypeError
    if not isinstance(aliases, list | tuple) or not all(isinstance(text, str) for text in aliases):
        raise TypeError
    if generation < 0:
        raise ValueError
    return Marker(str(uuid.UUID(library_id)), base_url, account, generation, tuple(aliases))


def write_marker(root: Root, marker: Marker) -> None:
    """Replace the marker atomically and durably; raises ``RootUnusable`` or ``DiskFull``."""
    write_table(root, _MARKER, asdict(marker))


def write_table(root: Root, name: str, table: Mapping[str, object]) -> None:
    """Replace a JSON file in the program's own folder, atomically and durably.

    Where the disk is full its reserve is given up for it, and made anew of what is freed.
    Raises ``RootUnusable`` or ``DiskFull``; what stood there before is then still whole.
    """
    path = root.private / name
    try:
        try:
            _replace(path, table)
        except OSError as error:
            if error.errno not in _FULL or not give_up_reserve(root.private):
                raise
            _replace(path, table)
            keep_reserve(root.private)
    except OSError as error:
        raise root_error(error, root.path) from None


def _replace(path: Path, table: Mapping[str, object]) -> None:
    fresh = path.with_suffix(".new")
    try:
        with fresh.open("w", encoding="utf-8") as stream:
            json.dump(table, stream, indent=2)
            stream.write("\n")
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
        fsync_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def fsync_folder(path: Path) -> None:
    """Make the names in a folder durable (a rename is not, before its folder is)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync_folder(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(descriptor: int) -> None:
    """The same of a folder that is open."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NOTHING_TO_SYNC:
            raise


def root_error(error: OSError, path: Path) -> DiskFull | RootUnusable | FolderUnusable:
    """What an error of the file system under the root at ``path`` means.

    ``FolderUnusable`` where it is of one folder or file, and the program can still write into its
    own folder; what says nothing of where it happened is the root's.
    """
    if error.errno == errno.ENAMETOOLONG:
        return FolderUnusable(
            "its name is too long for this file system", hint="rename the file or the job"
        )
    word = os.strerror(error.errno) if error.errno else str(error)
    hint = advice(error)
    if (troubled := _troubled(error, path)) is not None and _is_writable(path):
        where = os.fspath(troubled.relative_to(path))
        if error.errno in _FULL:
            return FolderUnusable(f"the disk of {where} is full", hint="make room on it")
        return FolderUnusable(f"{where} cannot be used: {word}", hint=hint)
    if error.errno in _FULL:
        return DiskFull(f"the disk of {path} is full", hint="make room; what is there was kept")
    return RootUnusable(f"{_refusing(error, path)} cannot be written: {word}", hint=hint)


def advice(error: OSError) -> str:
    """What the user can do about what the file system refused."""
    return _HINTS.get(error.errno or 0, "check the disk that holds it")


def _refusing(error: OSError, root: Path) -> Path:
    """The uppermost folder or file, from ``root`` on, that is closed to us; else ``root``."""
    for path in _named(error, root):
        above = [folder for folder in reversed(path.parents) if folder.is_relative_to(root)]
        standing = (found for found in (*above, path) if os.path.lexists(found))
        for found in standing:
            if not os.access(found, os.W_OK | (os.X_OK if found.is_dir() else 0)):
                return found
    return root


def _named(error: OSError, root: Path) -> list[Path]:
    """What ``error`` names of what is under ``root``."""
    named = [Path(os.fsdecode(name)) for name in (error.filename, error.filename2) if name]
    return [path for path in named if root in path.parents]


def _troubled(error: OSError, root: Path) -> Path | None:
    """The folder or file under ``root``, out of the program's own, that alone is to blame."""
    inside = _named(error, root)
    blamed = [path for path in inside if not path.is_relative_to(root / PRIVATE_FOLDER)]
    if not blamed:
        return None
    closed = (path.parent for path in inside if not os.access(path.parent, os.W_OK | os.X_OK))
    folder = next(closed, None)
    if folder is not None and folder.is_relative_to(root / PRIVATE_FOLDER):
        return None
    if error.errno in _OF_ONE_PATH:
        # What the root's own folder refuses, it refuses for every track.
        whole = folder == root or (error.errno == errno.EXDEV and blamed[-1].parent == root)
        return None if whole else folder or blamed[-1]
    return next((found.parent for found in blamed if _is_away(found.parent, root)), None)


def _is_away(folder: Path, root: Path) -> bool:
    """Whether ``folder`` is on another disk than ``root``, or on one that does not answer."""
    try:
        return folder.lstat().st_dev != root.lstat().st_dev
    except OSError:
        return True


def _is_writable(root: Path) -> bool:
    probe = root / PRIVATE_FOLDER / "incoming" / f"syncd-{secrets.token_hex(8)}.text.part"
    try:
        probe.touch(0o600, exist_ok=False)
        probe.unlink()
    except OSError:
        return False
    return True
