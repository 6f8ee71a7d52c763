"""The job object of an entry: what the service said last, whichever way it spelled it."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime

from syncd.catalog import queries
from syncd.catalog.store import Catalog
from syncd.core.model import Job
from syncd.remote.schema import parse_job

FIELDS = {field.name for field in fields(Job)} - {"raw"}


def shown(catalog: Catalog, now: datetime, said: dict[str, object]) -> dict[str, object]:
    """The job object of an entry, after the service said this of a job."""
    job = parse_job(said)
    catalog.observe([job], now)
    found = queries.job(catalog, job.id)
    assert found is not None
    return dict(found.job)


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
