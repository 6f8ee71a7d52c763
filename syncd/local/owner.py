"""Whose a library and its state folder are: root writes into no other user's, who could not use
what it left there; and who cannot write is told whose they are.
"""

from __future__ import annotations

import errno
import os
import pwd
from pathlib import Path

from syncd.core.safety import PRIVATE_FOLDER
from syncd.errors import ConfigError, StateUnusable


def check_owner(root: Path, state_dir: Path) -> None:
    """Raise ``ConfigError`` for root where the library, or its state folder, is another user's.

    Of the library the program's own folder tells, or the root where there is none yet; what is
    missing is nobody's.
    """
    if os.geteuid() != 0:
        return
    private = _owner(root / PRIVATE_FOLDER)
    of_root = (root, _owner(root)) if private is None else (root / PRIVATE_FOLDER, private)
    for folder, owner in (of_root, (state_dir, _owner(state_dir))):
        if owner:
            raise ConfigError(
                f"{folder} is of the user {_name(owner)}, who could not use what root makes in it",
                hint=f"run it as that user: {_command(owner)} syncd …",
            )


def _owner(folder: Path) -> int | None:
    try:
        return folder.stat().st_uid
    except OSError:
        return None  # missing, or closed: whoever opens it says why


def state_error(error: OSError, folder: Path) -> StateUnusable:
    """What an error of the file system at the state folder means.

    Its place is not in question where it is there: another one would have another catalog.
    """
    named = Path(os.fsdecode(error.filename)) if error.filename else folder
    closed = named if folder in named.parents and os.path.lexists(named) else folder
    which = "" if closed == folder else f"{closed.name}: "
    word = os.strerror(error.errno) if error.errno else str(error)
    if not folder.is_dir():
        hint = "set state.dir to a folder of the user that runs syncd"
    elif error.errno == errno.EROFS:
        hint = "mount it for writing; the catalog is kept"
    elif error.errno in (errno.EACCES, errno.EPERM):
        hint = f"it is of the user {owner_of(closed)}: make it writable for the one that runs syncd"
    else:
        hint = "check it, and the disk that holds it"
    return StateUnusable(f"the state folder {folder} cannot be used: {which}{word}", hint=hint)


def owner_of(path: Path) -> str:
    """The name of the user whose ``path`` is, or its number. Raises ``OSError``."""
    return _name(path.lstat().st_uid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _command(uid: int) -> str:
    name = _name(uid)
    # runuser(1) takes names alone.
    return f"sudo -u '#{uid}'" if name == str(uid) else f"runuser -u {name} --"
