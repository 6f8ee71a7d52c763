"""What waits for the user, read from the catalog."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from syncd.actions.waiting import waiting
from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import Placed, State
from syncd.core.evidence import Sighting
from syncd.core.model import FileStat, Job, Origin
from syncd.core.operations import Hold, Plan
from syncd.core.policy import Now, Policy

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
POLICY = Policy(origin=Origin("https://a"), deletion_grace=3600)


def place(catalog: Catalog, job_id: int) -> None:
    catalog.observe([Job(id=job_id, status="COMPLETED", display_name=f"Song {job_id}")], NOW)
    placed = Placed(
        path=f"{job_id}.flac",
        title=f"Song {job_id}",
        stem=str(job_id),
        template="{title}.{ext}",
        format="flac",
        audio="",
        etag=None,
        sha256="",
        stat=FileStat(1, 2, 3, 4),
    )
    done = Done(job_id=job_id, verb="download", state=State.PLACED, placed=placed)
    catalog.outcomes.record(done, entry=0, now=Now(NOW))


def miss(catalog: Catalog, *job_ids: int, server: bool = True) -> None:
    """Two scans, a minute apart, that did not find these."""
    for minute in (1, 2):
        when = NOW + timedelta(minutes=minute)
        sighting = Sighting(frozenset(job_ids), frozenset())
        catalog.scans.note(sighting, Now(when, when if server else None))


def hold(job_id: int, verb: str, *, batched: bool = True, refused: bool = False) -> Hold:
    return Hold(
        job_id=job_id,
        path=f"{job_id}.flac",
        reason="a reason",
        held=verb,
        batched=batched,
        refused=refused,
    )


def rename(catalog: Catalog, job_id: int, when: datetime, outcome: str = "done") -> None:
    entry = catalog.journal.start(
        cycle="c",
        job_id=job_id,
        verb="rename-remote",
        path=None,
        reason="",
        now=when,
    )
    catalog.journal.finish(entry, when, outcome=outcome)


def test_a_pending_deletion_is_due_when_its_grace_is_over(catalog: Catalog) -> None:
    place(catalog, 1)
    miss(catalog, 1)
    (one,) = waiting(catalog, POLICY).deletions
    assert one.until == one.entry.armed_at + timedelta(hours=1)
    assert not one.approved


def test_without_the_services_time_nothing_says_when_it_is_due(catalog: Catalog) -> None:
    place(catalog, 1)
    miss(catalog, 1, server=False)
    (one,) = waiting(catalog, POLICY).deletions
    assert one.until is None
    (one,) = waiting(catalog, replace(POLICY, deletion_grace=0)).deletions
    assert one.until == one.entry.armed_at


def test_renames_since_it_was_seen_are_shown_and_neither_failed_nor_earlier_ones(
    catalog: Catalog,
) -> None:
    place(catalog, 1)
    rename(catalog, 2, NOW - timedelta(days=1))
    miss(catalog, 1)
    rename(catalog, 3, NOW + timedelta(minutes=5))
    rename(catalog, 4, NOW + timedelta(minutes=6), outcome="failed")
    (one,) = waiting(catalog, POLICY).deletions
    assert [step.job_id for step in one.meanwhile] == [3]


def test_also_where_the_history_since_is_long(catalog: Catalog) -> None:
    place(catalog, 1)
    miss(catalog, 1)
    for second in range(250):
        rename(catalog, 2, NOW + timedelta(minutes=5, seconds=second))
    (one,) = waiting(catalog, POLICY).deletions
    assert len(one.meanwhile) == 250


def test_what_is_held_beside_its_absence_stands_once(catalog: Catalog) -> None:
    for job_id in (1, 2):
        place(catalog, job_id)
    miss(catalog, 1, 2)
    catalog.holds.keep(Plan((hold(1, "delete-remote"),)), NOW)
    found = waiting(catalog, POLICY)
    assert [one.entry.job_id for one in found.deletions] == [2]
    assert [(b.number, [h.job_id for h in b.holds]) for b in found.batches] == [(1, [1])]


def test_an_approved_one_is_shown_as_approved_and_nowhere_else(catalog: Catalog) -> None:
    place(catalog, 1)
    miss(catalog, 1)
    catalog.holds.approve_pending(1, NOW)
    found = waiting(catalog, POLICY)
    assert [one.approved for one in found.deletions] == [True]
    assert (found.batches, found.single) == ((), ())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"output_urls": {"flac": "https://m/1.flac"}}, None),
        ({"output_urls": {"mp3": "https://m/1.mp3"}}, "no longer offers flac"),
        ({"status": "FAILED"}, "the job is FAILED"),
    ],
)
def test_one_that_no_copy_can_be_kept_of_says_so(
    catalog: Catalog, change: dict[str, Any], why: str | None
) -> None:
    place(catalog, 1)
    catalog.observe([Job(**{"id": 1, "status": "COMPLETED", **change})], NOW)
    miss(catalog, 1)
    (one,) = waiting(catalog, POLICY).deletions
    assert (one.blocked is None) if why is None else why in str(one.blocked)


def test_what_the_last_scan_could_not_look_for_is_told(catalog: Catalog) -> None:
    place(catalog, 1)
    catalog.scans.note(Sighting(frozenset(), frozenset({1})), Now(NOW))
    assert waiting(catalog, POLICY).unseen == (1,)
    catalog.scans.note(Sighting(frozenset(), frozenset()), Now(NOW))
    assert waiting(catalog, POLICY).unseen == ()


def test_holds_are_told_by_batch_and_those_without_one_singly(catalog: Catalog) -> None:
    plan = Plan(
        (
            hold(1, "trash-local"),
            hold(2, "trash-local"),
            hold(3, "rename-remote"),
            hold(4, "identify", batched=False),
        )
    )
    catalog.holds.keep(plan, NOW)
    found = waiting(catalog, POLICY)
    assert [(b.verb, [h.job_id for h in b.holds]) for b in found.batches] == [
        ("trash-local", [1, 2]),
        ("rename-remote", [3]),
    ]
    assert [one.job_id for one in found.single] == [4]


@pytest.mark.parametrize("change", [{"direction": "down"}, {"deletions": "ignore"}])
def test_an_absence_is_no_pending_deletion_where_none_is_sent(
    catalog: Catalog, change: dict[str, str]
) -> None:
    place(catalog, 1)
    miss(catalog, 1)
    assert waiting(catalog, replace(POLICY, **change)).deletions == ()  # type: ignore[arg-type]
