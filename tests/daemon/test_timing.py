"""What follows from a cycle, as timers and wake-ups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from syncd.core.model import Origin
from syncd.core.operations import Download, Pending, Plan, Wait
from syncd.core.policy import Now, Policy
from syncd.cycle import Look, Report
from syncd.daemon import timing
from syncd.daemon.timing import Timing
from syncd.daemon.wakes import Wakes
from syncd.errors import MediaSilent, MediaUnavailable
from syncd.executor import Outcome, Result

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POLICY = Policy(origin=Origin("https://api.example"))
DOWNLOAD = Download(
    job_id=1, path="a.mp3", format="mp3", title="a", stem="a", album="x", number=1, reason="new"
)
DONE = Outcome(DOWNLOAD, Result.DONE)


class Timers:
    """A schedule that only writes down."""

    def __init__(self) -> None:
        self.set: dict[str, float | datetime] = {}

    def later(self, name: str, seconds: float, ring: Callable[[], None]) -> None:
        self.set[name] = seconds

    def later_at_most(self, name: str, seconds: float, ring: Callable[[], None]) -> None:
        self.later(name, seconds, ring)

    def at(self, name: str, moment: datetime, ring: Callable[[], None]) -> None:
        self.set[name] = moment

    def cancel(self, name: str) -> None:
        self.set.pop(name, None)

    def next(self, name: str) -> Any:
        return self.set.get(name)


class Bench:
    def __init__(self, in_flight: dict[int, tuple[str, datetime | None]] | None = None) -> None:
        self.timers, self.wakes = Timers(), Wakes()
        self.now = NOW
        self.library: Any = SimpleNamespace(
            catalog=SimpleNamespace(in_flight=lambda: in_flight or {}),
            now=lambda: Now(NOW, self.now),
        )
        self.timing = Timing(self.library, self.wakes, self.timers, 60.0)  # type: ignore[arg-type]

    def follow(self, **report: Any) -> bool:
        return self.timing.follow(Report("c", **report), POLICY)


async def test_after_something_was_done_it_looks_again_soon_and_ever_later() -> None:
    bench = Bench()
    waits = []
    for _ in range(2_000):
        assert bench.follow(outcomes=[DONE])
        waits.append(bench.timers.set["again"])
    assert waits[0] == timing._ECHO
    assert waits == sorted(waits)
    assert waits[-1] <= 64 * timing._ECHO, "two thousand in a row are no overflow"


async def test_downloads_that_gave_way_go_on_at_once_and_slow_nothing_down() -> None:
    bench = Bench()
    for _ in range(100):
        assert bench.follow(outcomes=[DONE], gave_way=True)
    assert bench.wakes.is_woken
    bench.follow(outcomes=[DONE])
    assert bench.timers.set["again"] == timing._ECHO


async def test_a_missed_file_is_looked_for_once_the_scans_are_far_enough_apart() -> None:
    bench = Bench()
    assert not bench.follow(plan=Plan(missed=frozenset({7})))
    assert bench.timers.set["missed"] == 30.0


async def test_where_nothing_is_left_nothing_follows() -> None:
    bench = Bench()
    assert not bench.follow()
    assert bench.timers.set == {}
    assert not bench.wakes.is_woken


async def test_a_doubt_is_settled_by_a_sweep_at_once_and_by_the_next_one_later() -> None:
    bench = Bench()
    bench.follow(quiet=True, look=Look(poll=True), needs_sweep=("a job is missing",))
    assert (await bench.wakes.next()).look == Look(sweep=True, scan=True)  # type: ignore[union-attr]
    for _ in range(50):
        # Each poll doubts until the sweep is made: its timer is not pushed away by them.
        bench.follow(quiet=True, look=Look(poll=True), needs_sweep=("a job is missing",))
        assert bench.timers.set["doubt"] == timing._DOUBTED
    assert not bench.wakes.is_woken


async def test_a_doubt_does_not_keep_what_was_done_from_being_looked_at() -> None:
    bench = Bench()
    assert bench.follow(look=Look(poll=True), needs_sweep=("x",), outcomes=[DONE])
    assert bench.timers.set["again"] == timing._ECHO


async def test_the_next_of_what_waits_rings_when_it_is_due() -> None:
    bench = Bench()
    waits = (Wait(job_id=1, reason="later", until=NOW + timedelta(hours=2)),)
    pending = (
        Pending(job_id=2, path="b", reason="grace", until=NOW + timedelta(hours=1)),
        Pending(job_id=3, path="c", reason="grace", until=None),
    )
    await bench.timing.time_what_waits(Report("c", plan=Plan(waits=waits, pending=pending)), NOW)
    assert bench.timers.set["due"] == NOW + timedelta(hours=1)
    await bench.timing.time_what_waits(Report("c"), NOW)
    assert "due" not in bench.timers.set


async def test_what_is_over_due_is_tried_soon_and_then_not_in_a_rush() -> None:
    bench = Bench()
    plan = Plan(waits=(Wait(job_id=1, reason="x", until=NOW - timedelta(hours=1)),))
    dues = []
    for _ in range(20):
        await bench.timing.time_what_waits(Report("c", plan=plan), NOW)
        dues.append(bench.timers.set["due"])
    assert dues[0] <= NOW + timedelta(seconds=2)  # type: ignore[operator]
    assert dues[-1] == NOW + timedelta(minutes=1)


async def test_what_failed_is_tried_again_after_its_back_off() -> None:
    bench = Bench()
    failed = Outcome(DOWNLOAD, Result.FAILED, "404", MediaUnavailable("404"))
    await bench.timing.time_what_waits(Report("c", outcomes=[failed]), NOW)
    assert bench.timers.set["due"] == NOW + timing.FIRST_BACKOFF


async def test_what_a_silent_host_kept_from_being_fetched_is_tried_sooner() -> None:
    bench = Bench()
    failed = Outcome(DOWNLOAD, Result.FAILED, "no answer", MediaSilent("no answer"))
    await bench.timing.time_what_waits(Report("c", outcomes=[failed]), NOW)
    assert bench.timers.set["due"] == NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("age", "wait"), [(0, 5.0), (40, 5.0), (160, 20.0), (400, None), (86_400, None)]
)
async def test_a_young_job_is_asked_for_soon_and_an_old_one_left_to_the_poll(
    age: float, wait: float | None
) -> None:
    bench = Bench({7: ("PROCESSING", NOW - timedelta(seconds=age)), 8: ("PENDING", None)})
    await bench.timing.time_what_waits(Report("c", quiet=True), NOW)
    assert bench.timers.set.get("flight") == wait


async def test_a_job_that_is_said_to_begin_in_the_future_ages_from_when_it_was_seen() -> None:
    bench = Bench({7: ("PROCESSING", NOW + timedelta(hours=9))})
    waits = []
    for age in (0, 40, 160, 400, 86_400):
        bench.timers.set.clear()
        bench.now = NOW + timedelta(seconds=age)
        await bench.timing.time_what_waits(Report("c", quiet=True), NOW)
        waits.append(bench.timers.set.get("flight"))
    assert waits == [5.0, 5.0, 20.0, None, None]
