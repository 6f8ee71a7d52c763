"""What the daemon waits for with the library closed, and how it sees that the wait is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import UnionType

import structlog

from syncd.binding import unmarked
from syncd.errors import (
    ConfigError,
    KeyMissing,
    KeyRefused,
    Locked,
    RateLimited,
    RemoteError,
    RootUnusable,
    StateUnusable,
    SyncdError,
    Uninitialised,
    WrongAccount,
)
from syncd.local.root import find_marker, open_root
from syncd.settings import Settings

_ROOT, _KEY, _LOCK, _OTHER, _LONGEST = 5.0, 15.0, 5.0, 60.0, 300.0
"""Seconds between two looks at what is waited for; the longest, at a folder that looks well."""

_LOOK = 2.0
"""Seconds for a look at the folder, which may be on a dead share."""

Stamp = tuple[int, ...]

_log = structlog.get_logger("syncd.daemon")


@dataclass(frozen=True, slots=True)
class Wait:
    """For ``error`` to pass: every ``each`` seconds ``passed`` is asked, in a thread."""

    error: SyncdError
    each: float
    passed: Callable[[], bool]

    async def over(self) -> None:
        while True:
            await asyncio.sleep(self.each)
            # One at a time: a dead share may hold its thread for ever.
            if await asyncio.to_thread(self.passed):
                return


def awaited(error: SyncdError) -> str:
    """What is waited for where ``error`` is in the way, and how that is known."""
    for kinds, what in _AWAITED:
        if isinstance(error, kinds):
            return f"{what}: {error}"
    return str(error)


_AWAITED: tuple[tuple[type[SyncdError] | UnionType, str], ...] = (
    (RootUnusable | Uninitialised, "the folder"),
    (KeyRefused | WrongAccount | KeyMissing, "another key"),
    (ConfigError, "a change of the configuration"),
    (StateUnusable, "the state folder"),
    (Locked, "its turn"),
    (RateLimited, "the service to allow more requests"),
    (RemoteError, "the service to answer"),
)
"""The first that fits."""


class Waits:
    """The waits of a daemon, one after the other; ``now`` is the one that it is in, if any."""

    def __init__(self) -> None:
        self.now: Wait | None = None
        self._last: Wait | None = None
        """The last one, until a cycle went well."""
        self._relapses = 0

    def begin(self, error: SyncdError, settings: Settings, key: Stamp | None) -> Wait:
        """The wait for ``error`` to pass; ``key`` as for ``wait_for``."""
        if self._last is None or self._last.error.message != error.message:
            _log.warning("waiting", why=error.message, hint=error.hint)
            self._relapses = 0
        elif self.now is None:
            self._relapses += 1  # the library could be opened, and that was all
        self.now = wait_for(error, settings, key=key, relapses=self._relapses)
        self._last = self.now
        return self.now

    def opened(self) -> None:
        """The library is open, which is not to say that it can be worked on."""
        self.now = None

    def worked(self) -> None:
        """A cycle went well."""
        if self._last is not None:
            _log.info("the wait is over", was=self._last.error.message)
        self._last = None


def wait_for(
    error: SyncdError, settings: Settings, *, key: Stamp | None = None, relapses: int = 0
) -> Wait:
    """The wait that ``error`` asks for.

    ``key`` is the ``key_stamp`` from before the key was read, ``relapses`` how often in a row the
    folder seemed to be well, and was not.
    """
    if isinstance(error, RootUnusable | Uninitialised):
        each = min(_ROOT * 2.0 ** min(relapses, 16), _LONGEST)
        return Wait(error, each, lambda: _is_root(settings.library.root))
    if isinstance(error, KeyRefused | WrongAccount | ConfigError):
        # Of a key from the environment there is no other until a restart.
        return Wait(error, _KEY, lambda: key_stamp(settings) != key)
    return Wait(error, _LOCK if isinstance(error, Locked) else _OTHER, lambda: True)


async def seen_anew(error: SyncdError, root: Path) -> SyncdError:
    """What is wrong with the folder at ``root``, where that is what ``error`` is about: in the
    middle of its work the daemon sees no more than that it is another one than before.
    """
    if not isinstance(error, RootUnusable):
        return error
    try:
        async with asyncio.timeout(_LOOK):
            return await asyncio.to_thread(_fault, root) or error
    except TimeoutError:
        return error


def _fault(root: Path) -> SyncdError | None:
    try:
        if find_marker(root) is not None:
            return None
        open_root(root)
    except SyncdError as error:
        return error
    return unmarked(root)


def _is_root(path: Path) -> bool:
    return _fault(path) is None


def key_stamp(settings: Settings) -> Stamp | None:
    """What tells one key file from the next; ``None`` where there is none.

    Taken before the key is read, so that a change in between is not missed.
    """
    file = settings.api.key_file
    if file is None:
        return None
    try:
        found = file.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
