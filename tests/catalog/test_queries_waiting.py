"""What is pending, what is held and what was done, as the command line shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from syncd.catalog import queries
from syncd.catalog.outcomes import Done
from syncd.catalog.queries import HistoryEntry, HoldEntry, PendingEntry
from syncd.catalog.store import Catalog
from syncd.core.baseline import Placed, State
from syncd.core.operations import Hold, Plan
from syncd.core.policy import Now

from .looking import HOUR, NOT_UTF8, both, job, missed, put
from .situations import LENIENT, Bench, deleted_here

# --- pending deletions ---


@pytest.fixture
def missing(library: Catalog, now: datetime) -> Catalog:
    """Tracks 7 and 8; the file of 7 was missed by two scans, that of 8 by one."""
    library.observe([job(7, display_name="Rain"), job(8, display_name="Snow")], now)
    library.scans.note(missed(7), both(now))
    library.scans.note(missed(7, 8), Now(now + HOUR, now + HOUR))
    return library


def test_a_pending_deletion_is_shown_with_its_evidence(missing: Catalog, now: datetime) -> None:
    assert queries.pending(missing) == [
        PendingEntry(
            job_id=7,
            display_name="Rain",
            path="a.flac",
            first_at=now,
            last_at=now + HOUR,
            scans=2,
            seen_at=now - HOUR,
            armed_at=now,
            armed_server=now,
            evidence=(
                "last seen 2026-04-01 11:00:00 UTC",
                "missed by scan 1 at 2026-04-01 12:00:00 UTC",
                "missed by scan 2 at 2026-04-01 13:00:00 UTC",
            ),
        )
    ]


def test_the_evidence_is_what_the_plan_says(bench: Bench) -> None:
    bench.place(8, "A/Snow.flac", title="Snow", stem="Snow")
    bench.place(9, "A/Hail.flac", title="Hail", stem="Hail")
    deleted_here(bench)
    (planned,) = bench.plan(LENIENT).pending
    (shown,) = queries.pending(bench.catalog)
    assert shown.evidence == planned.evidence
    assert planned.until == shown.armed_at + timedelta(seconds=LENIENT.deletion_grace)


def test_a_file_that_no_scan_ever_saw_says_so(
    catalog: Catalog, placed: Callable[[str], Placed], now: datetime
) -> None:
    put(catalog, replace(placed(NOT_UTF8), placed_at=None), None, now)
    for hours in range(2):
        catalog.scans.note(missed(7), Now(now + hours * HOUR))
    (found,) = queries.pending(catalog)
    assert (found.display_name, found.path, found.armed_server) == (None, NOT_UTF8, None)
    assert found.evidence[0] == "last seen never by this catalog"


def test_what_was_missed_for_the_longest_time_comes_first(missing: Catalog, now: datetime) -> None:
    missing.scans.note(missed(7, 8), both(now + 2 * HOUR))
    assert [one.job_id for one in queries.pending(missing)] == [7, 8]
    for hours in range(3, 6):
        again = missed(8) if hours == 3 else missed(7, 8)
        missing.scans.note(again, both(now + hours * HOUR))
    assert [one.job_id for one in queries.pending(missing)] == [8, 7]


@pytest.mark.parametrize(
    ("state", "is_pending"), [(state, state is State.PLACED) for state in State]
)
def test_only_a_placed_track_has_a_deletion_to_wait_for(
    missing: Catalog, state: State, is_pending: bool
) -> None:
    missing.outcomes.commit(7, state)
    assert bool(queries.pending(missing)) is is_pending


def test_a_job_that_is_gone_is_not_to_be_deleted(missing: Catalog, now: datetime) -> None:
    missing.finish_sweep(missing.begin_sweep(now), now, complete=True, total=0, seen=0)
    assert queries.pending(missing) == []


def test_a_pending_deletion_that_is_held_or_released_is_still_shown(
    missing: Catalog, now: datetime
) -> None:
    before = queries.pending(missing)
    missing.holds.approve_pending(7, now)
    assert queries.pending(missing) == before


def test_two_scans_right_after_each_other_agree_on_nothing(missing: Catalog, now: datetime) -> None:
    hour = HOUR.total_seconds()
    for apart in (0.0, hour):
        assert [one.job_id for one in queries.pending(missing, apart=apart)] == [7]
        assert [one.job_id for one in queries.missed(missing, apart=apart)] == [8]
    assert queries.pending(missing, apart=hour + 1) == []
    assert [one.job_id for one in queries.missed(missing, apart=hour + 1)] == [7, 8]


# --- holds ---


def test_what_is_held_is_shown_with_its_name_those_of_no_batch_first(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([job(7, display_name="Rain")], now)
    batched = Hold(
        job_id=7,
        path=NOT_UTF8,
        reason="too many",
        held="delete-remote",
        batched=True,
        evidence=("last seen today", "missed twice"),
    )
    single = Hold(job_id=8, path="b.flac", reason="no id any more")
    catalog.holds.keep(Plan((batched, single)), now)
    catalog.holds.approve([held for held in catalog.holds.all() if held.job_id == 7])
    assert queries.holds(catalog) == [
        HoldEntry(
            job_id=8,
            display_name=None,
            verb="identify",
            path="b.flac",
            reason="no id any more",
            since=now,
            batch=None,
            approved=False,
            refused=False,
            evidence=(),
        ),
        HoldEntry(
            job_id=7,
            display_name="Rain",
            verb="delete-remote",
            path=NOT_UTF8,
            reason="too many",
            since=now,
            batch=1,
            approved=True,
            refused=False,
            evidence=("last seen today", "missed twice"),
        ),
    ]


def test_where_nothing_waits_nothing_is_shown(library: Catalog) -> None:
    assert queries.holds(library) == []
    assert queries.pending(library) == []


# --- history ---


@pytest.fixture
def told(catalog: Catalog, now: datetime) -> Catalog:
    """Sixty operations, on jobs 7 and 8 by turns; 7 is a job with a name."""
    catalog.observe([job(7, display_name="Rain")], now)
    for turn in range(60):
        catalog.journal.start(
            cycle="c", job_id=7 + turn % 2, verb=f"v{turn}", path=None, reason="r", now=now
        )
    return catalog


@pytest.mark.parametrize(
    ("job_id", "limit", "verbs"),
    [
        (None, 50, range(10, 60)),
        (None, 2, range(58, 60)),
        (None, None, range(60)),
        (None, 0, range(0)),
        (7, 50, range(0, 60, 2)),
        (8, 2, range(57, 60, 2)),
        (9, 50, range(0)),
    ],
)
def test_the_history_is_told_with_the_newest_last(
    told: Catalog, job_id: int | None, limit: int | None, verbs: range
) -> None:
    found = queries.history(told, job_id, limit)
    assert [one.verb for one in found] == [f"v{turn}" for turn in verbs]
    assert {one.display_name for one in found if one.job_id == 7} <= {"Rain"}
    assert {one.display_name for one in found if one.job_id == 8} <= {None}


def test_the_history_is_of_all_jobs_and_fifty_entries_unless_asked_otherwise(told: Catalog) -> None:
    assert queries.history(told) == queries.history(told, None, 50)


def test_an_entry_of_the_history_tells_all_of_an_operation(catalog: Catalog, now: datetime) -> None:
    entry = catalog.journal.start(
        cycle="c",
        job_id=7,
        verb="rename-remote",
        path=NOT_UTF8,
        reason="renamed in the folder",
        now=now,
        before="Rain",
        after="Snow",
        evidence=("a", "b"),
    )
    told = HistoryEntry(
        id=entry,
        cycle="c",
        job_id=7,
        display_name=None,
        verb="rename-remote",
        path=NOT_UTF8,
        reason="renamed in the folder",
        started_at=now,
        finished_at=None,
        outcome=None,
        detail=None,
        before="Rain",
        after="Snow",
        evidence=("a", "b"),
    )
    assert queries.history(catalog) == [told]
    done = Done(job_id=7, verb="rename-remote", state=State.PLACED)
    catalog.outcomes.record(done, entry=entry, now=Now(now + HOUR), after="Snow.")
    assert queries.history(catalog) == [
        replace(told, finished_at=now + HOUR, outcome="done", after="Snow.")
    ]
