"""Reading what should be a small file of the program's own, whatever stands there instead."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Opening a pipe must not wait for somebody who writes into it, and a link leads elsewhere."""


def read_ordinary(path: Path, most: int) -> bytes:
    """The first ``most`` bytes of the ordinary file at ``path``; raises ``OSError``, also for a
    link, a pipe, a device or a folder.
    """
    descriptor = os.open(path, _LOOK)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is not an ordinary file", str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(most)
    finally:
        os.close(descriptor)
