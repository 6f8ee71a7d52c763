"""What an error means for what comes next: a wait that grows, or the end of the work.

Pure: no clock, no I/O. An error that may pass by itself is waited out; one that a change of the
key, the folder or the settings ends is waited for with the library closed; the others end the
daemon, because only a person can settle them.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from syncd.errors import (
    CatalogUnusable,
    ConfigError,
    KeyRefused,
    Locked,
    RateLimited,
    RootUnusable,
    StateUnusable,
    SyncdError,
    Uninitialised,
    WrongAccount,
)

FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0
"""Seconds. The longest is what a laptop that is back on line has to wait at most."""

CLOSING = (RootUnusable, KeyRefused, WrongAccount, CatalogUnusable, Locked, Uninitialised)
"""What ends the work on an open library."""


class Weather:
    """Whether the service can be asked, and if not, for how long it is left alone.

    ``draw`` gives numbers from 0 to 1, so that many machines do not all come back at once.
    """

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw
        self._failures = 0
        self.error: SyncdError | None = None
        """What the service, or the way to it, failed with last; ``None`` while all is well."""

    def failed(self, error: SyncdError) -> float:
        """Seconds to wait before the service is asked again."""
        self.error = error
        self._failures += 1
        if isinstance(error, RateLimited):
            # As told, and not a moment less; the jitter comes on top.
            return error.retry_after + FIRST_WAIT * self._draw()
        wait = min(FIRST_WAIT * 2.0 ** min(self._failures - 1, 16), LONGEST_WAIT)
        return wait * (0.75 + 0.5 * self._draw())

    def cleared(self) -> bool:
        """The service answered; whether it had not before."""
        was, self.error, self._failures = self.error, None, 0
        return was is not None


def is_fatal(error: SyncdError, *, running: bool) -> bool:
    """Whether only a person can settle ``error``: the daemon ends with its exit code.

    What is missing or does not fit at the start may be so for a while only, once it is ``running``.
    """
    if isinstance(error, RootUnusable):
        return not (running or error.may_return)
    if isinstance(error, ConfigError | Uninitialised | WrongAccount | StateUnusable):
        return not running
    return isinstance(error, CatalogUnusable)
