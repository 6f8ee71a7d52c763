"""Where the daemon listens: one for a state folder, at a socket that commands find.

Beside the catalog stands a note that says where the socket is, since a command does not know the
environment of the unit; and a lock that is held as long as the daemon runs.
"""

from __future__ import annotations

import hashlib
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from syncd import __version__
from syncd.daemon import wire
from syncd.errors import Locked, SyncdError
from syncd.local.lock import Lock
from syncd.local.owner import state_error
from syncd.settings import systemd_folder

_PATIENCE = 1.0
"""Seconds in which a daemon that is there takes a call."""


def socket_path(state_dir: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the socket of the daemon of ``state_dir`` belongs.

    ``$RUNTIME_DIRECTORY`` (systemd) before ``$XDG_RUNTIME_DIR``, where that is this user's own (it
    outlives ``su``), before the state folder.
    """
    if folder := systemd_folder(environ, "RUNTIME_DIRECTORY"):
        return folder / "control.sock"
    runtime = Path(environ.get("XDG_RUNTIME_DIR", ""))
    if runtime.is_absolute() and _is_own_folder(runtime):
        digest = hashlib.sha256(os.fsencode(state_dir.resolve())).hexdigest()
        return runtime / "syncd" / f"{digest[:12]}.sock"
    return state_dir / "control.sock"


def daemon_lock(state_dir: Path) -> Lock:
    """One daemon for a state folder, also while it lends the library and holds no lock on it."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Lock.acquire(state_dir / "daemon.lock", f"{state_dir} as its daemon")
    except OSError as error:
        raise state_error(error, state_dir) from None


@contextmanager
def bound(path: Path) -> Iterator[socket.socket]:
    """The socket at ``path``, for its owner alone, not listening yet; removed at the end."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    inode: int | None = None
    try:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _clear(path)
            listener.setblocking(False)
            with wire.address(path) as address:
                listener.bind(address)
            # Nobody can connect before it listens, so nobody saw it open to others.
            path.chmod(0o600)
            inode = path.stat().st_ino
        except OSError as error:
            raise SyncdError(
                f"the control socket {path} cannot be made: {error.strerror or error}",
                hint="set XDG_RUNTIME_DIR to a folder of yours with a short name",
            ) from None
        yield listener
    finally:
        listener.close()
        with suppress(OSError):
            if path.lstat().st_ino == inode:
                path.unlink()


def _is_own_folder(folder: Path) -> bool:
    """Whether nobody else can put something of theirs there in place of ours."""
    try:
        found = folder.stat()
    except OSError:
        return False
    closed = not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and closed


def _clear(path: Path) -> None:
    """Remove the socket that a dead daemon left; raises ``Locked`` for one that answers."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FileExistsError(f"something else stands at {path}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PATIENCE)
        try:
            with wire.address(path) as address:
                probe.connect(address)
        except ConnectionRefusedError:
            path.unlink()
            return
        except (TimeoutError, BlockingIOError):
            pass  # one that is too busy to take the call
    raise Locked(f"another daemon answers at {path}", hint="stop it first")


@contextmanager
def announced(state_dir: Path, path: Path) -> Iterator[None]:
    """The note beside the catalog that says where this daemon answers."""
    note = state_dir / wire.ANNOUNCEMENT
    unfinished = note.with_suffix(".json.new")
    said = {
        "pid": os.getpid(),
        "socket": path.absolute(),
        "started_at": datetime.now(UTC),
        "version": __version__,
    }
    try:
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(wire.line(said))
        unfinished.replace(note)
    except OSError as error:
        raise state_error(error, state_dir) from None
    try:
        yield
    finally:
        with suppress(OSError):
            note.unlink()
