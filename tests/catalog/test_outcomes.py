"""Outcomes in the catalog: the baseline and all that changes with it, or nothing does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from syncd.catalog import outcomes
from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import BaselineTrack, State
from syncd.core.cases import WITHOUT_FILE
from syncd.core.operations import Hold, Plan
from syncd.core.policy import Now

from .looking import (
    HOUR,
    NOT_UTF8,
    MakeFile,
    MakePlaced,
    both,
    job,
    missed,
    put,
    seen,
    stamp,
)


@pytest.fixture
def entry(catalog: Catalog, now: datetime) -> int:
    """The journal's entry of an operation that is going on."""
    return catalog.journal.start(
        cycle="c", job_id=7, verb="download", path="a.flac", reason="new", now=now
    )


def hold(job_id: int, verb: str) -> Hold:
    return Hold(job_id=job_id, path="a.flac", reason="too many", held=verb, batched=True)


# --- what record does ---


def test_a_placed_track_is_recorded_in_every_table_at_once(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, entry: int, now: datetime
) -> None:
    catalog.outcomes.give_number(7, album="AudioPod 2026-03", number=3)
    catalog.outcomes.fail(7, "no answer", attempts=2, next_try_at=now)
    file = local_file("a.flac")
    done = Done(job_id=7, verb="download", state=State.PLACED, placed=placed("a.flac"), file=file)
    catalog.outcomes.record(done, entry=entry, now=Now(now + HOUR))
    assert catalog.baseline(Now(now)).tracks == {
        7: BaselineTrack(
            job_id=7,
            state=State.PLACED,
            album="AudioPod 2026-03",
            number=3,
            placed=placed("a.flac"),
        )
    }
    assert catalog.scans.known_files() == {"a.flac": file}
    (row,) = catalog.journal.entries(7)
    assert (row["finished_at"], row["outcome"], row["detail"]) == (now + HOUR, "done", None)


def test_how_a_file_was_placed_comes_back_whole(
    catalog: Catalog, placed: MakePlaced, now: datetime
) -> None:
    whole = replace(placed(NOT_UTF8), source="1" * 64, moved=True, mounted=True, etag=None)
    put(catalog, whole, None, now)
    known = catalog.baseline_of(7)
    assert known is not None
    assert known.placed == whole
    put(catalog, replace(whole, source=None, moved=False, mounted=False), None, now)
    again = catalog.baseline_of(7)
    assert again is not None
    assert again.placed == replace(whole, source=None, moved=False, mounted=False)


def test_a_file_that_moved_is_remembered_where_it_stands_now(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, now: datetime
) -> None:
    put(catalog, placed("a.flac"), local_file("a.flac"), now)
    moved = Done(
        job_id=7,
        verb="rename-local",
        state=State.PLACED,
        placed=placed("b.flac"),
        file=local_file("b.flac"),
        left="a.flac",
    )
    catalog.outcomes.record(moved, entry=0, now=Now(now))
    assert set(catalog.scans.known_files()) == {"b.flac"}


def test_a_file_written_anew_in_its_place_is_not_forgotten(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, now: datetime
) -> None:
    file = local_file("a.flac", size=9)
    done = Done(
        job_id=7, verb="x", state=State.PLACED, placed=placed("a.flac"), file=file, left="a.flac"
    )
    catalog.outcomes.record(done, entry=0, now=Now(now))
    assert catalog.scans.known_files() == {"a.flac": file}


@pytest.mark.parametrize("state", [State.GONE, State.EVICTED])
def test_what_was_removed_leaves_the_memory_of_the_scan_and_keeps_how_it_was_placed(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, now: datetime, state: State
) -> None:
    put(catalog, placed("a.flac"), local_file("a.flac"), now)
    gone = Done(job_id=7, verb="x", state=state, left="a.flac")
    catalog.outcomes.record(gone, entry=0, now=Now(now))
    assert catalog.scans.known_files() == {}
    assert catalog.baseline_of(7) == BaselineTrack(job_id=7, state=state, placed=placed("a.flac"))


def test_what_was_done_is_no_failure_any_more(catalog: Catalog, now: datetime) -> None:
    catalog.outcomes.fail(7, "no answer", attempts=5, next_try_at=now + HOUR)
    catalog.outcomes.record(
        Done(job_id=7, verb="ignore", state=State.IGNORED), entry=0, now=Now(now)
    )
    assert catalog.baseline_of(7) == BaselineTrack(job_id=7, state=State.IGNORED)


def test_other_audio_is_remembered_until_something_is_done_about_it(
    catalog: Catalog, placed: MakePlaced, now: datetime
) -> None:
    put(catalog, placed("a.flac"), None, now)
    compared = Done(job_id=7, verb="compare", state=State.PLACED, replaced_by="m/8.flac")
    catalog.outcomes.record(compared, entry=0, now=Now(now))
    known = catalog.baseline_of(7)
    assert known is not None
    assert (known.placed, known.replaced_by) == (placed("a.flac"), "m/8.flac")
    put(catalog, placed("a.flac"), None, now)
    known = catalog.baseline_of(7)
    assert known is not None
    assert known.replaced_by is None


