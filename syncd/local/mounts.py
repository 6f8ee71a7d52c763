"""What is mounted under the root: other file systems, and parts of the same one.

A folder on another device shows by its stat. One that is bound from elsewhere on the same device
(``mount --bind``) shows in ``/proc/self/mountinfo`` alone (proc_pid_mountinfo(5), Linux).
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from syncd.core.safety import PRIVATE_FOLDER
from syncd.local.root import Root

_MOUNTINFO = Path("/proc/self/mountinfo")
_MOUNT_POINT = 4
"""The field of a line that is the mount point; fields are separated by one space."""

_ESCAPED = re.compile(rb"\\([0-7]{3})")
"""How a space, a tab, a newline and a backslash are written there: in octal."""


def mount_points(root: Path) -> frozenset[str]:
    """The folders under ``root``, relative to it, at which the system says something is mounted.

    Empty where the system does not say (no Linux, no ``/proc``). The program's own folder is left
    out, and so is ``root`` itself.
    """
    try:
        lines = _MOUNTINFO.read_bytes().splitlines()
        top = PurePosixPath(os.path.realpath(root))
    except OSError:
        return frozenset()
    found = set()
    for line in lines:
        fields = line.split(b" ")
        if len(fields) <= _MOUNT_POINT:
            continue
        point = PurePosixPath(os.fsdecode(_unescaped(fields[_MOUNT_POINT])))
        if point != top and point.is_relative_to(top):
            found.add(str(point.relative_to(top)))
    return frozenset(path for path in found if path.split("/")[0] != PRIVATE_FOLDER)


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


def _unescaped(field: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), field)
