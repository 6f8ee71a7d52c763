"""How slow a body may be: each byte starts the read timeout anew, so that bounds nothing."""

from __future__ import annotations

from syncd.errors import MediaUnavailable

LEAST_RATE = 1000.0
"""Bytes a second: a song takes longer than it plays, and holds a place among the downloads."""


class TooSlow(MediaUnavailable):
    """Another round would be as slow: the call ends, the part stays for a later one."""


class Pace:
    """The rate of one body, judged over windows of ``window`` seconds, one after the other.

    ``now`` is seconds of a clock that is never set, as it is for every call.
    """

    def __init__(self, window: float, *, now: float) -> None:
        self._window = window
        self._since = now
        self._came = 0

    def holds(self, size: int, *, now: float) -> bool:
        """Whether the rate is still above the least, now that ``size`` more bytes came."""
        self._came += size
        seconds = now - self._since
        if seconds < self._window:
            return True
        enough = self._came >= LEAST_RATE * seconds
        self._since, self._came = now, 0
        return enough
