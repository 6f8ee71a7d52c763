"""The service's time, told by a clock that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
"""A ``Date`` after this one is none: what is reckoned from it could not be written as a date."""


def uptime() -> float:
    """Seconds since some moment of the past, by a clock that no one sets.

    It goes on while the machine is suspended (clock_gettime(2), CLOCK_BOOTTIME) where the system
    has such a clock; elsewhere less than what has elapsed may be told, never more.
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class ServiceClock:
    """The ``Date`` that was heard last, and what has elapsed since by ``uptime``.

    So a step of this machine's wall clock does not move it, and the two are two clocks.
    """

    def __init__(self, uptime: Callable[[], float] = uptime) -> None:
        self._uptime = uptime
        self._heard: tuple[float, float] | None = None

    def hear(self, moment: float) -> None:
        """Take in the ``Date`` of an answer that came just now, in seconds since the epoch."""
        if 0 <= moment < _LATEST:
            self._heard = (moment, self._uptime())

    def now(self) -> float | None:
        """Seconds since the epoch; ``None`` before the service told a time."""
        if self._heard is None:
            return None
        moment, at = self._heard
        return moment + (self._uptime() - at)
