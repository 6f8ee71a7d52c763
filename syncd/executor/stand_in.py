"""A file that stands where, or as what, another was placed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from syncd.core.baseline import Placed
from syncd.core.model import FileStat
from syncd.local import files
from syncd.local.scan import file_stat

NO_FILE = FileStat(inode=0, size=0, mtime_ns=0, ctime_ns=0)
"""What the file system says of no file."""


def as_far_as_known(placed: Placed, path: Path) -> Placed:
    """What of ``placed`` is known of the file at ``path``, which carries the track's id elsewhere
    than it was. Raises ``OSError``.
    """
    stat = file_stat(path)
    if stat.is_unmoved(placed.stat) or files.sha256(path) == placed.sha256:
        # The same, wherever it was moved to, another disk included.
        return placed
    # Another than the one that was tagged last: edited since, or a copy, of before that perhaps.
    told = None if placed.told is None else ""
    if placed.stat.inode in (stat.inode, 0):
        # 0: the user's own, beside which stands what the account has.
        return replace(placed, told=told)
    # And perhaps of before its audio was replaced: that is compared.
    return replace(placed, told=told, audio="", etag=None, source=None)
