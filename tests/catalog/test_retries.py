"""What was sent to be made again is remembered for good; what was not done does not count."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from syncd.catalog.store import Catalog
from syncd.core.baseline import Retried
from syncd.core.model import Job
from syncd.core.pacing import MOST_RETRIES, WINDOW
from syncd.core.policy import Now

YEAR = timedelta(days=365)
FAILED = Job(id=7, status="FAILED", error_message="out of tune")


def retried(catalog: Catalog, now: datetime) -> Retried | None:
    return catalog.baseline(Now(now)).retried.get(7)


def test_how_often_and_when_last_is_kept_for_good(path: Path, now: datetime):
    catalog = Catalog.open(path)
    catalog.retries.note(7, Now(now - YEAR))
    catalog.retries.note(7, Now(now - WINDOW, now - 2 * WINDOW))
    catalog.retries.note(8, Now(now - YEAR))
    catalog.close()
    catalog = Catalog.open(path)
    last = Retried(times=2, at=now - WINDOW, server_at=now - 2 * WINDOW)
    assert retried(catalog, now) == last
    assert catalog.baseline(Now(now)).retries == ()
    catalog.close()


def test_none_is_noted_that_the_service_would_not_take(catalog: Catalog, now: datetime):
    for _ in range(MOST_RETRIES):
        assert catalog.retries.note_if_allowed(7, Now(now)) is not None
    assert catalog.retries.note_if_allowed(7, Now(now)) is None
    assert len(catalog.baseline(Now(now)).retries) == MOST_RETRIES
    assert catalog.retries.note_if_allowed(7, Now(now + WINDOW)) is not None


def test_what_was_not_done_does_not_count_and_the_service_is_left_alone(
    catalog: Catalog, now: datetime
):
    catalog.retries.note(7, Now(now - YEAR))
    note = catalog.retries.note_if_allowed(7, Now(now))
    assert note is not None
    rest = now + timedelta(minutes=5)
    catalog.retries.take_back(note, rest=rest)
    assert retried(catalog, now) == Retried(times=1, at=now - YEAR)
    assert catalog.baseline(Now(now)).no_retry_before == rest
    assert catalog.retries.note_if_allowed(7, Now(now)) is None
    assert catalog.retries.note_if_allowed(7, Now(rest)) is not None


def test_a_refusal_stands_until_the_job_shows_something_else(catalog: Catalog, now: datetime):
    catalog.observe([FAILED], now)
    note = catalog.retries.note(7, Now(now))
    catalog.retries.refuse(note, "too old")
    refused = Retried(times=1, at=now, refused="too old")
    assert retried(catalog, now) == refused
    other = '{"id":7,"error_message":"no credits"}'
    catalog.observe([replace(FAILED, error_message="no credits", raw=other)], now)
    assert retried(catalog, now) == Retried(times=1, at=now)
    catalog.observe([FAILED], now)
    catalog.retries.note(7, Now(now))
    assert retried(catalog, now) == Retried(times=2, at=now)


def test_what_another_catalog_counted_is_taken_over_and_says_nothing_of_the_pace(
    catalog: Catalog, now: datetime
):
    catalog.retries.note(7, Now(now - YEAR))
    catalog.retries.take_over({7: 3, 8: 100}, Now(now, now))
    catalog.retries.take_over({7: 2}, Now(now, now))
    found = catalog.baseline(Now(now)).retried
    assert found[7] == Retried(times=3, at=now - WINDOW, server_at=now)
    assert found[8].times == 100
    assert catalog.retries.note_if_allowed(9, Now(now)) is not None
