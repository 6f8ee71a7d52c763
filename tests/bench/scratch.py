"""Where cases have their folders: in memory, where the machine has that."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_ROOM = 512 * 2**20
"""Bytes that must be free there: several cases are played at once."""


def scratch() -> Path:
    memory = Path("/dev/shm")
    usable = memory.is_dir() and os.access(memory, os.W_OK)
    if usable and shutil.disk_usage(memory).free >= _ROOM:
        return memory
    return Path(tempfile.gettempdir())
