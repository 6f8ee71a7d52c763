"""One syncd at a time: a lock on the state folder and one on the root, which say who holds them.

``flock`` locks end with their process, so a crash leaves none behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

from syncd.errors import Locked

_UNSUPPORTED = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)


class Lock:
    """A lock that is held until ``release``; made by ``acquire``."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path, what: str) -> Self:
        """Take the lock at ``path``; raises ``Locked``, saying who has ``what``, or ``OSError``.

        On a file system without locks (some network ones) nothing is held: the lock on the state
        folder, which is local, still keeps two of this machine apart.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                holder = _holder(descriptor)
                os.close(descriptor)
                if not isinstance(error, BlockingIOError):
                    raise
                raise Locked(
                    f"another syncd is at work on {what}: {holder}",
                    hint="wait for it, or stop it",
                ) from None
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()}, {_command()}\n".encode(), 0)
        except OSError:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def release(self) -> None:
        # A disk that fails, or turned read-only, is no reason to hold it, nor worth an error of its
        # own: whoever is about to tell of that disk says more.
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)


def _holder(descriptor: int) -> str:
    text = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
    return text if text.isprintable() and text else "its process is not known"


def _command() -> str:
    # Only the command's own name: arguments are the user's. One option may stand before it with a
    # value of its own.
    words = iter(sys.argv[1:])
    for word in words:
        if word == "--config":
            next(words, None)
        elif not word.startswith("-"):
            return f"syncd {word}" if word.isalpha() else "syncd"
    return "syncd"
