"""What an observation brings, and what of it is written."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.catalog.news import News
from syncd.catalog.store import Catalog
from syncd.core.model import Job

from .looking import HOUR, job, seen, stamp

NOTHING = News()
MEDIA = "https://media.audiopod.ai/7"


def signed(number: int, **fields: Any) -> Job:
    """Job 7 as a service that signs addresses sends it, each time with another signature."""
    query = f"?expires={number}&signature={number:08x}"
    sent = {
        "id": 7,
        "status": "COMPLETED",
        "display_name": "Rain",
        "output_url": f"{MEDIA}.flac{query}",
        "output_urls": {"flac": f"{MEDIA}.flac{query}", "mp3": f"{MEDIA}.mp3{query}"},
        "thumbnail_url": f"{MEDIA}.jpg{query}",
        "lyrics": 'she said "https://rain?"\n',
        **fields,
    }
    return Job(**sent, raw=json.dumps(sent))


@pytest.fixture
def writes(path: Path, catalog: Catalog) -> Iterator[Callable[[], bool]]:
    """``writes()``: whether the file was written to since the last time."""
    with closing(sqlite3.connect(path)) as other:

        def version() -> int:
            return int(other.execute("PRAGMA data_version").fetchone()[0])

        last = version()

        def written() -> bool:
            nonlocal last
            before, last = last, version()
            return last != before

        yield written


def test_a_job_that_was_not_known_is_new(catalog: Catalog, now: datetime) -> None:
    assert catalog.observe([job(1), job(2)], now) == News(frozenset({1, 2}), frozenset({1, 2}))
    assert catalog.observe([job(2), job(3)], now) == News(frozenset({3}), frozenset({3}))


def test_a_job_that_comes_back_is_new(catalog: Catalog, now: datetime) -> None:
    catalog.observe([job(1)], now)
    catalog.finish_sweep(catalog.begin_sweep(now), now, complete=True, total=0, seen=0)
    assert catalog.observe([job(1)], now) == News(frozenset({1}), frozenset({1}))
    assert catalog.observe([job(1)], now) == NOTHING
    assert list(catalog.remote_tree().tracks) == [1]


def test_observing_nothing_brings_nothing(catalog: Catalog, now: datetime) -> None:
    assert catalog.observe([], now) == NOTHING


@pytest.mark.parametrize(
    "change",
    [
        {"status": "FAILED"},
        {"display_name": "Snow"},
        {"display_name": None},
        {"output_urls": {"flac": "https://media.audiopod.ai/8.flac?sig=1"}, "output_url": None},
        {"output_urls": {}, "output_url": None},
        {"created_at": None},
        {"genre": ("lo-fi",)},
        {"language": "de"},
        {"bpm": 93.0},
        {"lyrics": "La la"},
        {"user_id": "43"},
    ],
    ids=str,
)
def test_what_planning_sees_is_a_change(
    catalog: Catalog, full_job: Job, now: datetime, change: dict[str, Any]
) -> None:
    catalog.observe([full_job], now)
    changed = replace(full_job, **change)
    for sweep in (None, 1):
        assert catalog.observe([changed], now, sweep=sweep) == (
            NOTHING if sweep else News(changed=frozenset({7}))
        )
        assert catalog.remote_tree().tracks == {7: changed.track()}


def test_what_planning_does_not_see_is_written_and_no_change(
    catalog: Catalog, full_job: Job, now: datetime
) -> None:
    catalog.observe([full_job], now)
    done = replace(full_job, progress=99, model_version="2", raw='{"id":7,"model_version":"2"}')
    assert catalog.observe([done], now + HOUR) == NOTHING
    assert catalog.job(7) == done
    assert seen(catalog, 7)[:2] == (stamp(now), stamp(now + HOUR))


def test_the_language_may_change_its_place_unnoticed(catalog: Catalog, now: datetime) -> None:
    catalog.observe([job(1, language="en", vocal_language="en", raw='{"id":1}')], now)
    moved = job(1, vocal_language="en", raw='{"id":1,"l":0}')
    assert catalog.observe([moved], now) == NOTHING
    assert catalog.job(1) == moved


def test_a_job_that_came_as_it_stands_is_not_written(
    catalog: Catalog, full_job: Job, now: datetime, writes: Callable[[], bool]
) -> None:
    catalog.observe([full_job, signed(1, id=8)], now)
    assert writes()
    assert catalog.observe([full_job, signed(1, id=8)], now + HOUR) == NOTHING
    assert not writes()
    assert seen(catalog, 7)[:2] == (stamp(now), stamp(now))


def test_another_signature_is_written_by_a_sweep_alone(
    catalog: Catalog, now: datetime, writes: Callable[[], bool]
) -> None:
    catalog.observe([signed(1)], now)
    assert writes()
    assert catalog.observe([signed(2)], now + HOUR) == NOTHING
    assert not writes()
    assert catalog.job(7) == signed(1)

    assert catalog.observe([signed(3)], now + HOUR, sweep=1) == NOTHING
    assert catalog.job(7) == signed(3)
    assert seen(catalog, 7)[:3] == (stamp(now), stamp(now + HOUR), 1)


@pytest.mark.parametrize(
    "change",
    [
        {"thumbnail_url": f"{MEDIA}-2.jpg?signature=2"},
        {"model_version": 'she said "https://rain?" and left\n'},
        {"model_version": 'she said "https://rain?x"\n'},
        {"error_message": "out of memory"},
    ],
    ids=str,
)
def test_what_is_more_than_a_signature_is_written(
    catalog: Catalog, now: datetime, change: dict[str, str]
) -> None:
    catalog.observe([signed(1)], now)
    assert catalog.observe([signed(2, **change)], now) == NOTHING
    assert catalog.job(7) == signed(2, **change)


def test_a_name_that_is_an_address_is_a_name(catalog: Catalog, now: datetime) -> None:
    catalog.observe([signed(1, display_name="https://rain?a")], now)
    news = catalog.observe([signed(1, display_name="https://rain?b")], now)
    assert news == News(changed=frozenset({7}))
    assert catalog.remote_tree().tracks[7].title == "https://rain?b"


def test_what_the_catalog_cannot_hold_is_not_new_each_time(
    catalog: Catalog, now: datetime, writes: Callable[[], bool]
) -> None:
    broken = job(1, display_name="a\ud800b", seed=2**70, raw='{"id":1,"x":"\\ud800"}')
    catalog.observe([broken], now)
    assert writes()
    assert catalog.observe([broken], now) == NOTHING
    assert not writes()


def test_a_look_at_one_job_among_many_writes_that_one(catalog: Catalog, now: datetime) -> None:
    catalog.observe([job(number) for number in range(1, 400)], now)
    looked = [job(number) for number in range(1, 400) if number != 7]
    assert catalog.observe([*looked, job(7, display_name="Rain")], now + HOUR).changed == {7}
    last = {number: seen(catalog, number)[1] for number in (6, 7, 8)}
    assert last == {6: stamp(now), 7: stamp(now + HOUR), 8: stamp(now)}


def test_the_jobs_in_flight_are_those_present_and_not_finished(
    catalog: Catalog, now: datetime
) -> None:
    begun = now - timedelta(minutes=1)
    catalog.observe([Job(id=4, status="PENDING")], now)
    sweep = catalog.begin_sweep(now)
    jobs = [
        Job(id=1, status="PENDING", created_at=begun),
        Job(id=2, status="PROCESSING"),
        Job(id=3, status="COMPLETED", created_at=begun),
        Job(id=5, status="UNKNOWN", created_at=begun),
    ]
    catalog.observe(jobs, now, sweep=sweep)
    catalog.finish_sweep(sweep, now, complete=True, total=4, seen=4)
    assert catalog.in_flight() == {1: ("PENDING", begun), 2: ("PROCESSING", None)}
