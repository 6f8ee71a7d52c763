"""The installed command on the clock of a soak: ``daemon PAGE BELL ARGUMENTS...``.

``PAGE`` is the file of a ``clock.Page``. ``BELL`` is the descriptor by which a daemon is woken
when the time has leapt; commands, which are over before it leaps again, are given none (-1).

Changed for that are the clocks of the process, and how its event loop sleeps. Three more things of
the program itself are set: the thread that listens to the kernel for changes keeps the machine's
time, as the kernel does, and asks it more often, so that it is as prompt as the rest; and the pulse
beats ten times as slowly, for the time leaps from one beat to the next.
"""

from __future__ import annotations

import concurrent.futures
import ctypes
import math
import os
import selectors
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import time_machine

from .clock import WORKS, Page

_real = time.monotonic
_real_gettime = time.clock_gettime


class Time:
    """The clocks of this process. They go on when it looks, so that they always agree."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._leapt, self._set_by, self._slept = page.leapt, page.set_by, page.slept
        ahead = self._leapt + self._set_by
        self._traveller = time_machine.travel(time.time() + ahead, tick=True).start()
        time.monotonic = self.awake
        time.monotonic_ns = lambda: int(self.awake() * 1e9)
        time.clock_gettime = self._gettime

    def up(self) -> float:
        return _real() + self._leapt

    def awake(self) -> float:
        return self.up() - self._slept

    def _gettime(self, which: int) -> float:
        return self.up() if which == time.CLOCK_BOOTTIME else _real_gettime(which)

    def catch_up(self) -> None:
        leapt, set_by, slept = self._page.leapt, self._page.set_by, self._page.slept
        by = leapt + set_by - self._leapt - self._set_by
        self._leapt, self._set_by, self._slept = leapt, set_by, slept
        if by:
            self._traveller.shift(by)


class Busy:
    """How many threads work, and how many requests are not answered: then nobody rests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.number = 0

    def add(self, number: int) -> None:
        with self._lock:
            self.number += number


def share(page: Page, bell: int, now: Time, busy: Busy) -> None:
    """Have the event loop sleep on the clock of ``page``."""

    class Selector(selectors.EpollSelector):
        def __init__(self) -> None:
            super().__init__()
            self.register(bell, selectors.EVENT_READ)

        def select(self, timeout: float | None = None) -> list[Any]:
            if timeout is None or timeout > 0:
                until = math.inf if timeout is None else now.up() + timeout
                page.rests_until = until if not busy.number else WORKS
                page.has_rested = page.has_rested or not busy.number
            found = super().select(timeout)
            page.rests_until = WORKS
            now.catch_up()
            heard = [one for one in found if one[0].fd == bell]
            if heard:
                os.eventfd_read(bell)
            return [one for one in found if one[0].fd != bell]

    selectors.DefaultSelector = Selector  # type: ignore[misc]
    _count_threads(busy)
    _count_requests(busy)


def _count_threads(busy: Busy) -> None:
    pool = concurrent.futures.ThreadPoolExecutor
    submit = pool.submit

    def submitted(self: Any, *arguments: Any, **named: Any) -> Any:
        busy.add(1)
        future = submit(self, *arguments, **named)
        future.add_done_callback(lambda _: busy.add(-1))
        return future

    pool.submit = submitted  # type: ignore[method-assign]


def _count_requests(busy: Busy) -> None:
    import httpx

    from syncd.remote.transport import Transport

    handle = Transport.handle_async_request

    async def handled(self: Any, request: httpx.Request) -> httpx.Response:
        busy.add(1)
        try:
            response = await handle(self, request)
        except BaseException:
            busy.add(-1)
            raise
        stream: Any = response.stream
        close, over = stream.aclose, []

        async def closed() -> None:
            try:
                await close()
            finally:
                if not over:
                    over.append(True)
                    busy.add(-1)

        stream.aclose = closed
        return response

    Transport.handle_async_request = handled  # type: ignore[method-assign]


def _end_with_the_bench() -> None:
    """However that ends: a daemon on a clock of its own is of no use to anybody."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def main() -> None:
    _end_with_the_bench()
    path, bell = Path(sys.argv[1]), int(sys.argv[2])
    sys.argv[:] = ["syncd", *sys.argv[3:]]
    page = Page(path)
    now = Time(page)
    if bell >= 0:
        share(page, bell, now, Busy())

    from syncd.daemon import pulse
    from syncd.local import lookout, watch

    lookout.time = SimpleNamespace(monotonic=_real)  # type: ignore[assignment]
    watch._STEPS = 30
    pulse.TICK *= 10

    from syncd.__main__ import main as run

    run()


if __name__ == "__main__":
    main()
