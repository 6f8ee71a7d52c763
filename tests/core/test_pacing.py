"""The pace of retries: never more than the service takes in any minute."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from syncd.core.baseline import Retried
from syncd.core.pacing import (
    LONGEST_REST,
    MOST_RETRIES,
    WINDOW,
    allowed,
    distance_left,
    is_over,
    wait,
)
from syncd.core.policy import Now

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AGES = st.lists(st.integers(0, 200_000), max_size=40)
"""Milliseconds before now."""


def before(*milliseconds: int) -> list[datetime]:
    return [NOW - timedelta(milliseconds=age) for age in milliseconds]


def test_ten_may_be_sent_at_once_and_then_none():
    assert allowed([], NOW) == MOST_RETRIES == 10
    assert allowed(before(*range(10)), NOW) == 0
    assert wait([], NOW) == 0.0


def test_the_next_is_sent_when_the_first_of_ten_is_a_minute_old():
    sent = before(30_000, *range(1, 10))
    assert wait(sent, NOW) == (WINDOW - timedelta(seconds=30)).total_seconds()


@given(AGES)
def test_after_the_wait_one_may_be_sent_and_not_a_moment_before(ages: list[int]):
    sent = before(*ages)
    pause = timedelta(seconds=wait(sent, NOW))
    assert allowed(sent, NOW + pause) >= 1
    if pause:
        assert allowed(sent, NOW + pause - timedelta(milliseconds=1)) == 0


def test_where_the_service_told_no_time_the_local_clock_alone_counts():
    last = Retried(times=1, at=NOW, server_at=None)
    for minutes, left in ((0, 60), (20, 40), (61, -1), (-1, 0)):
        now = Now(NOW + timedelta(minutes=minutes), None)
        assert distance_left(last, now) == timedelta(minutes=left)


def test_a_rest_is_over_at_its_end_and_one_from_a_wrong_clock_at_once():
    moment = timedelta(milliseconds=1)
    assert not is_over(NOW + LONGEST_REST, NOW)
    assert is_over(NOW + LONGEST_REST + moment, NOW)
    assert not is_over(NOW + moment, NOW)
    assert is_over(NOW, NOW)
