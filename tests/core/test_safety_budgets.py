"""The guard on sums and kinds: budgets, batches, approvals, and a catalog that was just made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.core.baseline import Baseline, BaselineTrack, State
from syncd.core.model import LocalFile
from syncd.core.operations import Evict, Hold, Ignore, Operation, Plan
from syncd.core.policy import Policy
from syncd.core.safety import guard

from .trees import (
    ALBUM,
    POLICY,
    Row,
    decided,
    file,
    folder,
    guarded,
    held,
    job,
    known,
    missing,
    planned,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
DELETE, TRASH, REPLACE, SEND = "delete-remote", "trash-local", "redownload", "rename-remote"
PLENTY = 100
"""Placed files enough for no sum here to be half of them."""


def path(number: int, name: str = "") -> str:
    return f"{ALBUM}/{name or number}.flac"


def library(
    tracks: Iterable[BaselineTrack],
    *,
    size: int = PLENTY,
    absent: Iterable[int] = (),
    replaced: Iterable[int] = (),
    renamed: Iterable[int] = (),
    policy: Policy = POLICY,
    **fields: object,
) -> Row:
    """``tracks``, and others in step, up to ``size``; ``absent`` from the account, ``replaced`` in
    it, or ``renamed`` in the folder; their file stands in the folder unless they are missing."""
    changed = {track.job_id: track for track in tracks}
    numbers = range(1, size + 1)
    baseline = [changed.get(n) or known(n, path(n), number=n) for n in numbers]
    files: list[LocalFile] = [
        file(path(n, f"new {n}" if n in set(renamed) else ""), n)
        for n, track in zip(numbers, baseline, strict=True)
        if track.absence is None and track.state in (State.PLACED, State.TRASHING)
    ]
    jobs = [
        job(n, str(n), audio={"flac": "n/7.flac" if n in set(replaced) else "m/7.flac"})
        for n in numbers
        if n not in set(absent)
    ]
    row = Row("", jobs, folder(*files), baseline, policy)
    return replace(row, **fields)  # type: ignore[arg-type]


def due(numbers: Iterable[int]) -> list[BaselineTrack]:
    return [missing(n, path(n), DAY, number=n) for n in numbers]


def pending(numbers: Iterable[int]) -> list[BaselineTrack]:
    return [missing(n, path(n), HOUR, number=n) for n in numbers]


def verbs(found: Plan) -> dict[str, int]:
    """How many of each verb are let through, are held (``!verb``), or are pending."""
    counted: dict[str, int] = {}
    names = [f"!{op.held}" if isinstance(op, Hold) else op.verb for op in found]
    for name in [*names, *("pending" for _ in found.pending)]:
        counted[name] = counted.get(name, 0) + 1
    return counted


# --- deletions in the account ---


def test_ten_deletions_a_day_pass_and_eleven_are_held() -> None:
    assert verbs(guarded(library(due(range(1, 11))))) == {DELETE: 10}
    assert verbs(guarded(library(due(range(1, 12))))) == {f"!{DELETE}": 11}


def test_what_is_pending_counts_and_is_held_with_the_rest() -> None:
    tracks = [*due(range(1, 7)), *pending(range(7, 12))]
    found = guarded(library(tracks))
    assert verbs(found) == {f"!{DELETE}": 11}
    assert {hold.job_id for hold in found.holds if hold.batched} == set(range(1, 12))
    assert verbs(guarded(library(tracks[:-1]))) == {DELETE: 6, "pending": 4}


def test_what_was_pending_says_when_it_is_held_which_file_was_missed_and_when() -> None:
    row = library(pending(range(1, 12)))
    waiting = {one.job_id: one for one in planned(row).pending}
    for hold in (op for op in guarded(row) if isinstance(op, Hold)):
        assert hold.path == path(hold.job_id)
        assert hold.evidence == waiting[hold.job_id].evidence != ()


def test_what_is_pending_alone_is_held_long_before_it_is_due() -> None:
    assert verbs(guarded(library(pending(range(1, 12))))) == {f"!{DELETE}": 11}


def test_what_was_done_within_the_day_counts() -> None:
    done = {DELETE: frozenset(range(91, 96))}
    gone = [known(n, path(n), State.GONE, number=n) for n in range(91, 96)]
    five = library([*due(range(1, 6)), *gone], absent=range(91, 96), spent=done)
    six = library([*due(range(1, 7)), *gone], absent=range(91, 96), spent=done)
    assert verbs(guarded(five)) == {DELETE: 5}
    assert verbs(guarded(six)) == {f"!{DELETE}": 6}


def test_one_track_counts_once() -> None:
    done = {DELETE: frozenset(range(1, 6))}
    assert verbs(guarded(library(due(range(1, 11)), spent=done))) == {DELETE: 10}


def test_what_other_verbs_did_does_not_count() -> None:
    done = {TRASH: frozenset(range(50, 60)), SEND: frozenset(range(60, 80))}
    assert verbs(guarded(library(due([1]), spent=done))) == {DELETE: 1}


def test_renames_and_moves_are_no_deletions() -> None:
    row = library([], renamed=range(1, 31))
    assert verbs(guarded(row)) == {SEND: 30}
    moved = folder(*(file(f"mine/{n}.flac", n) for n in range(1, PLENTY + 1)))
    assert verbs(guarded(replace(row, local=moved))) == {"adopt": PLENTY}


def test_more_than_half_of_the_library_is_held_from_four_files_on() -> None:
    assert verbs(guarded(library(due([1, 2]), size=4))) == {DELETE: 2}
    assert verbs(guarded(library(due([1, 2, 3]), size=4))) == {f"!{DELETE}": 3}
    assert verbs(guarded(library(due([1, 2]), size=3))) == {DELETE: 2}
    (hold, *_) = guarded(library(due([1, 2, 3]), size=5)).holds
    assert hold.reason == "3 deletions in the account within a day are more than half of the " \
        "library (5 files)"  # fmt: skip


def test_the_half_is_of_what_stood_there_in_the_morning() -> None:
    done = {DELETE: frozenset({3, 4})}
    gone = [known(n, path(n), State.GONE, number=n) for n in (3, 4)]
    tracks = [*due([1]), *gone]
    assert verbs(guarded(library(tracks, size=6, absent=[3, 4], spent=done))) == {DELETE: 1}
    assert verbs(guarded(library(tracks, size=5, absent=[3, 4], spent=done))) == {f"!{DELETE}": 1}


@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_last_file_of_a_library_is_held(size: int) -> None:
    found = guarded(library(due(range(1, size + 1)), size=size))
    assert verbs(found) == {f"!{DELETE}": size}
    assert "would empty the library" in found.holds[0].reason


def test_what_was_stopped_on_its_way_to_the_trash_stands_there_still() -> None:
    stopped = known(1, path(1), State.TRASHING, number=1)
    assert verbs(guarded(library([stopped], size=2, absent=[1]))) == {TRASH: 1}
    assert verbs(guarded(library([stopped], size=1, absent=[1]))) == {f"!{TRASH}": 1}


def test_a_budget_of_nothing_always_asks() -> None:
    policy = replace(POLICY, deletion_budget=0, rename_budget=0)
    assert verbs(guarded(library(due([1]), policy=policy))) == {f"!{DELETE}": 1}
    assert verbs(guarded(library(pending([1]), policy=policy))) == {f"!{DELETE}": 1}
    assert verbs(guarded(library([], absent=[1], policy=policy))) == {f"!{TRASH}": 1}
    assert verbs(guarded(library([], renamed=[1], policy=policy))) == {f"!{SEND}": 1}
    assert verbs(guarded(library([], policy=policy))) == {}


def test_a_hold_says_what_spoke_for_the_deletion() -> None:
    hold = guarded(library(due(range(1, 12)))).holds[0]
    assert hold.reason == "11 deletions in the account within a day are more than the budget of 10"
    assert hold.evidence[0] == "its file was deleted from the folder"
    assert hold.evidence[1].startswith("last seen ")
    assert hold.path == path(1)


# --- each kind for itself ---


def test_the_trash_has_a_budget_of_its_own() -> None:
    assert verbs(guarded(library([], absent=range(1, 11)))) == {TRASH: 10}
    assert verbs(guarded(library([], absent=range(1, 12)))) == {f"!{TRASH}": 11}
    both = library(due(range(1, 11)), absent=range(20, 30))
    assert verbs(guarded(both)) == {DELETE: 10, TRASH: 10}
    over = library(due(range(1, 11)), absent=range(20, 31))
    assert verbs(guarded(over)) == {DELETE: 10, f"!{TRASH}": 11}


def test_an_account_that_lists_nothing_empties_no_folder() -> None:
    found = guarded(library([], size=3, absent=[1, 2, 3]))
    assert verbs(found) == {f"!{TRASH}": 3}


def test_what_is_pending_in_the_account_does_not_count_for_the_trash() -> None:
    row = library(pending(range(1, 9)), absent=range(20, 25))
    assert verbs(guarded(row)) == {TRASH: 5, "pending": 8}


def made_anew(numbers: range, **fields: object) -> Row:
    tracks = [known(n, path(n), number=n, replaced_by="n/7.flac") for n in numbers]
    return library(tracks, replaced=numbers, **fields)  # type: ignore[arg-type]


def test_replaced_files_have_a_budget_of_their_own() -> None:
    assert verbs(guarded(made_anew(range(1, 11)))) == {REPLACE: 10}
    assert verbs(guarded(made_anew(range(1, 12)))) == {f"!{REPLACE}": 11}
    assert verbs(guarded(made_anew(range(1, 4), size=5))) == {f"!{REPLACE}": 3}


def test_replacing_the_only_file_empties_nothing() -> None:
    assert verbs(guarded(made_anew(range(1, 2), size=1))) == {REPLACE: 1}


def test_renames_in_the_account_have_a_larger_budget_and_no_half() -> None:
    policy = replace(POLICY, rename_budget=5)
    assert verbs(guarded(library([], size=5, renamed=range(1, 6), policy=policy))) == {SEND: 5}
    assert verbs(guarded(library([], renamed=range(1, 7), policy=policy))) == {f"!{SEND}": 6}
    done = {SEND: frozenset(range(50, 54))}
    two = library([], renamed=[1, 2], policy=policy, spent=done)
    assert verbs(guarded(two)) == {f"!{SEND}": 2}


# --- what was held, approved or refused ---


def test_what_was_held_stays_held_though_the_sum_shrank() -> None:
    row = library([*due([1]), *pending([2]), *due([3])], holds=[held(DELETE, 1), held(DELETE, 2)])
    found = guarded(row)
    assert verbs(found) == {f"!{DELETE}": 2, DELETE: 1}
    assert [(hold.job_id, hold.reason) for hold in found.holds] == [
        (1, "too many"),
        (2, "too many"),
    ]


def test_an_approval_releases_exactly_those() -> None:
    holds = [held(DELETE, n, approved=True) for n in range(1, 12)]
    row = library(due(range(1, 13)), holds=[*holds, held(DELETE, 12)])
    found = guarded(row)
    assert verbs(found) == {DELETE: 11, f"!{DELETE}": 1}
    assert [hold.job_id for hold in found.holds] == [12]


def test_an_approval_does_not_loosen_the_next() -> None:
    done = {DELETE: frozenset(range(1, 12))}
    gone = [known(n, path(n), State.GONE, number=n) for n in range(1, 12)]
    row = library([*gone, *due([12])], absent=range(1, 12), spent=done)
    assert verbs(guarded(row)) == {f"!{DELETE}": 1}


def test_an_approval_of_one_verb_releases_no_other() -> None:
    policy = replace(POLICY, deletion_budget=0)
    row = library([], absent=[1], policy=policy, holds=[held(DELETE, 1, approved=True)])
    assert verbs(guarded(row)) == {f"!{TRASH}": 1}


def test_what_is_approved_counts_for_those_beside_it() -> None:
    holds = [held(DELETE, n, approved=True) for n in range(1, 11)]
    row = library(due(range(1, 12)), holds=holds)
    assert verbs(guarded(row)) == {DELETE: 10, f"!{DELETE}": 1}


def test_a_hold_ends_with_its_cause() -> None:
    row = library([], holds=[held(DELETE, 1), held(TRASH, 2), held(SEND, 3)])
    assert verbs(guarded(row)) == {}


def refused(approved: bool = False) -> Row:
    hold = held(
        SEND,
        1,
        batch=None,
        refused=True,
        path=path(1, "new 1"),
        reason="not a title, says the service",
        approved=approved,
    )
    return library([], renamed=[1, 2], holds=[hold])


def test_what_the_service_refused_is_not_sent_again() -> None:
    found = guarded(refused())
    assert verbs(found) == {f"!{SEND}": 1, SEND: 1}
    assert found.holds[0] == Hold(
        job_id=1,
        path=path(1, "new 1"),
        held=SEND,
        refused=True,
        reason="not a title, says the service",
        evidence=("its file was renamed in the folder",),
    )


def test_what_the_service_refused_is_sent_once_it_is_another_or_the_user_says_so() -> None:
    row = refused()
    others = [one for one in row.local.files.values() if one.path != path(1, "new 1")]
    files = [file(path(1, "newer"), 1), *others]
    assert verbs(guarded(replace(row, local=folder(*files)))) == {SEND: 2}
    assert verbs(guarded(refused(approved=True))) == {SEND: 2}


# --- a catalog that was just made or bound anew ---


def test_before_a_clean_cycle_nothing_is_removed_or_renamed_in_the_account() -> None:
    row = library(due([1]), absent=[2], renamed=[3], settled=False)
    found = guarded(row)
    assert verbs(found) == {}
    assert [(wait.job_id, wait.reason) for wait in found.waits] == [
        (1, "the deletion in the account waits for one complete clean cycle"),
        (3, "the rename in the account waits for one complete clean cycle"),
        (2, "the file to the trash waits for one complete clean cycle"),
    ]
    assert verbs(guarded(replace(row, settled=True))) == {DELETE: 1, TRASH: 1, SEND: 1}


def test_before_a_clean_cycle_not_even_what_was_approved() -> None:
    row = library(due([1]), settled=False, holds=[held(DELETE, 1, approved=True)])
    assert verbs(guarded(row)) == {}


def test_before_a_clean_cycle_what_is_new_is_fetched_and_what_is_pending_waits() -> None:
    row = library(pending([1]), size=5, settled=False)
    row = replace(row, jobs=[*row.jobs, job(50, "New")])
    assert verbs(guarded(row)) == {"download": 1, "pending": 1}


def test_what_may_have_been_left_behind_is_held_whatever_its_grace() -> None:
    row = library([*due([1, 2]), *pending([3, 4])], size=20)
    baseline = replace(row.known, left_behind=frozenset({1, 3, 7}))
    found = guard(planned(row), row.local, baseline, POLICY)
    assert {hold.job_id for hold in found.holds} == {1, 3}
    assert all("another folder or on another disk" in hold.reason for hold in found.holds)
    assert [one.job_id for one in found.pending] == [4]
    assert [op.job_id for op in found if op.verb == DELETE] == [2]


CAUTIOUS = replace(POLICY, cautious=True, moves="auto")


def strange() -> Row:
    """A library in which everything that can differ does."""
    tracks = [
        *due([1]),
        *pending([2]),
        known(4, path(4), number=4, replaced_by="n/7.flac"),
        known(7, path(7), State.WANTED, number=7),
    ]
    row = library(tracks, absent=[3], replaced=[4], renamed=[5], policy=CAUTIOUS)
    jobs = [replace(one, title="other") if one.id == 6 else one for one in row.jobs]
    return replace(row, jobs=[*jobs, job(500, "New")])


def test_while_a_catalog_is_bound_anew_all_that_removes_renames_or_fetches_is_held() -> None:
    found = guarded(strange())
    assert {(hold.job_id, hold.held) for hold in found.holds} == {
        (1, DELETE),
        (2, DELETE),
        (4, REPLACE),
        (5, SEND),
        (6, "rename-local"),
        (7, "restore"),
    }
    assert all(hold.batched for hold in found.holds)
    reasons = {hold.job_id: hold.reason for hold in found.holds}
    assert all("were bound anew, so nothing" in reasons[job_id] for job_id in (1, 2, 4, 5))
    # The file of a job that is gone is kept; what is in step or was moved is taken as it is.
    others = [(op.job_id, op.verb) for op in found if not isinstance(op, Hold)]
    assert others == [(3, "detach")]
    assert [(wait.job_id, wait.reason) for wait in found.waits] == [
        (500, "new in the account; the next sync fetches it")
    ]
    assert found.pending == ()


def test_while_a_catalog_is_made_anew_what_no_file_is_of_is_held_too() -> None:
    row = replace(strange(), policy=replace(CAUTIOUS, rebuilding=True))
    found = guarded(row)
    assert (500, "download") in {(hold.job_id, hold.held) for hold in found.holds}
    assert found.waits == ()
    approved = replace(row, holds=[held("download", 500, approved=True)])
    assert [op.job_id for op in guarded(approved) if op.verb == "download"] == [500]


def test_while_a_catalog_is_bound_anew_each_is_released_by_its_approval() -> None:
    row = strange()
    for hold in guarded(row).holds:
        approved = replace(row, holds=[held(hold.held, hold.job_id, approved=True)])
        done = {(op.job_id, op.verb) for op in guarded(approved) if not isinstance(op, Hold)}
        assert (hold.job_id, hold.held) in done


def test_while_a_catalog_is_bound_anew_names_are_not_swapped_unasked() -> None:
    row = library([], size=3, policy=CAUTIOUS)
    swapped = [replace(row.jobs[0], title="2"), replace(row.jobs[1], title="1"), row.jobs[2]]
    row = replace(row, jobs=swapped)
    assert verbs(guarded(row)) == {"!rename-local": 2}
    approved = [held("rename-local", one, approved=True) for one in (1, 2)]
    assert verbs(guarded(replace(row, holds=approved))) == {"make-way": 1, "rename-local": 1}


def test_moves_are_asked_for_and_held_apart() -> None:
    asked = replace(POLICY, template="{title}.{ext}")
    row = library([], size=5, policy=asked)
    assert verbs(guarded(row)) == {"!move-local": 5}
    assert verbs(guarded(replace(row, policy=replace(asked, moves="auto")))) == {"move-local": 5}
    assert decided(guarded(replace(row, policy=replace(asked, moves="never")))) == []


@pytest.mark.parametrize("given_up", [Evict, Ignore])
def test_while_a_catalog_is_bound_anew_none_is_given_up_unasked(given_up: type[Operation]) -> None:
    op = given_up(job_id=7, path=path(7), reason="as before")
    cautious = replace(POLICY, cautious=True)
    (hold,) = guard(Plan(operations=(op,)), folder(), Baseline({}), cautious)
    assert isinstance(hold, Hold)
    assert hold.held == given_up.verb
