"""Holds: what waits for the user, by batch, and what the user released."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from syncd.catalog.store import Catalog
from syncd.core.baseline import Held
from syncd.core.operations import (
    DeleteRemote,
    Detach,
    Forget,
    Hold,
    Operation,
    Pending,
    Plan,
    RenameRemote,
    TrashLocal,
    Wait,
)
from syncd.core.policy import Now

from .looking import HOUR, NOT_UTF8

DELETE, RENAME, TRASH = "delete-remote", "rename-remote", "trash-local"


def hold(job_id: int, verb: str = DELETE, batched: bool = True, **fields: object) -> Hold:
    made = Hold(job_id=job_id, path="a.flac", reason="too many", held=verb, batched=batched)
    return replace(made, **fields)  # type: ignore[arg-type]


def rename(job_id: int = 7, path: str = "Snow.flac") -> RenameRemote:
    return RenameRemote(
        job_id=job_id, path=path, title="Rain", new_title="Snow", stem="Snow", reason="renamed"
    )


def keep(catalog: Catalog, now: datetime, *operations: Operation, **others: object) -> None:
    catalog.holds.keep(Plan(operations, **others), now)  # type: ignore[arg-type]


def batches(catalog: Catalog) -> dict[tuple[int, str], int | None]:
    return {(held.job_id, held.verb): held.batch for held in catalog.holds.all()}


# --- keep ---


def test_a_hold_says_what_waits_since_when_and_why(catalog: Catalog, now: datetime) -> None:
    keep(catalog, now, hold(7, path=NOT_UTF8, evidence=("last seen today", "missed twice")))
    held = Held(
        job_id=7,
        verb=DELETE,
        reason="too many",
        since=now,
        path=NOT_UTF8,
        batch=1,
        evidence=("last seen today", "missed twice"),
    )
    assert catalog.holds.all() == [held]
    assert catalog.baseline(Now(now)).holds == {(7, DELETE): held}


def test_what_is_held_together_is_a_batch_for_each_verb(catalog: Catalog, now: datetime) -> None:
    keep(catalog, now, hold(7), hold(8, TRASH), hold(9), hold(9, TRASH), hold(4, "x", False))
    assert batches(catalog) == {
        (4, "x"): None,
        (7, DELETE): 1,
        (9, DELETE): 1,
        (8, TRASH): 2,
        (9, TRASH): 2,
    }
    assert [(held.job_id, held.batch) for held in catalog.holds.all()] == [
        (4, None), (7, 1), (9, 1), (8, 2), (9, 2),
    ]  # fmt: skip


def test_what_was_held_before_keeps_its_batch_and_what_comes_later_makes_another(
    catalog: Catalog, now: datetime
) -> None:
    keep(catalog, now, hold(7), hold(8))
    keep(catalog, now + HOUR, hold(7), hold(8), hold(9), hold(9, TRASH))
    assert batches(catalog) == {(7, DELETE): 1, (8, DELETE): 1, (9, DELETE): 2, (9, TRASH): 3}
    since = {(held.job_id, held.verb): held.since for held in catalog.holds.all()}
    assert since[7, DELETE] == now
    assert since[9, DELETE] == now + HOUR


def test_a_hold_that_goes_on_tells_what_is_so_now(catalog: Catalog, now: datetime) -> None:
    keep(catalog, now, hold(7, evidence=("old",)), hold(8, evidence=("old",)))
    changed = hold(7, reason="far too many", path="b.flac", evidence=("new",))
    keep(catalog, now + HOUR, changed, hold(8, evidence=("old",)))
    first, second = catalog.holds.all()
    assert first == Held(
        job_id=7,
        verb=DELETE,
        reason="far too many",
        since=now,
        path="b.flac",
        batch=1,
        evidence=("new",),
    )
    assert (second.reason, second.path, second.evidence) == ("too many", "a.flac", ("old",))


def test_a_batch_number_is_never_given_twice(path: Path, catalog: Catalog, now: datetime) -> None:
    keep(catalog, now, hold(7), hold(8, TRASH))
    keep(catalog, now)
    assert catalog.holds.all() == []
    catalog.close()
    again = Catalog.open(path)
    keep(again, now, hold(7))
    assert batches(again) == {(7, DELETE): 3}
    again.close()


def test_a_hold_whose_cause_is_over_ends_and_so_does_an_approval(
    catalog: Catalog, now: datetime
) -> None:
    keep(catalog, now, hold(7), hold(8), hold(9, "identify", False))
    catalog.holds.approve([held for held in catalog.holds.all() if held.job_id == 8])
    keep(catalog, now, hold(7))
    assert batches(catalog) == {(7, DELETE): 1}


@pytest.mark.parametrize(
    ("plan", "stays"),
    [
        (Plan(), False),
        (Plan((TrashLocal(job_id=7, path="a.flac", reason="r"),)), True),
        (Plan((Forget(job_id=7, reason="r"),)), False),
        (Plan((TrashLocal(job_id=8, path="a.flac", reason="r"),)), False),
        (Plan(waits=(Wait(job_id=7, reason="not listed yet"),)), True),
        (Plan(waits=(Wait(job_id=8, reason="not listed yet"),)), False),
        (Plan(pending=(Pending(job_id=7, path="a.flac", reason="r", until=None),)), False),
        (Plan((hold(7, "identify", False),)), False),
    ],
    ids=[
        "nothing to do",
        "the same",
        "something else",
        "the same for another",
        "waiting",
        "another waiting",
        "pending",
        "held for something else",
    ],
)
@pytest.mark.parametrize("approved", [False, True])
def test_how_long_a_hold_stands(
    catalog: Catalog, now: datetime, plan: Plan, stays: bool, approved: bool
) -> None:
    keep(catalog, now, hold(7, TRASH))
    if approved:
        catalog.holds.approve(catalog.holds.all())
    before = catalog.holds.all()
    catalog.holds.keep(plan, now + HOUR)
    assert [held for held in catalog.holds.all() if held.verb == TRASH] == (before if stays else [])


def test_a_hold_for_itself_is_another_than_one_of_a_batch(catalog: Catalog, now: datetime) -> None:
    keep(catalog, now, hold(7, batched=False))
    keep(catalog, now + HOUR, hold(7))
    assert batches(catalog) == {(7, DELETE): 1}
    catalog.holds.approve(catalog.holds.all())
    keep(catalog, now + 2 * HOUR, hold(7, batched=False, reason="something stands at this path"))
    assert catalog.holds.all() == [
        Held(
            job_id=7,
            verb=DELETE,
            reason="something stands at this path",
            since=now + 2 * HOUR,
            path="a.flac",
        )
    ]


def test_a_plan_like_the_last_one_changes_no_hold(catalog: Catalog, now: datetime) -> None:
    operations = (hold(7), hold(8, TRASH), hold(9, "identify", False))
    keep(catalog, now, *operations)
    before = catalog.holds.all()
    keep(catalog, now + HOUR, *operations)
    assert catalog.holds.all() == before


def test_any_number_of_holds_ends_at_once(catalog: Catalog, now: datetime) -> None:
    """However few values a statement may have, as SQLite is built elsewhere."""
    keep(catalog, now, *(hold(job_id) for job_id in range(1, 101)))
    with catalog.reading() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 99)
    keep(catalog, now, hold(1), *(hold(job_id, TRASH) for job_id in range(1, 5)))
    assert set(batches(catalog)) == {(1, DELETE), *((job_id, TRASH) for job_id in range(1, 5))}


# --- refuse ---


def test_what_the_service_refused_is_held_for_itself(catalog: Catalog, now: datetime) -> None:
    catalog.holds.refuse(rename(), "the name is too long", now)
    assert catalog.holds.all() == [
        Held(
            job_id=7,
            verb=RENAME,
            reason="the name is too long",
            since=now,
            path="Snow.flac",
            refused=True,
            evidence=("renamed",),
        )
    ]


def test_a_refusal_after_an_approval_takes_it_back(catalog: Catalog, now: datetime) -> None:
    keep(catalog, now, hold(7, RENAME, evidence=("e",)))
    catalog.holds.approve(catalog.holds.all())
    catalog.holds.refuse(rename(), "the name is too long", now + HOUR)
    (held,) = catalog.holds.all()
    assert (held.approved, held.refused, held.batch) == (False, True, None)


def test_a_refused_hold_stays_refused_as_long_as_it_is_planned(
    catalog: Catalog, now: datetime
) -> None:
    catalog.holds.refuse(rename(), "the name is too long", now)
    before = catalog.holds.all()
    same = Hold(
        job_id=7,
        path="Snow.flac",
        held=RENAME,
        refused=True,
        reason="the name is too long",
        evidence=("renamed",),
    )
    keep(catalog, now + HOUR, same)
    assert catalog.holds.all() == before
    keep(catalog, now + HOUR)
    assert catalog.holds.all() == []


def test_what_has_no_path_can_be_refused(catalog: Catalog, now: datetime) -> None:
    catalog.holds.refuse(Forget(job_id=7, reason="r"), "no", now)
    assert catalog.holds.all()[0].path is None


# --- approve ---


def test_an_approval_releases_exactly_those(catalog: Catalog, now: datetime) -> None:
    keep(catalog, now, hold(7), hold(8), hold(7, TRASH))
    released = [held for held in catalog.holds.all() if (held.job_id, held.verb) == (7, DELETE)]
    catalog.holds.approve(released)
    approved = {(held.job_id, held.verb) for held in catalog.holds.all() if held.approved}
    assert approved == {(7, DELETE)}
    holds = catalog.baseline(Now(now)).holds
    assert holds[7, DELETE] == replace(released[0], approved=True)


def test_an_approval_goes_for_what_was_shown_and_for_nothing_that_came_later(
    catalog: Catalog, now: datetime
) -> None:
    keep(catalog, now, hold(7))
    shown = catalog.holds.all()
    keep(catalog, now)
    keep(catalog, now + HOUR, hold(7))
    catalog.holds.approve(shown)
    assert [(held.batch, held.approved) for held in catalog.holds.all()] == [(2, False)]


def test_what_was_refused_can_be_released_to_be_tried_again(
    catalog: Catalog, now: datetime
) -> None:
    catalog.holds.refuse(rename(), "no", now)
    catalog.holds.approve(catalog.holds.all())
    assert [held.approved for held in catalog.holds.all()] == [True]


def test_an_approval_of_what_is_held_no_more_releases_nothing(
    catalog: Catalog, now: datetime
) -> None:
    keep(catalog, now, hold(7))
    shown = catalog.holds.all()
    keep(catalog, now, Detach(job_id=7, path="a.flac", reason="r"))
    catalog.holds.approve(shown)
    assert catalog.holds.all() == []


def test_a_pending_deletion_can_be_released_before_its_grace_is_over(
    catalog: Catalog, now: datetime
) -> None:
    catalog.holds.approve_pending(7, now)
    assert catalog.holds.all() == [
        Held(
            job_id=7,
            verb=DELETE,
            reason="approved before its grace was over",
            since=now,
            approved=True,
        )
    ]


def test_a_deletion_that_is_held_is_released_in_its_batch(catalog: Catalog, now: datetime) -> None:
    keep(catalog, now, hold(7), hold(8))
    catalog.holds.approve_pending(7, now + HOUR)
    first, second = catalog.holds.all()
    assert (first.job_id, first.batch, first.approved, first.path) == (7, 1, True, "a.flac")
    assert (second.job_id, second.approved) == (8, False)


def test_a_deletion_that_was_refused_is_released_to_be_tried_again(
    catalog: Catalog, now: datetime
) -> None:
    deletion = DeleteRemote(
        job_id=7, path="a.flac", format="flac", title="Rain", audio="m/7.flac", reason="deleted"
    )
    catalog.holds.refuse(deletion, "the key may not delete", now)
    catalog.holds.approve_pending(7, now)
    released = catalog.baseline(Now(now)).holds[7, DELETE]
    assert (released.approved, released.refused) == (True, False)
