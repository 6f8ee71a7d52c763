"""How much memory the C library keeps of what was given back to it.

glibc gives each thread that finds the others busy a heap of its own, up to eight for each core, and
what lies free in one is of no use to another: a daemon that works in threads grows for weeks. Two
are enough for one that mostly waits.
"""

from __future__ import annotations

import ctypes
import os

_M_ARENA_MAX = -8
"""``mallopt(3)``."""

_HEAPS = 2


def keep_few_heaps() -> None:
    """Before the first thread begins; who set ``MALLOC_ARENA_MAX`` knows better.

    Of another C library than glibc nothing is asked.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _HEAPS)
