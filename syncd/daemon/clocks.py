"""What timers cannot notice by themselves: that the machine slept, or that its clock was set."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from syncd.remote.clock import uptime

TOLERANCE = 5.0
"""Seconds between two clocks that are no step: more than a busy machine is late."""


@dataclass(slots=True)
class Clocks:
    """Compares the wall clock, the time awake and the time since the machine started."""

    wall: Callable[[], float] = time.time
    awake: Callable[[], float] = time.monotonic
    up: Callable[[], float] = uptime
    _last: tuple[float, float, float] | None = None

    def look(self) -> tuple[Literal["slept", "stepped"], float] | None:
        """What happened since the last look, and by how many seconds; ``None`` for nothing."""
        now = (self.wall(), self.awake(), self.up())
        last, self._last = self._last, now
        if last is None:
            return None
        wall, awake, up = (a - b for a, b in zip(now, last, strict=True))
        if abs(wall - up) > TOLERANCE:
            return "stepped", wall - up
        return ("slept", up - awake) if up - awake > TOLERANCE else None
