"""When to look again: what follows from one cycle, as timers that wake the next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from syncd.core.policy import Policy
from syncd.cycle import Look, Report
from syncd.daemon.schedule import Schedule
from syncd.daemon.wakes import Wakes
from syncd.errors import MediaSilent
from syncd.executor import FIRST_BACKOFF, Result
from syncd.executor.silence import FIRST_SILENCE
from syncd.library import Library
from syncd.rest import next_look
from syncd.settings import Sync

_ECHO = 1.0
"""Seconds after which what was done is looked at again: the watcher reports it by then, too."""

_SETTLING, _SLOWEST = 5, 6
"""How many cycles in a row may follow at once from what each has done, before they slow down; and
how often the wait between them doubles then."""

_DOUBTED, _LONGEST_DOUBT = 60.0, 3_600.0
"""Seconds between two sweeps that are made because a poll was in doubt: the first, the longest."""

_HOUR = 3_600.0

_SOON, _MINUTE = timedelta(seconds=1), timedelta(minutes=1)

_log = structlog.get_logger("syncd.daemon")


@dataclass(slots=True)
class Timing:
    """The timers of one open library."""

    library: Library
    wakes: Wakes
    schedule: Schedule
    poll_interval: float
    _in_a_row: int = field(default=0, init=False)
    _overdue: int = field(default=0, init=False)
    _doubt: float = field(default=_DOUBTED, init=False)
    _swept_for_doubt: float | None = field(default=None, init=False)
    _in_flight: dict[int, datetime] = field(default_factory=dict, init=False)
    """Since when the unfinished jobs are known to be, by the service's clock."""

    def follow(self, report: Report, policy: Policy) -> bool:
        """Arrange for the look that follows from ``report``; whether there is one at once."""
        if report.needs_sweep:
            self._sweep_for_doubt(report.needs_sweep[0])
        again = next_look(report, policy)
        if again is None:
            self._in_a_row = 0
            return False
        if again.is_sweep_alone and report.needs_sweep:
            return False
        if again.is_for_missed:
            self._in_a_row = 0
            self._ring_later("missed", again.wait, again.look, "a file was missed")
            return False
        self._in_a_row = 0 if report.gave_way else self._in_a_row + 1
        slower = min(max(0, self._in_a_row - _SETTLING), _SLOWEST)
        wait = 0.0 if report.gave_way else max(again.wait, _ECHO * 2**slower)
        self._ring_later("again", wait, again.look, "something was done")
        return True

    async def time_what_waits(self, report: Report, now: datetime) -> None:
        """Ring when the next of what waits comes due, and soon for what is unfinished there."""
        if not report.quiet and not report.error:
            plan = report.plan
            untils = [*(w.until for w in plan.waits), *(p.until for p in plan.pending)]
            waits = [until for until in untils if until is not None]
            failed = [one for one in report.outcomes if one.result is Result.FAILED]
            if failed:
                silent = any(isinstance(one.error, MediaSilent) for one in failed)
                waits.append(now + (FIRST_SILENCE if silent else FIRST_BACKOFF))
            if waits:
                # Where the time is past something else keeps it from being done: not in a rush.
                self._overdue = self._overdue + 1 if min(waits) <= now else 0
                later = min(_SOON * 2 ** min(self._overdue, 16), _MINUTE)
                self.schedule.at("due", max(min(waits), now + later), self._due)
            else:
                self.schedule.cancel("due")
        await self._time_the_unfinished()

    async def _time_the_unfinished(self) -> None:
        """Soon after they begin, then ever more rarely; the poll sees the oldest ones."""
        in_flight = await asyncio.to_thread(self.library.catalog.in_flight)
        begun = {job: since for job, (_, since) in in_flight.items() if since is not None}
        now = self.library.now().server or datetime.now(UTC)
        # One that is said to begin later than it was seen would be young for too long.
        self._in_flight = {
            job: min(since, self._in_flight.get(job, now)) for job, since in begun.items()
        }
        ages = [(now - since).total_seconds() for since in self._in_flight.values()]
        wait = max(5.0, min(ages, default=1e9) / 8)
        if wait < self.poll_interval / 2:
            wake = self._waking(Look(flight=True), "a job is unfinished")
            # Cycles that come of something else do not put it off.
            self.schedule.later_at_most("flight", wait, wake)

    def _sweep_for_doubt(self, why: str) -> None:
        """A sweep because a cheap look was in doubt; rarer, the more often it comes to that."""
        if self.schedule.next("doubt") is not None:
            return
        now = time.monotonic()
        last = self._swept_for_doubt
        if last is None or now - last > 2 * self._doubt:
            self._doubt, wait = _DOUBTED, 0.0
        else:
            wait, self._doubt = self._doubt, min(2 * self._doubt, _LONGEST_DOUBT)
        self._swept_for_doubt = now + wait
        _log.info("the account is listed anew", why=why, wait=wait)
        self._ring_later("doubt", wait, Look(sweep=True, scan=True), why)

    def _ring_later(self, name: str, seconds: float, look: Look, why: str) -> None:
        if seconds <= 0:
            self.wakes.wake(look, why)
            return
        self.schedule.later(name, seconds, self._waking(look, why))

    def _waking(self, look: Look, why: str) -> Callable[[], None]:
        return lambda: self.wakes.wake(look, why)

    def _due(self) -> None:
        self.wakes.wake(Look(scan=True), "something has come due")


def time_looks(schedule: Schedule, wakes: Wakes, sync: Sync) -> None:
    """The looks that are made in any case, each as often as ``sync`` says; and the upkeep."""

    def waking(look: Look, why: str) -> Callable[[], None]:
        return lambda: wakes.wake(look, why)

    for name, seconds, look in (
        ("poll", sync.poll_interval, Look(poll=True)),
        ("sweep", sync.sweep_interval, Look(sweep=True, scan=True)),
        ("scan", sync.scan_interval, Look(scan=True)),
    ):
        schedule.every(name, seconds, waking(look, f"the {name} is due"), jitter=True)
    # More often than it is due: a day that is spread would end before the day has passed.
    schedule.every("upkeep", _HOUR, wakes.keep_up, jitter=True)
