"""What is forgotten of the history, and what an open question keeps; the log folded in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from syncd.catalog import upkeep
from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import Placed, State
from syncd.core.evidence import Sighting
from syncd.core.operations import Hold, Plan

from .looking import both, count, job, put

DAY = timedelta(days=1)


@pytest.fixture
def before(now: datetime) -> datetime:
    """What began earlier is old."""
    return now - 30 * DAY


@pytest.fixture
def write(catalog: Catalog, now: datetime) -> Callable[..., int]:
    """An entry of the journal, begun so many days ago."""

    def entry(days: float, job_id: int = 7, cycle: str | None = None, done: bool = True) -> int:
        began = now - days * DAY
        made = catalog.journal.start(
            cycle=cycle or f"c{days}",
            job_id=job_id,
            verb="rename-local",
            path="a.flac",
            reason="r",
            now=began,
            before="Rain",
            after="Snow",
        )
        if done:
            catalog.journal.finish(made, began, outcome="done")
        return made

    return entry


def left(catalog: Catalog) -> list[int]:
    return [entry["id"] for entry in catalog.journal.entries()]


def test_what_is_old_goes_and_the_rest_stays(
    catalog: Catalog, before: datetime, write: Callable[..., int]
) -> None:
    write(90), write(31)
    young = [write(29), write(0)]
    assert catalog.upkeep.prune_journal(before) == 2
    assert left(catalog) == young
    assert catalog.upkeep.prune_journal(before) == 0


def test_more_than_fit_into_one_transaction_go_too(
    catalog: Catalog, before: datetime, write: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_AT_ONCE", 3)
    for number in range(10):
        write(40 + number)
    assert catalog.upkeep.prune_journal(before) == 10
    assert left(catalog) == []


def test_what_never_ended_is_no_history_yet(
    catalog: Catalog, before: datetime, write: Callable[..., int]
) -> None:
    going_on = write(90, done=False)
    assert catalog.upkeep.prune_journal(before) == 0
    assert left(catalog) == [going_on]


def test_a_cycle_goes_as_a_whole_so_that_undo_reverts_all_of_it(
    catalog: Catalog, before: datetime, write: Callable[..., int]
) -> None:
    write(31, cycle="old")
    over_the_line = [write(30.01, cycle="c"), write(29.99, job_id=8, cycle="c")]
    assert catalog.upkeep.prune_journal(before) == 1
    assert left(catalog) == over_the_line


def test_the_last_cycle_that_can_be_undone_goes_when_it_is_old(
    catalog: Catalog, before: datetime, write: Callable[..., int]
) -> None:
    write(31)
    assert catalog.upkeep.prune_journal(before) == 1


def test_the_history_of_a_held_track_stays_until_it_is_settled(
    catalog: Catalog, now: datetime, before: datetime, write: Callable[..., int]
) -> None:
    held, _other = write(90, job_id=7), write(90, job_id=8)
    hold = Hold(job_id=7, held="delete-remote", reason="r", path="a.flac", batched=True)
    catalog.holds.keep(Plan((hold,)), now)
    assert catalog.upkeep.prune_journal(before) == 1
    assert left(catalog) == [held]
    catalog.holds.keep(Plan(()), now)
    assert catalog.upkeep.prune_journal(before) == 1


def test_what_a_pending_deletion_is_judged_by_stays(
    catalog: Catalog,
    now: datetime,
    before: datetime,
    write: Callable[..., int],
    placed: Callable[[str], Placed],
) -> None:
    put(catalog, replace(placed("a.flac"), placed_at=now - 90 * DAY), None, now - 90 * DAY)
    catalog.scans.note(Sighting(frozenset(), frozenset()), both(now - 60 * DAY))
    catalog.scans.note(Sighting(frozenset({7}), frozenset()), both(now - 50 * DAY))
    own = write(80, job_id=7)
    write(80, job_id=8)
    meanwhile = write(55, job_id=8)
    assert catalog.upkeep.prune_journal(before) == 1
    assert left(catalog) == [own, meanwhile]
    catalog.scans.note(Sighting(frozenset(), frozenset()), both(now))
    assert catalog.upkeep.prune_journal(before) == 2


def left_the_account(catalog: Catalog, when: datetime, *job_ids: int) -> None:
    """Jobs that a complete sweep did not see any more."""
    catalog.observe([job(number, display_name="Rain") for number in job_ids], when - DAY)
    sweep = catalog.begin_sweep(when)
    catalog.finish_sweep(sweep, when, complete=True, total=0, seen=0)


def gone(catalog: Catalog, when: datetime, *job_ids: int) -> None:
    """The same, with their files."""
    left_the_account(catalog, when, *job_ids)
    for number in job_ids:
        catalog.outcomes.record(
            Done(job_id=number, verb="forget", state=State.GONE), entry=0, now=both(when)
        )


def test_what_left_nothing_is_forgotten_with_its_history(
    catalog: Catalog, now: datetime, before: datetime
) -> None:
    gone(catalog, now - 31 * DAY, 7)
    catalog.retries.note(7, both(now - 32 * DAY))
    gone(catalog, now - 29 * DAY, 8)
    catalog.observe([job(9)], now)

    assert catalog.upkeep.prune_gone(before, ()) == 1
    assert [count(catalog, table) for table in ("job", "baseline", "retry")] == [2, 1, 0]
    assert catalog.job(7) is None
    assert catalog.job(8) is not None
    with catalog.reading() as connection:
        assert (
            len(connection.exec_driver_sql("SELECT * FROM words WHERE words = 'rain'").all()) == 1
        )
    assert catalog.upkeep.prune_gone(before, ()) == 0


def test_what_left_a_copy_a_file_a_question_or_history_is_not_forgotten(
    catalog: Catalog,
    now: datetime,
    before: datetime,
    write: Callable[..., int],
    placed: Callable[[str], Placed],
) -> None:
    old = now - 90 * DAY
    gone(catalog, old, 1, 2, 3)
    write(20, job_id=2)
    hold = Hold(job_id=3, held="trash-local", reason="r", path="a.flac", batched=True)
    catalog.holds.keep(Plan((hold,)), now)
    left_the_account(catalog, old, 4)
    put(catalog, placed("d.flac"), None, old, job_id=4)

    assert catalog.upkeep.prune_gone(before, {1}) == 0
    assert count(catalog, "job") == 4
    catalog.holds.keep(Plan(()), now)
    assert catalog.upkeep.prune_gone(before, ()) == 2


def test_when_it_was_last_done_is_remembered(catalog: Catalog, path: Path, now: datetime) -> None:
    assert catalog.upkeep.done_at() is None
    catalog.upkeep.note_done(now - DAY)
    catalog.upkeep.note_done(now)
    again = Catalog.open(path)
    assert again.upkeep.done_at() == now
    again.close()


def test_the_log_is_folded_into_the_file(catalog: Catalog, path: Path, now: datetime) -> None:
    catalog.observe([job(number) for number in range(100)], now)
    log = path.with_name(f"{path.name}-wal")
    assert log.stat().st_size > 0
    catalog.upkeep.compact()
    assert log.stat().st_size == 0
    assert count(catalog, "job") == 100


def test_a_reader_keeps_the_log_and_nothing_fails(
    catalog: Catalog, path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_PATIENCE_MS", 1)
    reader = Catalog.read(path)
    assert reader is not None
    with reader.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM job").scalar_one() == 0
        catalog.observe([job(1)], now)
        catalog.upkeep.compact()
    reader.close()
    assert count(catalog, "job") == 1
    with catalog.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 10_000


def test_what_is_damaged_on_the_disk_is_found_though_it_stands_in_memory(
    catalog: Catalog, path: Path, now: datetime
) -> None:
    catalog.observe([job(number) for number in range(1, 200)], now)
    catalog.upkeep.compact()
    with catalog.reading() as connection:
        size = connection.execute(text("PRAGMA page_size")).scalar_one()
        where = text("SELECT rootpage FROM sqlite_master WHERE name = 'job'")
        page = connection.execute(where).scalar_one()
    assert len(catalog.remote_tree().tracks) == 199
    with path.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xa5" * size)
    verdict = catalog.check()
    assert verdict != "ok"
    assert verdict.isprintable()
