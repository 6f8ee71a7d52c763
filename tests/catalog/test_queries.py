"""What the catalog answers without a network."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta

import pytest

from syncd.catalog import queries
from syncd.catalog.queries import Entry, Listing
from syncd.catalog.store import Catalog
from syncd.core.baseline import Placed, State
from syncd.core.model import Job, LocalFile
from syncd.core.operations import Hold, Plan

from .looking import HOUR, NOT_UTF8, both, missed, put


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
    put(catalog, placed("a/Rain.flac"), local_file("a/Rain.flac"), now, job_id=1)
    catalog.outcomes.fail(2, "no answer", attempts=1, next_try_at=now)
    return catalog


def test_what_is_to_come_is_neither_failed_nor_gone_nor_decided_of(stocked: Catalog) -> None:
    # 1 is placed, 2 put off, 4 failed in the account and 5 gone.
    assert (queries.to_come(stocked), queries.states(stocked)) == (
        1,
        {State.PLACED: 1, State.UNAVAILABLE: 1},
    )


@pytest.mark.parametrize(
    ("listing", "ids"),
    [
        (Listing(), [4, 3, 2, 1]),
        (Listing(gone=True), [4, 5, 3, 2, 1]),
        (Listing(sort_order="asc"), [1, 2, 3, 4]),
        (Listing(sort_by="created_at", sort_order="asc"), [1, 2, 3, 4]),
        (Listing(sort_by="display_name", sort_order="asc"), [1, 3, 2, 4]),
        (Listing(sort_by="display_name"), [4, 2, 3, 1]),
        (Listing(sort_by="audio_duration"), [4, 3, 1, 2]),
        (Listing(sort_by="status", sort_order="asc"), [1, 2, 3, 4]),
        (Listing(sort_by="status"), [4, 3, 2, 1]),
        (Listing(limit=2), [4, 3]),
        (Listing(skip=2), [2, 1]),
        (Listing(skip=1, limit=2), [3, 2]),
        (Listing(limit=0), []),
        (Listing(skip=9), []),
        (Listing(status=("FAILED",)), [4]),
        (Listing(status=("failed",)), [4]),
        (Listing(status=("NONE",)), []),
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
        ("", [3, 2, 1]),
        ("nothing", []),
        ("'; DROP TABLE job; --", []),
    ],
)
def test_a_search_takes_every_character_as_it_is(
    stocked: Catalog, search: str, ids: list[int]
) -> None:
    found = [entry.id for entry in queries.jobs(stocked, Listing(search=search))]
    # A job without name, prompt and lyrics holds no text, not even an empty one.
    assert found == ids


def test_an_entry_joins_what_the_service_said_and_what_is_here(
    stocked: Catalog, now: datetime
) -> None:
    here, put_off = entry(stocked, 1), entry(stocked, 2)
    assert (here.path, here.state, here.reason, here.absent_since) == (
        "a/Rain.flac",
        "placed",
        None,
        None,
    )
    assert (put_off.path, put_off.state, put_off.reason) == (None, "unavailable", "no answer")
    assert entry(stocked, 5).absent_since == now


def test_what_is_not_there(stocked: Catalog) -> None:
    assert queries.job(stocked, 99) is None
    assert (queries.count(stocked), queries.count(stocked, gone=True)) == (4, 5)


def entry(catalog: Catalog, job_id: int) -> Entry:
    found = queries.job(catalog, job_id)
    assert found is not None
    return found


@pytest.mark.parametrize("state", State)
def test_a_path_is_where_a_file_stands_or_should(
    stocked: Catalog, placed: Callable[[str], Placed], now: datetime, state: State
) -> None:
    put(stocked, placed(NOT_UTF8), None, now, job_id=3)
    stocked.outcomes.commit(3, state)
    with_file = (State.PLACED, State.DETACHED, State.TRASHING)
    assert entry(stocked, 3).path == (NOT_UTF8 if state in with_file else None)


def hold(job_id: int, verb: str, reason: str) -> Hold:
    return Hold(job_id=job_id, path="a", reason=reason, held=verb, batched=True)


def test_an_entry_says_why_it_is_held_until_it_is_released(stocked: Catalog, now: datetime) -> None:
    held = [
        hold(1, "rename-remote", "too many names"),
        hold(1, "delete-remote", "too many deletions"),
        hold(2, "download", "asked first"),
        hold(99, "download", "of no job that is listed"),
    ]
    stocked.holds.keep(Plan(tuple(held)), now)
    reasons = {one.id: one.held for one in queries.jobs(stocked, Listing(gone=True))}
    assert reasons == {
        1: "too many deletions",
        2: "asked first",
        3: None,
        4: None,
        5: None,
    }
    stocked.holds.approve([one for one in stocked.holds.all() if one.verb == "delete-remote"])
    assert entry(stocked, 1).held == "too many names"
    stocked.holds.approve(stocked.holds.all())
    assert entry(stocked, 1).held is None


def test_a_file_is_missing_since_the_first_of_two_scans_that_agree(
    stocked: Catalog, now: datetime
) -> None:
    assert entry(stocked, 1).missing_since is None
    stocked.scans.note(missed(1), both(now))
    assert entry(stocked, 1).missing_since is None
    stocked.scans.note(missed(1), both(now + HOUR))
    assert entry(stocked, 1).missing_since == now
    assert (entry(stocked, 1).path, entry(stocked, 1).state) == ("a/Rain.flac", "placed")
    assert entry(stocked, 2).missing_since is None
    stocked.scans.note(missed(), both(now + 2 * HOUR))
    assert entry(stocked, 1).missing_since is None


def test_what_is_held_and_missing_is_listed_once_in_its_place(
    stocked: Catalog, now: datetime
) -> None:
    for hours in range(2):
        stocked.scans.note(missed(1), both(now + hours * HOUR))
    verbs = ("delete-remote", "redownload", "restore")
    stocked.holds.keep(Plan(tuple(hold(1, verb, verb) for verb in verbs)), now)
    assert [one.id for one in queries.jobs(stocked, Listing())] == [4, 3, 2, 1]
    assert [one.id for one in queries.jobs(stocked, Listing(skip=3, limit=1))] == [1]


def test_a_stream_that_is_left_early_leaves_the_catalog_usable(stocked: Catalog) -> None:
    with closing(queries.stream(stocked, Listing())) as entries:
        assert next(entries).id == 4
    assert (queries.count(stocked), queries.count(stocked, gone=True)) == (4, 5)
