"""The guard: what the holds say, what they count for, and what they leave alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.core.baseline import Baseline, Held, State
from syncd.core.operations import Hold, Plan, RetryRemote, Wait
from syncd.core.safety import guard

from .test_safety_budgets import DELETE, TRASH, due, library, path, pending, verbs
from .trees import (
    POLICY,
    Row,
    decided,
    folder,
    guarded,
    held,
    job,
    known,
    missing,
    planned,
    restore,
)

CAUTIOUS = replace(POLICY, cautious=True)
BOUND_ANEW = "catalog and folder were bound anew, so nothing follows from that unasked"
AGAIN = RetryRemote(job_id=7, reason="the job failed, and is made again (try 1 of 3)")


@pytest.mark.parametrize(
    "hold",
    [held(AGAIN.verb), held(AGAIN.verb, batch=None, refused=True)],
    ids=["held in a batch", "refused by the service"],
)
def test_what_concerns_no_file_is_held_like_the_rest(hold: Held) -> None:
    baseline = Baseline({}, {(7, AGAIN.verb): hold})
    assert guard(Plan((AGAIN,)), folder(), baseline, POLICY).operations == (
        Hold(
            job_id=7,
            path="",
            held=AGAIN.verb,
            batched=not hold.refused,
            refused=hold.refused,
            reason="too many",
            evidence=(AGAIN.reason,),
        ),
    )


# --- while a catalog is bound anew ---


def test_while_a_catalog_is_bound_anew_no_failed_job_is_made_again() -> None:
    found = guard(Plan((AGAIN,)), folder(), Baseline({}), CAUTIOUS)
    assert decided(found) == [Wait(job_id=7, reason=f"{AGAIN.reason}; {BOUND_ANEW}")]


def test_while_a_catalog_is_bound_anew_what_was_pending_is_held_because_its_file_is_gone() -> None:
    (hold,) = guarded(library(pending([1]), policy=CAUTIOUS)).holds
    assert (hold.held, hold.reason) == (DELETE, f"its file is gone; {BOUND_ANEW}")


# --- what may have been left behind, where the root is another one ---


def left_behind(row: Row) -> Plan:
    baseline = replace(row.known, left_behind=frozenset({7}))
    return guard(planned(row), row.local, baseline, row.policy)


def test_what_may_have_been_left_behind_is_deleted_once_that_is_approved() -> None:
    row = library(due([7]), holds=[held(DELETE, 7, approved=True)])
    assert verbs(left_behind(row)) == {DELETE: 1}


def test_what_may_have_been_left_behind_is_fetched_again_unasked() -> None:
    policy = replace(POLICY, deletions="restore")
    assert decided(left_behind(Row("", [job()], folder(), [missing()], policy))) == [restore()]


def test_what_may_have_been_left_behind_counts_for_the_budget_of_the_rest() -> None:
    assert verbs(left_behind(library(due(range(1, 11))))) == {DELETE: 9, f"!{DELETE}": 1}
    assert verbs(left_behind(library(due(range(1, 12))))) == {f"!{DELETE}": 11}


# --- sums ---


def test_what_is_held_of_another_kind_does_not_count() -> None:
    policy = replace(POLICY, template="{title}.{ext}")
    found = guarded(library(due([1]), policy=policy))
    assert verbs(found) == {"!move-local": 99, DELETE: 1}


def test_what_is_pending_stays_so_while_too_many_files_would_go_to_the_trash() -> None:
    row = library(pending(range(1, 9)), absent=range(20, 31))
    assert verbs(guarded(row)) == {f"!{TRASH}": 11, "pending": 8}


def test_a_hold_says_that_even_one_is_more_than_a_budget_of_nothing() -> None:
    policy = replace(POLICY, rename_budget=0)
    (hold,) = guarded(library([], renamed=[1], policy=policy)).holds
    reason = "1 rename in the account within a day is more than the budget of 0"
    assert (hold.path, hold.reason) == (path(1, "new 1"), reason)


def test_a_hold_says_how_many_deletions_went_before_within_the_day() -> None:
    gone = [known(n, path(n), State.GONE, number=n) for n in range(91, 96)]
    done = {DELETE: frozenset(range(91, 96))}
    hold, *_ = guarded(library([*due(range(1, 7)), *gone], absent=done[DELETE], spent=done)).holds
    assert hold.reason == (
        "6 deletions in the account now and 5 within the last day are more than the budget of 10"
    )
