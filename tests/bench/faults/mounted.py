"""Another disk mounted over the library, in earnest: by a process with a view of the disks of its
own. It takes the right to mount, as root has it; without it nothing is played, which is said.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_NEW_VIEW = 0x00020000  # CLONE_NEWNS, see unshare(2)
_RECURSIVE, _PRIVATE, _AT_ONCE = 0x4000, 1 << 18, 2  # MS_REC, MS_PRIVATE; MNT_DETACH
_LIBC = ctypes.CDLL(None, use_errno=True)


class NotPermitted(Exception):
    """Nothing can be mounted here."""


class Failed(Exception):
    """What was played apart ended with an error; its traceback."""


def apart(play: Callable[[], T]) -> T:
    """What ``play`` gives in a child that sees disks which nobody else does.

    Raises ``NotPermitted``, and ``Failed``.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        told: tuple[str, object]
        try:
            os.close(reading)
            _see_alone()
            told = ("done", play())
        except NotPermitted as error:
            told = ("not permitted", str(error))
        except BaseException:
            told = ("failed", traceback.format_exc())
        with os.fdopen(writing, "wb") as stream:
            pickle.dump(told, stream)
        os._exit(0)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as stream:
            how, found = pickle.load(stream)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.waitpid(child, 0)
    if how == "done":
        return found  # type: ignore[no-any-return]
    raise NotPermitted(found) if how == "not permitted" else Failed(found)


def _see_alone() -> None:
    if _LIBC.unshare(_NEW_VIEW):
        raise NotPermitted(os.strerror(ctypes.get_errno()))
    if _LIBC.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None):
        raise NotPermitted(os.strerror(ctypes.get_errno()))


def mount(folder: Path) -> None:
    """An empty disk over ``folder``."""
    if _LIBC.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, b"size=8m,mode=755"):
        raise NotPermitted(os.strerror(ctypes.get_errno()))


def unmount(folder: Path) -> None:
    if _LIBC.umount2(os.fsencode(folder), _AT_ONCE):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(folder))
