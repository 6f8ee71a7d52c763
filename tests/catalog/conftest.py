"""An open catalog in a folder of its own, and what it is filled with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.catalog.store import Binding, Catalog
from syncd.core.baseline import Placed
from syncd.core.model import FileStat, Identity, Job, LocalFile, Origin

from .looking import put
from .situations import HERE, Bench


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "catalog.sqlite3"


@pytest.fixture
def catalog(path: Path) -> Iterator[Catalog]:
    opened = Catalog.open(path)
    yield opened
    opened.close()


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 4, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def full_job() -> Job:
    return Job(
        id=7,
        status="COMPLETED",
        task="text2music",
        display_name="Дождь / Rain 🎧",
        progress=100.0,
        output_url="https://media.audiopod.ai/7.flac?sig=1",
        output_urls={"flac": "https://media.audiopod.ai/7.flac?sig=1"},
        audio_duration=61.5,
        created_at=datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC),
        completed_at=datetime(2026, 3, 1, 12, 1, tzinfo=UTC),
        user_id="42",
        actual_seeds=(2**70, 2),
        lrc_content="[00:01.00]la",
        quality_score=0.75,
        error_message="none",
        prompt="slow",
        lyrics="la\nla",
        vocal_language="en",
        bpm=92.5,
        keyscale="Am",
        timesignature="4/4",
        genre_preset="lofi",
        thumbnail_url="https://media.audiopod.ai/7.jpg",
        format="flac",
        model_version="v2",
        seed=11,
        genre=("lo-fi", "jazz"),
        emotion=("calm",),
        occasion=("study",),
        language="en",
        song_type="song",
        liked=True,
        raw='{"id":7}',
    )


@pytest.fixture
def local_file() -> Callable[..., LocalFile]:
    def make(path: str, job_id: int | None = 7, size: int = 2) -> LocalFile:
        identity = None if job_id is None else Identity(job_id, Origin("https://a", "42"))
        return LocalFile(path, FileStat(2**63 - 1, size, 3, 4), identity, since=1)

    return make


@pytest.fixture
def placed(now: datetime) -> Callable[[str], Placed]:
    def make(path: str) -> Placed:
        return Placed(
            path=path,
            title="Rain",
            stem="Rain",
            template="{title}.{ext}",
            format="flac",
            audio="media.audiopod.ai/7.flac",
            etag='"abc"',
            sha256="0" * 64,
            stat=FileStat(1, 2, 3, 4),
            tags={"title": ("Rain",), "genre": ("a", "b")},
            placed_at=now,
        )

    return make


@pytest.fixture
def library(catalog: Catalog, placed: Callable[[str], Placed], now: datetime) -> Catalog:
    """Tracks 7 and 8, placed an hour ago."""
    for job_id in (7, 8):
        put(
            catalog,
            replace(placed("a.flac"), placed_at=now - timedelta(hours=1)),
            None,
            now,
            job_id=job_id,
        )
    return catalog


@pytest.fixture
def bench(catalog: Catalog, now: datetime, placed: Callable[[str], Placed]) -> Bench:
    catalog.bind(Binding("f1c8", HERE.base_url, HERE.account, settled=True))
    return Bench(catalog, now, placed)
