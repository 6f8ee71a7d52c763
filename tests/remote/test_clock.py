"""The service's time: heard once, and kept by a clock that nobody sets."""

from __future__ import annotations

import time

import pytest
import time_machine

from syncd.remote.clock import ServiceClock, uptime


def test_it_goes_on_from_what_was_heard_last() -> None:
    elapsed = [100.0]
    clock = ServiceClock(lambda: elapsed[0])
    assert clock.now() is None
    clock.hear(1_000.0)
    elapsed[0] += 7
    assert clock.now() == 1_007
    clock.hear(500.0)
    elapsed[0] += 1
    assert clock.now() == pytest.approx(502, abs=1e-5)


def test_what_a_date_of_whole_seconds_may_mean_does_not_set_it_back() -> None:
    """A ``Date`` of 1 000 was told somewhere in that second."""
    elapsed = [100.0]
    clock = ServiceClock(lambda: elapsed[0])
    clock.hear(1_000.0)
    elapsed[0] += 0.9
    clock.hear(1_000.0)
    assert clock.now() == pytest.approx(1_000.9)


def test_it_is_set_as_little_as_a_date_demands() -> None:
    elapsed = [100.0]
    clock = ServiceClock(lambda: elapsed[0])
    clock.hear(1_000.0)
    clock.hear(1_001.0)
    assert clock.now() == 1_001
    elapsed[0] += 1.5
    clock.hear(1_001.0)
    now = clock.now()
    assert now is not None
    assert 1_001.99 < now < 1_002


@pytest.mark.parametrize("moment", [-1.0, 253_402_300_800.0, float("inf"), float("nan")])
def test_a_time_that_is_no_date_is_not_heard(moment: float) -> None:
    clock = ServiceClock()
    clock.hear(moment)
    assert clock.now() is None


def test_the_wall_clock_does_not_move_it() -> None:
    clock = ServiceClock()
    clock.hear(1_000.0)
    with time_machine.travel(time.time() + 86_400):
        assert clock.now() == pytest.approx(1_000, abs=60)


def test_suspended_time_counts_where_the_system_tells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr(time, "clock_gettime", {7: 123.0}.__getitem__)
    assert uptime() == 123
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    before = time.monotonic()
    assert before <= uptime() <= time.monotonic()
