"""What was asked and released, over what decides nothing and over a catalog that is bound anew."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.core.evidence import Sighting
from syncd.core.operations import Compare, Defer, Hold, Operation, Plan, RenameRemote, Restore
from syncd.core.policy import Now

DELETE, DOWNLOAD = "delete-remote", "download"
HOUR = timedelta(hours=1)


def hold(job_id: int, held: str = DELETE, *, batched: bool = True) -> Hold:
    return Hold(job_id=job_id, path="a.flac", held=held, batched=batched, reason="too many")


def standing(catalog: Catalog) -> dict[tuple[int, str], tuple[int | None, bool]]:
    """Batch and approval of what is held."""
    return {(one.job_id, one.verb): (one.batch, one.approved) for one in catalog.holds.all()}


@pytest.mark.parametrize("approved", [False, True])
@pytest.mark.parametrize(
    "op",
    [
        Compare(job_id=7, path="a.flac", format="flac", reason="at another address"),
        Defer(job_id=7, reason="no audio"),
    ],
    ids=["compared", "put off"],
)
def test_a_deletion_stays_as_it_was_asked_while_the_track_is(
    catalog: Catalog, now: datetime, op: Operation, approved: bool
) -> None:
    catalog.scans.note(Sighting(frozenset({7, 8}), frozenset()), Now(now))
    catalog.holds.keep(Plan((hold(7), hold(8))), now)
    if approved:
        catalog.holds.approve(catalog.holds.all())
    before = standing(catalog)
    catalog.holds.keep(Plan((op, hold(8))), now + HOUR)
    assert standing(catalog) == before


def test_a_deletion_ends_with_what_decides_it(catalog: Catalog, now: datetime) -> None:
    catalog.holds.keep(Plan((hold(7),)), now)
    fetch = Restore(
        job_id=7, path="a.flac", format="flac", title="a", stem="a", album="A", number=1, reason="r"
    )
    catalog.holds.keep(Plan((fetch,)), now + HOUR)
    assert standing(catalog) == {}


def test_approvals_are_taken_back_and_what_was_held_stays_held(
    catalog: Catalog, now: datetime
) -> None:
    catalog.holds.keep(Plan((hold(7), hold(8), hold(9, "identify", batched=False))), now)
    catalog.holds.approve(catalog.holds.all()[1:])
    catalog.holds.approve_pending(5, now)
    rename = RenameRemote(
        job_id=6, path="b.flac", title="a", new_title="b", stem="b", reason="renamed"
    )
    catalog.holds.refuse(rename, "no", now)
    catalog.holds.approve([one for one in catalog.holds.all() if one.job_id == 6])
    catalog.holds.take_back_approvals()
    assert standing(catalog) == {
        (6, "rename-remote"): (None, False),
        (7, DELETE): (1, False),
        (8, DELETE): (1, False),
        (9, "identify"): (None, False),
    }
    assert [one.job_id for one in catalog.holds.all() if one.refused] == [6]


def test_what_was_held_before_is_held_again_in_a_batch_of_its_own(
    catalog: Catalog, now: datetime
) -> None:
    catalog.holds.keep(Plan((hold(7),)), now)
    catalog.holds.hold_again([(7, DELETE), (8, DELETE), (9, DOWNLOAD), (5, DOWNLOAD)], "r", now)
    assert standing(catalog) == {
        (7, DELETE): (1, False),
        (8, DELETE): (2, False),
        (9, DOWNLOAD): (3, False),
        (5, DOWNLOAD): (3, False),
    }


def test_a_track_that_was_not_to_be_ignored_is_wanted_again(
    catalog: Catalog, now: datetime
) -> None:
    catalog.outcomes.commit(7, State.PLACED)
    catalog.holds.keep(Plan((hold(7, "ignore"),)), now)
    catalog.holds.reject(7, "ignore")
    known = catalog.baseline_of(7)
    assert known is not None
    assert (known.state, standing(catalog)) == (State.WANTED, {})
