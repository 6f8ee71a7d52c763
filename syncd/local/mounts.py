"""What is mounted under the root: other file systems, and parts of the same one.

A folder on another device shows by its stat. One that is bound from elsewhere on the same device
(``mount --bind``) shows in ``/proc/self/mountinfo`` alone (proc_pid_mountinfo(5), Linux).
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from syncd.core.safety import PRIVATE_FOLDER
from syncd.errors import RootUnusable
from syncd.local.root import Root, advice

_MOUNTINFO = Path("/proc/self/mountinfo")
_NUMBER, _BASE, _POINT, _OPTIONAL = 0, 3, 4, 6
"""The fields of a line that are the mount's number, the folder of the file system that it shows,
and its point; fields are separated by one space. After ``_OPTIONAL`` there may be more of them, up
to a ``-``, the type and the source."""

_ESCAPED = re.compile(rb"\\([0-7]{3})")
"""How a space, a tab, a newline and a backslash are written there: in octal."""

_COUNTED_ANEW = ("vfat", "msdos", "exfat", "fuse", "fuseblk")
"""File systems that keep no inode numbers on the disk, and number their files at each mount."""

_UUIDS = Path("/dev/disk/by-uuid")
"""A link for each volume that has one, named by its UUID, to its device (udev, Linux)."""

_NTFS = re.compile(r"[0-9A-F]{16}")
"""The UUID of a volume of NTFS, and of no other (libblkid). ntfs-3g, a ``fuseblk``, shows the
number of a file's MFT record as its inode, and those are kept on the disk."""


class Mount(NamedTuple):
    """One mount. ``number`` is its own as long as it stands, ``kind`` the file system's type.

    ``source`` is what was mounted, a device or whatever a FUSE program calls it; ``base`` the
    folder of it that shows at ``point``, another than ``/`` where that was bound.
    """

    number: int
    point: PurePosixPath
    kind: str
    source: str = ""
    base: PurePosixPath = PurePosixPath("/")


def mount_points(root: Path) -> frozenset[str]:
    """The folders under ``root``, relative to it, at which the system says something is mounted.

    Empty where the system does not say (no Linux, no ``/proc``). The program's own folder is left
    out, and so is ``root`` itself.
    """
    try:
        inside = os.path.realpath(root).rstrip("/") + "/"
        points = {str(mount.point) for mount in _mounts()}
    except OSError:
        return frozenset()
    found = {point.removeprefix(inside) for point in points if point.startswith(inside)} - {""}
    return frozenset(path for path in found if path.split("/")[0] != PRIVATE_FOLDER)


def mount_of(folder: Path) -> Mount | None:
    """What ``folder`` lies in; ``None`` where the system does not say."""
    try:
        path = PurePosixPath(os.path.realpath(folder))
        above = [mount for mount in _mounts() if path.is_relative_to(mount.point)]
    except OSError:
        return None
    # Of several at one point, the last one covers the others.
    return max(reversed(above), key=lambda mount: len(mount.point.parts), default=None)


def root_id(root: Root) -> str:
    """What the root is known by from one start to the next: its inode, and its file system's id.

    Of statvfs(3); 0 where that says nothing. Not the device number: a reboot may change it.

    Where inodes are counted anew at each mount (FAT, exFAT, most of FUSE): the size of the disk,
    its UUID, else the name of what was mounted, and where on it the root lies. What that cannot
    tell from the root is a copy that took its very place, on the same disk or, where the system
    says no UUID (no udev, as in most containers), on one of the same size and name.
    Raises ``RootUnusable``.
    """
    try:
        system = os.statvfs(root.path)
    except OSError as error:
        raise RootUnusable(
            f"the library folder {root.path}: {error.strerror}", hint=advice(error)
        ) from None
    mount = mount_of(root.path)
    if mount is None or mount.kind.partition(".")[0] not in _COUNTED_ANEW:
        return f"{root.inode}:{system.f_fsid:x}"
    uuid = _uuid(root.device, mount)
    if uuid is not None and mount.kind == "fuseblk" and _NTFS.fullmatch(uuid):
        return f"{root.inode}:{uuid}"
    inside = mount.base / PurePosixPath(os.path.realpath(root.path)).relative_to(mount.point)
    # As a digest: neither need be text, and a source may hold a password.
    told = os.fsencode(uuid or mount.source) + b"\0" + os.fsencode(inside)
    return f"{system.f_blocks}*{system.f_frsize}:{hashlib.sha256(told).hexdigest()[:32]}"


def is_mounted(root: Root, path: str) -> bool:
    """Whether ``path``, relative to the root, lies in what is mounted at a folder under the root.

    To be asked before a file is placed or looked at there: a disk that goes meanwhile then counts
    as there, and its files as out of sight and not as deleted. The next scan corrects it.
    """
    points = mount_points(root.path)
    folder = PurePosixPath(path).parent
    for above in (folder, *folder.parents):
        if str(above) in points:
            return True
    for above in (folder, *folder.parents):
        try:
            return (root.path / above).stat(follow_symlinks=False).st_dev != root.device
        except OSError:
            continue  # not made yet
    return False


def _uuid(device: int, mount: Mount) -> str | None:
    """The UUID of the volume that is ``device``, or that ``mount`` was made from."""
    devices = {device}
    with suppress(OSError):
        # Nothing else: the look at a folder on the network may take for ever.
        if mount.source.startswith("/dev/"):
            devices.add(Path(mount.source).stat().st_rdev)
    try:
        links = sorted(_UUIDS.iterdir())
    except OSError:
        return None
    for link in links:
        with suppress(OSError):
            number = link.stat().st_rdev
            if number and number in devices:
                return link.name
    return None


def _mounts() -> tuple[Mount, ...]:
    return _parsed(_MOUNTINFO.read_bytes())


@lru_cache(maxsize=1)  # asked for several times a run, and seldom another
def _parsed(table: bytes) -> tuple[Mount, ...]:
    return tuple(_each(table))


def _each(table: bytes) -> Iterator[Mount]:
    for line in table.splitlines():
        fields = line.split(b" ")
        if b"-" not in fields[_OPTIONAL:]:
            continue
        separator = fields.index(b"-", _OPTIONAL)
        base, point, kind, source = (
            os.fsdecode(_unescaped(fields[place]))
            for place in (_BASE, _POINT, separator + 1, separator + 2)
        )
        number = int(fields[_NUMBER])
        yield Mount(number, PurePosixPath(point), kind, source, PurePosixPath(base))


def _unescaped(field: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), field)
