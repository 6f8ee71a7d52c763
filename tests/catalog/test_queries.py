"""What the catalog answers without a network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from syncd.catalog import queries
from syncd.catalog.queries import Listing
from syncd.catalog.store import Catalog
from syncd.core.model import Job, LocalFile, Placed


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


def test_an_entry_joins_what_the_service_said_and_what_is_here(stocked: Catalog) -> None:
    entry = queries.job(stocked, 1)
    assert entry is not None
    assert (entry.path, entry.state, entry.reason, entry.absent) == (
        "a/Rain.flac",
        "placed",
        None,
        False,
    )
    assert entry.job == {"id": 1}
    put_off = queries.job(stocked, 2)
    assert put_off is not None
    assert (put_off.path, put_off.state, put_off.reason) == (None, "unavailable", "no answer")
    gone = queries.job(stocked, 5)
    assert gone is not None
    assert gone.absent


def test_what_is_not_there(stocked: Catalog) -> None:
    assert queries.job(stocked, 99) is None
    assert queries.count(stocked) == 5
