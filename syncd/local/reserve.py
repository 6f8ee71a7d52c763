"""Room for the program's own small tables on a disk that is full: a file that is given up for them.

Renaming needs no room, but for what is written down of it: without the reserve a full disk would
keep names from being mirrored.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_NAME = "reserve"
_SIZE = 65_536
"""Bytes; the marker has a few hundred, the notes twenty for each track that they name."""


def keep_reserve(folder: Path) -> None:
    """Have a reserve in ``folder``, if there is room for one; one that is there is left alone."""
    path = folder / _NAME
    with suppress(OSError):
        if os.path.lexists(path):
            return
        try:
            with path.open("xb") as stream:
                # Not zeros: some file systems give those no room of their own.
                stream.write(secrets.token_bytes(_SIZE))
                stream.flush()
                os.fsync(stream.fileno())
        except OSError:
            path.unlink(missing_ok=True)


def give_up_reserve(folder: Path) -> bool:
    """Give the reserve in ``folder`` up; whether there was one."""
    try:
        (folder / _NAME).unlink()
    except OSError:
        return False
    return True
