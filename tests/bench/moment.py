"""Time that passes only where someone waits for it, and work that is done where it is asked for.

What runs in ``Loop`` is one thread, whatever it hands to threads: the same steps in the same
order each time. A sleep of an hour costs nothing.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch


class Moment:
    """Both clocks of a machine: one that nobody sets (seconds since it started), and the other."""

    def __init__(self, start: float) -> None:
        self.uptime = 1_000.0
        self._offset = self._truth = start - self.uptime

    def truth(self) -> float:
        """Seconds since the epoch, as they are: the service's clock is right."""
        return self.uptime + self._truth

    def time(self) -> float:
        """Seconds since the epoch, as the wall clock has it."""
        return self.uptime + self._offset

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.time(), UTC)

    def pass_(self, seconds: float) -> None:
        self.uptime += seconds

    def step(self, seconds: float) -> None:
        """The wall clock is set, forwards or back."""
        self._offset += seconds

    @contextmanager
    def reigns(self) -> Iterator[None]:
        """Everything in this process that looks at a clock sees this one."""

        def clock_gettime(_which: int) -> float:
            return self.uptime

        with (
            patch.object(time, "time", self.time),
            patch.object(time, "monotonic", lambda: self.uptime),
            patch.object(time, "clock_gettime", clock_gettime),
            patch.object(time, "time_ns", lambda: int(self.time() * 1e9)),
            patch.object(time, "sleep", self.pass_),
        ):
            yield


class Inline(ThreadPoolExecutor):
    """Does what it is given at once, in the thread that gives it."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:
            done.set_exception(error)
        return done


class _Selector(selectors.SelectSelector):
    def __init__(self, moment: Moment) -> None:
        super().__init__()
        self._moment = moment

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("everything waits for something that never comes")
        self._moment.pass_(timeout)
        return []


class Loop(asyncio.SelectorEventLoop):
    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        super().__init__(_Selector(moment))
        self.set_default_executor(Inline(max_workers=1))

    def time(self) -> float:
        return self._moment.uptime
