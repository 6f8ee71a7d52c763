"""What was approved is planned, until it was carried out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from syncd.core.evidence import Sighting
from syncd.core.operations import Plan, Retag, Wait
from syncd.core.policy import Now

from .situations import (
    CAUTIOUS,
    LENIENT,
    ROWS,
    Bench,
    Row,
    deleted_here,
    job,
    renamed_here_to_no_text,
    renamed_on_both_sides,
    swapped_by_the_template,
    swapped_there,
)

NOT_APPROVABLE = (
    renamed_on_both_sides,  # it is settled by a name
    renamed_here_to_no_text,  # there is nothing that could be sent
    swapped_there,  # one of the two makes way first
    swapped_by_the_template,
)


@pytest.mark.parametrize(
    "row",
    [row for row in ROWS if row.situation not in NOT_APPROVABLE],
    ids=lambda row: f"{row.verb}: {row.situation.__name__}",
)
def test_what_was_approved_is_planned(bench: Bench, row: Row) -> None:
    row.situation(bench)
    bench.catalog.holds.keep(bench.plan(row.policy), bench.now)
    bench.catalog.holds.approve(bench.catalog.holds.all())
    planned = bench.plan(row.policy)
    assert (7, row.verb) in [(op.job_id, op.verb) for op in planned]
    assert not planned.holds
    bench.catalog.holds.keep(planned, bench.now)
    assert bench.plan(row.policy) == planned, "an approval lasts until it was carried out"


def test_a_pending_deletion_that_was_approved_is_due_at_once(bench: Bench) -> None:
    bench.place(8, "A/Snow.flac")
    bench.place(9, "A/Hail.flac")
    deleted_here(bench)
    bench.account(job(), job(8, "Rain"), job(9, "Rain"))
    assert [one.job_id for one in bench.plan(LENIENT).pending] == [7]
    bench.catalog.holds.approve_pending(7, bench.now)
    planned = bench.plan(LENIENT)
    assert (7, "delete-remote") in [(op.job_id, op.verb) for op in planned]
    assert planned.pending == ()


@pytest.mark.parametrize("approved", [False, True], ids=["held", "approved"])
def test_what_was_asked_about_a_deletion_ends_when_its_file_is_seen(
    bench: Bench, approved: bool
) -> None:
    deleted_here(bench)
    bench.catalog.holds.approve_pending(7, bench.now)
    if not approved:
        bench.catalog.holds.take_back_approvals()
        bench.catalog.holds.hold_again([(7, "delete-remote")], "its catalog is old", bench.now)
    waits = Plan((), waits=(Wait(job_id=7, reason="the job is PROCESSING"),))
    bench.catalog.holds.keep(waits, bench.now)
    assert [held.approved for held in bench.catalog.holds.all()] == [approved]
    bench.catalog.scans.note(Sighting(frozenset(), frozenset()), Now(bench.now))
    # Whatever is planned for it meanwhile, and leaves open what else was asked.
    for plan in (waits, Plan((Retag(job_id=7, path="A/Rain.flac", reason="liked"),))):
        bench.catalog.holds.keep(plan, bench.now)
        assert bench.catalog.holds.all() == []


def test_what_was_asked_about_a_deletion_stays_where_nobody_could_look(bench: Bench) -> None:
    # As after a catalog was bound anew: no scan of this one has missed the file yet.
    bench.catalog.holds.hold_again([(7, "delete-remote")], "its catalog is old", bench.now)
    bench.catalog.scans.note(Sighting(frozenset(), frozenset({7})), Now(bench.now))
    wait = Wait(job_id=7, reason="a.flac could not be read", unseen="a.flac")
    bench.catalog.holds.keep(Plan((), waits=(wait,)), bench.now)
    assert [held.job_id for held in bench.catalog.holds.all()] == [7]


@pytest.mark.parametrize("situation", [swapped_there, swapped_by_the_template])
def test_an_approved_swap_stays_approved_while_one_file_makes_way(
    bench: Bench, situation: Callable[[Bench], None]
) -> None:
    situation(bench)
    bench.catalog.holds.keep(bench.plan(CAUTIOUS), bench.now)
    bench.catalog.holds.approve(bench.catalog.holds.all())
    planned = bench.plan(CAUTIOUS)
    assert next((op.job_id, op.verb) for op in planned) == (7, "make-way")
    assert not planned.holds
    bench.catalog.holds.keep(planned, bench.now)
    assert [(held.job_id, held.approved) for held in bench.catalog.holds.all()] == [
        (7, True),
        (8, True),
    ]


def test_what_is_written_together_is_written_all_or_not_at_all(bench: Bench) -> None:
    catalog = bench.catalog

    def decide(outcome: str) -> None:
        with catalog.together():
            entry = catalog.journal.start(
                cycle="c", job_id=7, verb="approve", path=None, reason="", now=bench.now
            )
            catalog.holds.approve_pending(7, bench.now)
            if outcome == "stopped":
                raise InterruptedError
            catalog.journal.finish(entry, bench.now, outcome=outcome)

    with pytest.raises(InterruptedError):
        decide("stopped")
    assert (catalog.holds.all(), catalog.journal.entries(7)) == ([], [])
    decide("done")
    assert [held.job_id for held in catalog.holds.all()] == [7]
    assert [row["outcome"] for row in catalog.journal.entries(7)] == ["done"]
