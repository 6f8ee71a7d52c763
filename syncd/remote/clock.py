"""The service's time, told by a clock that nobody can set."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

_LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()
"""A ``Date`` after this one is none: what is reckoned from it could not be written as a date."""

_WITHIN = 1 - 1e-6
"""Seconds: the last moment of a second, to the microsecond of a ``datetime``."""


def uptime() -> float:
    """Seconds since some moment of the past, by a clock that no one sets.

    It goes on while the machine is suspended (clock_gettime(2), CLOCK_BOOTTIME) where the system
    has such a clock; elsewhere less than what has elapsed may be told, never more.
    """
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class ServiceClock:
    """The time as each ``Date`` that was heard allows, and what has elapsed since by ``uptime``.

    A ``Date`` is of whole seconds (RFC 9110, 5.6.7), told somewhere in that second: what is
    reckoned to lie in it stays as it is, so that the time does not go back with each answer.
    A step of this machine's wall clock does not move it, and the two are two clocks.
    """

    def __init__(self, uptime: Callable[[], float] = uptime) -> None:
        self._uptime = uptime
        self._heard: tuple[float, float] | None = None

    def hear(self, moment: float) -> None:
        """Take in the ``Date`` of an answer that came just now, in seconds since the epoch."""
        if not 0 <= moment < _LATEST:
            return
        reckoned, at = self._heard or (moment, self._uptime())
        now = self._uptime()
        reckoned = min(max(reckoned + (now - at), moment), moment + _WITHIN)
        self._heard = (reckoned, now)

    def now(self) -> float | None:
        """Seconds since the epoch; ``None`` before the service told a time."""
        if self._heard is None:
            return None
        moment, at = self._heard
        return moment + (self._uptime() - at)
