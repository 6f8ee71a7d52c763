"""What the catalog answers without a network."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import fields
from datetime import UTC, datetime, timedelta

import pytest

from syncd.catalog import queries
from syncd.catalog.queries import Listing
from syncd.catalog.store import Catalog
from syncd.core.model import Job, LocalFile, Placed
from syncd.remote.schema import parse_job


@pytest.fixture
def stocked(
    catalog: Catalog,
    now: datetime,
    placed: Callable[[str], Placed],
    local_file: Callable[..., LocalFile],
) -> Catalog:
    """Five jobs: 1 placed, 2 put off, 3 as old as 2, 4 without anything, 5 gone."""

    def job(job_id: int, name: str | None, days: int | None, **fields: object) -> Job:
        made = None if days is None else now - timedelta(days=days)
        values = {"status": "COMPLETED", "raw": f'{{"id":{job_id}}}', **fields}
        return Job(id=job_id, display_name=name, created_at=made, **values)  # type: ignore[arg-type]

    sweep = catalog.begin_sweep(now)
    catalog.observe([job(5, "Gone", 1)], now)
    catalog.observe(
        [
            job(1, "100% Rain", 5, audio_duration=60.0),
            job(2, "snow_fall", 3, prompt="Ein Lied über ÄPFEL", audio_duration=30.0),
            job(3, "Back\\slash", 3, lyrics="Идёт дождь", audio_duration=90.0),
            job(4, None, None, status="FAILED"),
        ],
        now,
        sweep=sweep,
    )
    catalog.finish_sweep(sweep, now, complete=True, total=4, seen=4)
    catalog.record_placed(1, placed("a/Rain.flac"), local_file("a/Rain.flac"), entry=0, now=now)
    catalog.record_failure(2, "no answer", attempts=1, next_try_at=now)
    return catalog


@pytest.mark.parametrize(
    ("listing", "ids"),
    [
        (Listing(), [5, 3, 2, 1, 4]),
        (Listing(sort_order="asc"), [4, 1, 2, 3, 5]),
        (Listing(sort_by="display_name", sort_order="asc"), [4, 1, 3, 5, 2]),
        (Listing(sort_by="display_name"), [2, 5, 3, 1, 4]),
        (Listing(sort_by="audio_duration"), [3, 1, 2, 5, 4]),
        (Listing(sort_by="status", sort_order="asc"), [1, 2, 3, 5, 4]),
        (Listing(sort_by="status"), [4, 5, 3, 2, 1]),
        (Listing(limit=2), [5, 3]),
        (Listing(skip=2), [2, 1, 4]),
        (Listing(skip=1, limit=2), [3, 2]),
        (Listing(limit=0), []),
        (Listing(skip=9), []),
        (Listing(status="FAILED"), [4]),
        (Listing(status="failed"), [4]),
        (Listing(status="NONE"), []),
    ],
)
def test_the_order_and_choice_of(stocked: Catalog, listing: Listing, ids: list[int]) -> None:
    assert [entry.id for entry in queries.jobs(stocked, listing)] == ids


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("rain", [1]),
        ("RAIN", [1]),
        ("%", [1]),
        ("0% r", [1]),
        ("_", [2]),
        ("w_f", [2]),
        ("\\", [3]),
        ("k\\s", [3]),
        ("äpfel", [2]),
        ("ДОЖДЬ", [3]),
        ("", [5, 3, 2, 1, 4]),
        ("nothing", []),
        ("'; DROP TABLE job; --", []),
    ],
)
def test_a_search_takes_every_character_as_it_is(
    stocked: Catalog, search: str, ids: list[int]
) -> None:
    found = [entry.id for entry in queries.jobs(stocked, Listing(search=search))]
    # A job without name, prompt and lyrics holds no text, not even an empty one.
    assert found == [one for one in ids if search or one != 4]


def test_an_entry_joins_what_the_service_said_and_what_is_here(
    stocked: Catalog, now: datetime
) -> None:
    entry = queries.job(stocked, 1)
    assert entry is not None
    assert (entry.path, entry.state, entry.reason, entry.absent_since) == (
        "a/Rain.flac",
        "placed",
        None,
        None,
    )
    put_off = queries.job(stocked, 2)
    assert put_off is not None
    assert (put_off.path, put_off.state, put_off.reason) == (None, "unavailable", "no answer")
    gone = queries.job(stocked, 5)
    assert gone is not None
    assert gone.absent_since == now


def test_what_is_not_there(stocked: Catalog) -> None:
    assert queries.job(stocked, 99) is None
    assert queries.count(stocked) == 5


FIELDS = {field.name for field in fields(Job)} - {"raw"}


def shown(catalog: Catalog, now: datetime, said: dict[str, object]) -> dict[str, object]:
    """The job object of an entry, after the service said this of a job."""
    job = parse_job(said)
    catalog.observe([job], now)
    entry = queries.job(catalog, job.id)
    assert entry is not None
    return dict(entry.job)


def test_a_field_that_the_service_left_out_is_there_and_null(
    catalog: Catalog, now: datetime
) -> None:
    job = shown(catalog, now, {"id": 7})
    assert job == {**dict.fromkeys(FIELDS), "id": 7, "status": "UNKNOWN"}


def test_whatever_the_service_spells_otherwise_reads_alike(catalog: Catalog, now: datetime) -> None:
    job = shown(
        catalog,
        now,
        {
            "id": "7",
            "status": "completed",
            "created_at": "2026-03-01T14:00:00+02:00",
            "completed_at": "2026-03-01T12:01:00",
            "audio_duration": -1,
            "bpm": "120",
            "actual_seeds": ["3", 4],
            "caption": "slow",
            "genres": ["lo-fi"],
            "emotion": "calm",
            "user_id": 42,
            "progress": 100,
            "quality_score": 0.5,
        },
    )
    assert type(job["id"]) is int
    assert {name: value for name, value in job.items() if value is not None} == {
        "id": 7,
        "status": "COMPLETED",
        "created_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        "completed_at": datetime(2026, 3, 1, 12, 1, tzinfo=UTC),
        "bpm": 120,
        "actual_seeds": [3, 4],
        "prompt": "slow",
        "genre": ["lo-fi"],
        "emotion": ["calm"],
        "user_id": 42,
        "progress": 100,
        "quality_score": 0.5,
        "caption": "slow",
        "genres": ["lo-fi"],
    }


def test_what_only_the_service_knows_is_kept(catalog: Catalog, now: datetime) -> None:
    said = {"id": 7, "mood_board": {"a": [1]}, "output_urls": {}, "actual_seeds": [], "liked": None}
    job = shown(catalog, now, {**said, "user_id": "42"})
    assert {name: job[name] for name in said} == said
    assert job["user_id"] == "42"


def test_a_stream_that_is_left_early_leaves_the_catalog_usable(stocked: Catalog) -> None:
    with closing(queries.stream(stocked, Listing())) as entries:
        assert next(entries).id == 5
    assert queries.count(stocked) == 5
