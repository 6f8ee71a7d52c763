"""What was rejected is not planned again: the real planner and guards on what the catalog says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syncd.catalog.outcomes import Done
from syncd.core.baseline import State
from syncd.core.operations import Compare, Download, Hold, Redownload, Restore

from .looking import both
from .situations import (
    HOME,
    LENIENT,
    NO_BUDGET,
    ROWS,
    Bench,
    Row,
    deleted_here,
    job,
    other_audio,
    renamed_and_moved_here,
    renamed_here,
    renamed_on_both_sides,
)

HOLDING = replace(LENIENT, conflicts="hold")


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.verb}: {row.situation.__name__}" for row in ROWS])
def test_what_was_rejected_is_not_planned_again(bench: Bench, row: Row) -> None:
    row.situation(bench)
    held = bench.plan(row.policy)
    assert (7, row.verb) in [(op.job_id, op.held) for op in held.holds]
    bench.catalog.holds.keep(held, bench.now)

    bench.catalog.holds.reject(7, row.verb)
    assert (7, row.verb) not in bench.catalog.baseline(both(bench.now)).holds
    assert bench.known().state is row.state

    planned = []
    for _ in range(3):
        strict = bench.plan(row.policy)
        assert (7, row.verb) not in [(op.job_id, op.held) for op in strict.holds]
        lenient = bench.plan(LENIENT)
        assert 7 not in [one.job_id for one in lenient.pending]
        mine = [op for op in lenient if op.job_id == 7]
        assert not [op for op in mine if isinstance(op, Hold)]
        planned += [op.verb for op in mine if op.verb not in planned]
        for op in mine:
            bench.carry_out(op)
    assert tuple(planned) == row.instead


def test_a_rejected_deletion_is_restored_to_where_the_file_was(bench: Bench) -> None:
    deleted_here(bench)
    bench.catalog.holds.keep(bench.plan(NO_BUDGET), bench.now)
    bench.catalog.holds.reject(7, "delete-remote")
    (restore,) = bench.plan(LENIENT)
    assert (restore.verb, getattr(restore, "path", None)) == ("restore", HOME)
    assert bench.known().absence is None


def test_a_rejection_settles_one_track_and_leaves_the_rest_of_its_batch(bench: Bench) -> None:
    bench.place()
    bench.place(8, "A/Snow.flac", title="Snow", stem="Snow", audio="media.audiopod.ai/8.flac")
    bench.account()
    bench.catalog.holds.keep(bench.plan(NO_BUDGET), bench.now)
    before = bench.known(8)
    bench.catalog.holds.reject(7, "trash-local")
    assert bench.known(8) == before
    (held,) = bench.catalog.holds.all()
    assert (held.job_id, held.verb, held.batch) == (8, "trash-local", 1)


def test_a_rejected_name_is_kept_beside_the_file_that_has_it(bench: Bench) -> None:
    renamed_and_moved_here(bench)
    bench.catalog.holds.keep(bench.plan(NO_BUDGET), bench.now)
    bench.catalog.holds.reject(7, "rename-remote")
    placed = bench.known().placed
    assert placed is not None
    assert (placed.title, placed.stem, placed.path) == ("Rain", "Snow", HOME)


def test_after_a_rejected_conflict_each_side_keeps_its_name(bench: Bench) -> None:
    renamed_on_both_sides(bench)
    bench.catalog.holds.keep(bench.plan(HOLDING), bench.now)
    bench.catalog.holds.reject(7, "rename-remote")
    placed = bench.known().placed
    assert placed is not None
    assert (placed.title, placed.stem) == ("Hail", "Snow")


def test_after_a_rejected_conflict_a_later_name_of_the_account_is_followed(bench: Bench) -> None:
    renamed_on_both_sides(bench)
    bench.catalog.holds.keep(bench.plan(HOLDING), bench.now)
    bench.catalog.holds.reject(7, "rename-remote")
    for op in bench.plan(HOLDING):
        bench.carry_out(op)
    bench.account(job(title="Fog"))
    assert [op.verb for op in bench.plan(HOLDING)] == ["rename-local"]


def test_a_later_rename_of_a_track_whose_name_was_rejected_is_asked_about(bench: Bench) -> None:
    renamed_here(bench)
    bench.catalog.holds.keep(bench.plan(NO_BUDGET), bench.now)
    bench.catalog.holds.reject(7, "rename-remote")
    bench.files.clear()
    bench.stand("A/Fog.flac")
    assert [(op.job_id, op.held) for op in bench.plan(NO_BUDGET).holds] == [(7, "rename-remote")]


def test_what_the_service_refused_can_be_rejected(bench: Bench) -> None:
    renamed_here(bench)
    (rename,) = bench.plan(LENIENT)
    bench.catalog.holds.refuse(rename, "the name is taken", bench.now)
    (refused,) = bench.plan(LENIENT).holds
    assert refused.refused
    bench.catalog.holds.reject(7, "rename-remote")
    assert [op.verb for op in bench.plan(LENIENT)] == ["adopt"]
    assert bench.catalog.holds.all() == []


def test_a_rejection_of_what_is_neither_held_nor_known(bench: Bench) -> None:
    for verb in ("rename-remote", "rename-local", "move-local", "redownload", "identify"):
        bench.catalog.holds.reject(7, verb)
    assert bench.catalog.baseline_of(7) is None


def test_a_rejection_is_all_or_nothing(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    deleted_here(bench)
    bench.catalog.holds.keep(bench.plan(NO_BUDGET), bench.now)
    before = bench.catalog.baseline(both(bench.now))

    def stops_after(*_: object) -> None:
        raise OSError("pulled out")

    monkeypatch.setattr("syncd.catalog.holds.write_track", stops_after)
    with pytest.raises(OSError, match="pulled out"):
        bench.catalog.holds.reject(7, "delete-remote")
    assert bench.catalog.baseline(both(bench.now)) == before


def declined(bench: Bench) -> None:
    """The user would not have the other audio of the account."""
    other_audio(bench)
    bench.catalog.holds.keep(bench.plan(NO_BUDGET), bench.now)
    bench.catalog.holds.reject(7, "redownload")


def test_audio_that_was_declined_is_never_taken_for_what_the_file_holds(bench: Bench) -> None:
    other_audio(bench)
    before = bench.known()
    bench.catalog.holds.keep(bench.plan(NO_BUDGET), bench.now)
    bench.catalog.holds.reject(7, "redownload")
    after = bench.known()
    assert after.placed == before.placed
    assert (after.declined, after.replaced_by) == (before.replaced_by, None)


@pytest.mark.parametrize(
    ("verb", "ends"),
    [(Compare.verb, False), (Redownload.verb, True), (Download.verb, True), (Restore.verb, True)],
)
def test_it_stays_declined_until_the_file_is_of_other_audio(
    bench: Bench, verb: str, ends: bool
) -> None:
    declined(bench)
    done = Done(job_id=7, verb=verb, state=State.PLACED, placed=bench.known().placed)
    bench.catalog.outcomes.record(done, entry=0, now=both(bench.now))
    assert (bench.known().declined is None) is ends
