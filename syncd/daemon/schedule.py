"""When to look: APScheduler's timers, each of which does nothing but wake.

Its times are the wall clock's, so ``rearm`` is called where that was set, and ``wake`` where the
machine slept: its timers sleep with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.executors.debug import DebugExecutor
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger

from syncd.remote.clock import uptime as up

JITTER = 0.1
"""The part of an interval by which it is spread, to both sides, so that not all ask at once."""

# At INFO it writes a line for every wake-up.
logging.getLogger("apscheduler").setLevel(logging.WARNING)


class Schedule:
    """Timers by name. ``every`` repeats, ``at`` and ``later`` ring once and replace their like."""

    def __init__(self, now: Callable[[], datetime], uptime: Callable[[], float] = up) -> None:
        self._now = now
        self._uptime = uptime
        self._deadlines: dict[str, float] = {}
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"default": DebugExecutor()},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=False)

    def every(self, name: str, seconds: float, ring: Callable[[], None], *, jitter: bool) -> None:
        """Ring each ``seconds``, the first time after so long; with ``jitter`` that is spread."""
        # Its own jitter is added alone: half of it is taken away before.
        spread = seconds * JITTER if jitter else 0.0
        trigger = IntervalTrigger(seconds=seconds - spread, timezone=UTC, jitter=2 * spread or None)
        self._scheduler.add_job(_ring, trigger, [ring], id=name, replace_existing=True)

    def later(self, name: str, seconds: float, ring: Callable[[], None]) -> None:
        self.at(name, self._now() + timedelta(seconds=seconds), ring)
        self._deadlines[name] = self._uptime() + seconds

    def later_at_most(self, name: str, seconds: float, ring: Callable[[], None]) -> None:
        """As ``later``, but where it is to ring before that already."""
        known = self.next(name)
        if known is None or known > self._now() + timedelta(seconds=seconds):
            self.later(name, seconds, ring)

    def at(self, name: str, moment: datetime, ring: Callable[[], None]) -> None:
        self._deadlines.pop(name, None)
        trigger = DateTrigger(moment, UTC)
        self._scheduler.add_job(_ring, trigger, [ring], id=name, replace_existing=True)

    def cancel(self, name: str) -> None:
        with suppress(JobLookupError):
            self._scheduler.remove_job(name)

    def next(self, name: str) -> datetime | None:
        job: Job | None = self._scheduler.get_job(name)
        return job.next_run_time if job else None

    def wake(self) -> None:
        """Ring what has come due while the machine slept."""
        self._scheduler.wakeup()

    def rearm(self) -> None:
        """Ring everything once, now: what is due is not known after the clock was set.

        But what is to ring after so many seconds still does.
        """
        for job in self._scheduler.get_jobs():
            left = self._deadlines.get(job.id, 0.0) - self._uptime()
            job.modify(next_run_time=self._now() + timedelta(seconds=max(0.0, left)))
        self._scheduler.wakeup()


def _ring(ring: Callable[[], None]) -> None:
    # Not at once: the scheduler is in the middle of its list. Not as a coroutine either: one that
    # is about to ring when the scheduler stops is logged as an error.
    asyncio.get_running_loop().call_soon(ring)
