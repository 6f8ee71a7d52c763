"""A clock that several processes share, and that leaps over the time in which none does anything.

A second is a second while somebody works, so that no wait ends because the machine is loaded; once
all are at rest, the time is what it is when the first of them wants to be woken. Each process reads
and writes one small page of memory.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
import time
from collections.abc import Iterable
from pathlib import Path

WORKS = -1.0
"""In the place of a moment: this process does not rest."""

_SIZE = 64
_NUMBER = struct.Struct("=d")
_MARGIN = 0.002
"""Seconds further than the moment at which somebody wants to be woken: timers are that coarse."""


class Page:
    """What one process and the clock tell each other, in seconds.

    ``leapt``: by how much all time is ahead of the machine's. ``set_by``: by how much the wall
    clock was set, beside that. ``slept``: for how long the process's machine slept.
    ``rests_until``: the moment at which it wants to go on, on the clock that nobody sets.
    ``has_rested``: whether it ever came to rest, since it was started.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(_NUMBER.pack(0.0) * (_SIZE // _NUMBER.size))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SIZE)

    def _get(self, place: int) -> float:
        return float(_NUMBER.unpack_from(self._memory, place * _NUMBER.size)[0])

    def _set(self, place: int, value: float) -> None:
        _NUMBER.pack_into(self._memory, place * _NUMBER.size, value)

    @property
    def leapt(self) -> float:
        return self._get(0)

    @leapt.setter
    def leapt(self, value: float) -> None:
        self._set(0, value)

    @property
    def set_by(self) -> float:
        return self._get(1)

    @set_by.setter
    def set_by(self, value: float) -> None:
        self._set(1, value)

    @property
    def slept(self) -> float:
        return self._get(2)

    @slept.setter
    def slept(self, value: float) -> None:
        self._set(2, value)

    @property
    def rests_until(self) -> float:
        return self._get(3)

    @rests_until.setter
    def rests_until(self, value: float) -> None:
        self._set(3, value)

    @property
    def has_rested(self) -> bool:
        return self._get(4) != 0.0

    @has_rested.setter
    def has_rested(self, value: bool) -> None:
        self._set(4, float(value))


class Sleeper:
    """One process, seen from the clock: its page, and the way to wake it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.page = Page(path)
        self.page.rests_until = WORKS
        self.bell = os.eventfd(0, os.EFD_NONBLOCK)
        self.counts = False
        """Whether it is there and awake, so that it is waited for."""

    def ring(self) -> None:
        os.eventfd_write(self.bell, 1)

    def close(self) -> None:
        os.close(self.bell)


class Clock:
    """``start``: seconds since the epoch at which it all begins."""

    def __init__(self, start: float) -> None:
        self._sleepers: list[Sleeper] = []
        self._leapt = 0.0
        self._began = time.monotonic()
        self._start = start
        self.leaps = 0

    @property
    def uptime(self) -> float:
        """Seconds, on the clock that nobody sets."""
        return time.monotonic() + self._leapt

    @property
    def elapsed(self) -> float:
        """Seconds since it all began."""
        return self.uptime - self._began

    def truth(self) -> float:
        """Seconds since the epoch; the clock of the service."""
        return self._start + self.elapsed

    def join(self, sleeper: Sleeper) -> None:
        self._sleepers.append(sleeper)
        sleeper.page.leapt = self._leapt

    def rests(self) -> bool:
        """Whether all that count are at rest."""
        return all(one.page.rests_until != WORKS for one in self._sleepers if one.counts)

    def leap(self, until: float) -> None:
        """Go on to where the first wants to be woken, or to ``until`` on the clock ``uptime``."""
        moments = [one.page.rests_until for one in self._sleepers if one.counts]
        if WORKS in moments:
            return
        moment = min([until, *moments])
        if math.isinf(moment):
            raise RuntimeError("everyone waits for something that never comes")
        self._leapt += max(0.0, moment - self.uptime) + _MARGIN
        self.leaps += 1
        for one in self._sleepers:
            one.page.leapt = self._leapt
        self.wake(one for one in self._sleepers if one.page.rests_until <= moment)

    def wake(self, whom: Iterable[Sleeper]) -> None:
        """Have them look at the clock; they work from now on."""
        for one in whom:
            if one.counts:
                one.page.rests_until = WORKS
                one.ring()