@pytest.mark.parametrize(
    ("state", "with_file", "ends"),
    [
        *((state, False, True) for state in sorted(WITHOUT_FILE)),
        (State.PLACED, True, True),
        (State.DETACHED, True, True),
        (State.PLACED, False, False),
        (State.DETACHED, False, False),
        (State.TRASHING, False, False),
    ],
)
def test_an_absence_ends_with_the_expectation_or_with_a_file(
    catalog: Catalog,
    local_file: MakeFile,
    placed: MakePlaced,
    now: datetime,
    state: State,
    with_file: bool,
    ends: bool,
) -> None:
    for job_id in (7, 8):
        put(catalog, placed("a.flac"), None, now, job_id=job_id)
    catalog.scans.note(missed(7, 8), both(now))
    file = local_file("a.flac") if with_file else None
    catalog.outcomes.record(Done(job_id=7, verb="x", state=state, file=file), entry=0, now=Now(now))
    absences = {t.job_id: t.absence for t in catalog.baseline(Now(now)).tracks.values()}
    assert (absences[7] is None) is ends
    assert absences[8] is not None, "another track's absence is its own"


def test_what_was_done_is_held_no_more_and_other_holds_stand(
    catalog: Catalog, now: datetime
) -> None:
    held = [hold(7, "delete-remote"), hold(7, "rename-remote"), hold(8, "delete-remote")]
    catalog.holds.keep(Plan(tuple(held)), now)
    done = Done(job_id=7, verb="delete-remote", state=State.GONE)
    catalog.outcomes.record(done, entry=0, now=Now(now))
    assert set(catalog.baseline(Now(now)).holds) == {(7, "rename-remote"), (8, "delete-remote")}


def test_a_job_that_was_deleted_is_gone_from_the_remote_tree(
    catalog: Catalog, now: datetime
) -> None:
    catalog.observe([job(7), job(8)], now)
    done = Done(job_id=7, verb="delete-remote", state=State.GONE, job_gone=True)
    catalog.outcomes.record(done, entry=0, now=Now(now + HOUR))
    assert set(catalog.remote_tree().tracks) == {8}
    assert seen(catalog, 7)[3] == stamp(now + HOUR)
    assert seen(catalog, 8)[3] is None


def test_a_job_known_to_be_gone_keeps_the_time_since_when(catalog: Catalog, now: datetime) -> None:
    catalog.observe([job(7)], now)
    catalog.finish_sweep(catalog.begin_sweep(now), now, complete=True, total=0, seen=0)
    done = Done(job_id=7, verb="trash-local", state=State.GONE, job_gone=True)
    catalog.outcomes.record(done, entry=0, now=Now(now + HOUR))
    assert seen(catalog, 7)[3] == stamp(now)


def test_an_outcome_that_gave_another_name_says_so_in_the_journal(
    catalog: Catalog, entry: int, now: datetime
) -> None:
    done = Done(job_id=7, verb="rename-remote", state=State.PLACED)
    catalog.outcomes.record(done, entry=entry, now=Now(now), after="Rain, trimmed")
    assert catalog.journal.entries(7)[0]["after"] == "Rain, trimmed"


STEPS = {
    "the track": (outcomes, "write_track"),
    "the scan's memory": (outcomes, "write_files"),
    "the budget": (outcomes, "_spend"),
    "the journal": (None, "finish"),
}


@pytest.mark.parametrize("step", STEPS)
def test_recording_is_all_or_nothing(
    catalog: Catalog,
    local_file: MakeFile,
    placed: MakePlaced,
    entry: int,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    """A stop after any of its steps leaves every table as it was."""
    catalog.observe([job(7)], now)
    put(catalog, placed("a.flac"), local_file("a.flac"), now)
    catalog.scans.note(missed(7), both(now))
    catalog.holds.keep(Plan((hold(7, "redownload"),)), now)
    before = (
        catalog.baseline(both(now)),
        catalog.scans.known_files(),
        catalog.remote_tree(),
        catalog.journal.entries(),
    )
    module, name = STEPS[step]
    target = module or catalog.journal
    real = getattr(target, name)

    def stops_after(*arguments: object, **named: object) -> None:
        real(*arguments, **named)
        raise OSError("pulled out")

    monkeypatch.setattr(target, name, stops_after)
    done = Done(
        job_id=7,
        verb="redownload",
        state=State.PLACED,
        placed=placed("b.flac"),
        file=local_file("b.flac"),
        left="a.flac",
        counted=True,
        job_gone=True,
        replaced_by="m/8.flac",
    )
    with pytest.raises(OSError, match="pulled out"):
        catalog.outcomes.record(done, entry=entry, now=both(now))
    monkeypatch.undo()
    after = (
        catalog.baseline(both(now)),
        catalog.scans.known_files(),
        catalog.remote_tree(),
        catalog.journal.entries(),
    )
    assert after == before
    catalog.outcomes.record(done, entry=entry, now=both(now))
    assert catalog.baseline(both(now)) != before[0]
