"""Timers that do nothing but ring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from syncd.daemon.schedule import JITTER, Schedule


class Clock:
    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.offset


@pytest.fixture
async def schedule() -> AsyncIterator[Schedule]:
    made = Schedule(Clock())
    made.start()
    yield made
    made.stop()
    await asyncio.sleep(0)


@pytest.mark.parametrize("seconds", [5, 60, 21_600])
async def test_an_interval_is_spread_to_both_sides(schedule: Schedule, seconds: float) -> None:
    waits = []
    for _ in range(100):
        begun = datetime.now(UTC)
        schedule.every("poll", seconds, lambda: None, jitter=True)
        due = schedule.next("poll")
        assert due is not None
        waits.append((due - begun).total_seconds())
    spread = seconds * JITTER
    assert seconds - spread <= min(waits) < seconds - spread / 2
    # Read from the clock a moment later.
    assert seconds + spread / 2 < max(waits) <= seconds + spread + 1


async def test_one_of_a_name_takes_the_place_of_the_other(schedule: Schedule) -> None:
    rung: list[str] = []
    schedule.later("due", 0.0, lambda: rung.append("first"))
    schedule.later("due", 0.05, lambda: rung.append("second"))
    await asyncio.sleep(0.2)
    assert rung == ["second"]
    assert schedule.next("due") is None


async def test_a_moment_that_is_past_rings_at_once(schedule: Schedule) -> None:
    rung = asyncio.Event()
    schedule.at("due", datetime.now(UTC) - timedelta(days=3), rung.set)
    await asyncio.wait_for(rung.wait(), 5)


async def test_what_is_cancelled_does_not_ring(schedule: Schedule) -> None:
    rung: list[str] = []
    schedule.later("due", 0.02, lambda: rung.append("rung"))
    schedule.cancel("due")
    schedule.cancel("was never there")
    await asyncio.sleep(0.1)
    assert rung == []


async def test_after_the_clock_was_set_everything_rings_once(schedule: Schedule) -> None:
    rung: list[str] = []
    for name in ("poll", "sweep"):
        schedule.every(name, 3_600, lambda name=name: rung.append(name), jitter=False)
    schedule.at("due", datetime.now(UTC) + timedelta(hours=2), lambda: rung.append("due"))
    schedule.rearm()
    await asyncio.sleep(0.2)
    assert sorted(rung) == ["due", "poll", "sweep"]
    due = schedule.next("poll")
    assert due is not None
    assert due > datetime.now(UTC) + timedelta(minutes=50), "then as often as before"


async def test_what_rings_after_so_many_seconds_does_so_whatever_the_clock_was_set_to() -> None:
    clock, up = Clock(), [100.0]
    schedule = Schedule(clock, lambda: up[0])
    schedule.start()
    schedule.later("retry", 700, lambda: None)
    up[0] += 60
    clock.offset = timedelta(days=-3)
    schedule.rearm()
    due = schedule.next("retry")
    schedule.stop()
    assert due is not None
    assert abs((due - clock()).total_seconds() - 640) < 5


async def test_after_a_sleep_only_what_is_due_rings(schedule: Schedule) -> None:
    rung: list[str] = []
    schedule.every("sweep", 3_600, lambda: rung.append("sweep"), jitter=False)
    schedule.wake()
    await asyncio.sleep(0.1)
    assert rung == []


async def test_what_is_to_ring_at_the_latest_is_not_put_off(schedule: Schedule) -> None:
    rung: list[str] = []
    schedule.later_at_most("flight", 0.05, lambda: rung.append("first"))
    schedule.later_at_most("flight", 600.0, lambda: rung.append("second"))
    await asyncio.sleep(0.3)
    assert rung == ["first"]
    schedule.later_at_most("flight", 600.0, lambda: rung.append("second"))
    schedule.later_at_most("flight", 0.05, lambda: rung.append("third"))
    await asyncio.sleep(0.3)
    assert rung == ["first", "third"]
