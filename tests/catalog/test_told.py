"""What a catalog of an earlier version lacks is worked out from what it has."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from syncd.catalog.store import Catalog
from syncd.core.baseline import Placed
from syncd.core.model import Job, Origin
from syncd.core.tagging import PLAIN, desired_fields, told

from .looking import put

SONG = Job(
    id=7,
    status="COMPLETED",
    genre=("Folk",),
    keyscale="F# minor",
    lyrics="la",
    prompt="slow",
    bpm=92.0,
)


@pytest.fixture
def earlier(
    catalog: Catalog, path: Path, now: datetime, placed: Callable[[str], Placed]
) -> Callable[[Job, dict[str, tuple[str, ...]]], str | None]:
    """Places a job's file with these tags in a catalog that knew of neither column; what is
    recorded when it is filled in."""

    def fill_in(job: Job, tags: dict[str, tuple[str, ...]]) -> str | None:
        catalog.observe([job], now)
        put(catalog, replace(placed("a.flac"), tags=tags), None, now, job_id=7)
        with sqlite3.connect(path) as raw:
            raw.execute("UPDATE job SET gist = NULL")
            raw.execute("UPDATE baseline SET told = NULL")
            raw.execute("INSERT INTO meta VALUES ('untold', '1')")
        catalog.outcomes.fill_in_told()
        found = catalog.baseline_of(7)
        assert found is not None
        assert found.placed is not None
        assert catalog.remote_tree().tracks == {7: job.track()}
        return found.placed.told

    return fill_in


def tags_of(job: Job, **others: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """As an earlier version wrote them, under settings of then."""
    desired = desired_fields(
        job,
        origin=Origin("https://api.audiopod.ai"),
        title="A name of then",
        artist="Somebody",
        album="Some album",
        number=3,
        style=PLAIN,
    )
    del desired["comment"]
    return {**desired, "duration": ("1.0",), "cover": ("0f",), **others}


def test_tags_that_say_what_the_job_says_are_recorded_so(
    earlier: Callable[..., str | None],
) -> None:
    assert earlier(SONG, tags_of(SONG)) == told(SONG.track())


@pytest.mark.parametrize(
    "tags",
    [
        tags_of(SONG, genre=("Jazz",)),
        tags_of(replace(SONG, genre=())),
        tags_of(SONG, emotion=("calm",)),
        {},
    ],
    ids=["another genre", "no genre yet", "a mood that it lacks", "none"],
)
def test_other_tags_are_equal_to_nothing(
    earlier: Callable[..., str | None], tags: dict[str, tuple[str, ...]]
) -> None:
    assert earlier(SONG, tags) == ""


def test_it_is_done_once(earlier: Callable[..., str | None], catalog: Catalog, path: Path) -> None:
    earlier(SONG, {})
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE baseline SET told = NULL")
    catalog.outcomes.fill_in_told()
    known = catalog.baseline_of(7)
    assert known is not None
    assert known.placed is not None
    assert known.placed.told is None
