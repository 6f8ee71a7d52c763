"""What the selection leaves out, as the catalog keeps it; and what is kept in spite of it."""

from __future__ import annotations

from dataclasses import replace

from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.core.only import Only
from syncd.core.policy import Policy
from syncd.core.selection import BY_NAME, Standing, changed_states, standing_of

from .looking import both
from .situations import LENIENT, Bench, deleted_here, job

SNOW = replace(LENIENT, only=Only(title="snow"))
HAIL = replace(LENIENT, only=Only(title="hail"))
WHY = "outside library.only: it is called “Rain”"


def look(bench: Bench, policy: Policy) -> None:
    """What observing notes of the selection."""
    remote, baseline = bench.catalog.remote_tree(), bench.catalog.baseline(both(bench.now))
    present = {file.identity.job_id for file in bench.files.values() if file.identity}
    changed = changed_states(remote, baseline, policy.only, present)
    bench.catalog.selected.note(changed, policy.only.digest)


def test_a_job_is_left_out_and_wanted_again(bench: Bench) -> None:
    bench.account(job())
    look(bench, SNOW)
    assert (bench.known().state, bench.known().reason) == (State.UNSELECTED, WHY)
    look(bench, LENIENT)
    assert (bench.known().state, bench.known().reason) == (State.WANTED, None)


def test_what_was_put_off_is_due_at_once_when_it_is_wanted_again(bench: Bench) -> None:
    bench.account(job())
    bench.catalog.outcomes.give_number(7, album="A", number=3)
    bench.catalog.outcomes.fail(7, "no answer", attempts=2, next_try_at=bench.now)
    look(bench, SNOW)
    look(bench, LENIENT)
    known = bench.known()
    assert (known.attempts, known.next_try_at) == (0, None)
    assert (known.album, known.number) == ("A", 3)


def test_a_rejection_holds_as_long_as_the_selection_is_the_same(bench: Bench) -> None:
    bench.account(job())
    bench.place()
    look(bench, SNOW)
    asked = bench.plan(SNOW)
    assert [(one.job_id, one.held) for one in asked.holds] == [(7, "free")]
    bench.catalog.holds.keep(asked, bench.now)
    bench.catalog.holds.reject(7, "free")
    assert bench.known().state is State.PLACED
    look(bench, SNOW)
    assert bench.plan(SNOW).operations == ()
    look(bench, HAIL)
    assert [one.held for one in bench.plan(HAIL).holds] == ["free"]


def test_a_rejected_deletion_is_fetched_again_whatever_the_selection_says(bench: Bench) -> None:
    deleted_here(bench)
    look(bench, SNOW)
    held = bench.plan(replace(SNOW, deletion_budget=0))
    bench.catalog.holds.keep(held, bench.now)
    bench.catalog.holds.reject(7, "delete-remote")
    look(bench, SNOW)
    assert [op.verb for op in bench.plan(SNOW)] == ["restore"]


def test_what_is_asked_for_by_name_is_inside_every_selection(
    bench: Bench, catalog: Catalog
) -> None:
    bench.account(job())
    catalog.selected.keep(7)
    assert (bench.known().state, bench.known().kept) == (State.WANTED, BY_NAME)
    bench.place(8)
    catalog.selected.keep(8)
    assert bench.known(8).state is State.PLACED
    assert bench.known(8).placed is not None
    tree = catalog.remote_tree()
    where = standing_of(tree.tracks[7], bench.known(), tree, SNOW.only)
    assert where is Standing.INSIDE
