"""Outcomes in the catalog: the baseline, the journal, and many writers at once."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import text

from syncd.catalog import store
from syncd.catalog.store import Catalog
from syncd.core.model import BaselineTrack, FileStat, LocalFile, State
from syncd.errors import CatalogUnusable

from .looking import HOUR, MakeFile, MakePlaced, count, job


def test_a_placed_track_is_recorded_in_every_table_at_once(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, now: datetime
) -> None:
    catalog.give_number(7, album="AudioPod 2026-03", number=3)
    catalog.record_failure(7, "no answer", attempts=2, next_try_at=now)
    entry = catalog.journal.start(
        cycle="c", job_id=7, verb="download", path="a.flac", reason="new", now=now
    )
    file = local_file("a.flac")
    catalog.record_placed(7, placed("a.flac"), file, entry=entry, now=now + HOUR)
    assert catalog.baseline().tracks == {
        7: BaselineTrack(
            job_id=7,
            state=State.PLACED,
            album="AudioPod 2026-03",
            number=3,
            placed=placed("a.flac"),
        )
    }
    assert catalog.known_files() == {"a.flac": file}
    assert catalog.journal.entries(7) == [
        {
            "id": entry,
            "cycle": "c",
            "job_id": 7,
            "verb": "download",
            "path": "a.flac",
            "reason": "new",
            "started_at": now,
            "finished_at": now + HOUR,
            "outcome": "done",
            "detail": None,
        }
    ]


@pytest.mark.parametrize("step", ["_write_baseline", "_write_files", "finish"])
def test_recording_a_placed_track_is_all_or_nothing(
    catalog: Catalog,
    local_file: MakeFile,
    placed: MakePlaced,
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    entry = catalog.journal.start(
        cycle="c", job_id=7, verb="download", path="a.flac", reason="new", now=now
    )
    target = catalog.journal if step == "finish" else store
    real = getattr(target, step)

    def fails_after(*arguments: object, **named: object) -> None:
        real(*arguments, **named)
        raise OSError("pulled out")

    monkeypatch.setattr(target, step, fails_after)
    with pytest.raises(OSError, match="pulled out"):
        catalog.record_placed(7, placed("a.flac"), local_file("a.flac"), entry=entry, now=now)
    assert catalog.baseline().tracks == {}
    assert catalog.known_files() == {}
    assert catalog.journal.entries(7)[0]["outcome"] is None


def test_a_failure_keeps_what_is_known_of_an_earlier_placement(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, now: datetime
) -> None:
    catalog.give_number(7, album="A", number=3)
    catalog.record_placed(7, placed("a.flac"), local_file("a.flac"), entry=0, now=now)
    catalog.record_failure(7, "no answer", attempts=2, next_try_at=now + HOUR)
    assert catalog.baseline_of(7) == BaselineTrack(
        job_id=7,
        state=State.UNAVAILABLE,
        album="A",
        number=3,
        placed=placed("a.flac"),
        attempts=2,
        reason="no answer",
        next_try_at=now + HOUR,
    )


def test_a_failure_of_a_track_not_known_before(catalog: Catalog, now: datetime) -> None:
    catalog.record_failure(7, "no audio", attempts=1, next_try_at=now)
    assert catalog.baseline_of(7) == BaselineTrack(
        job_id=7, state=State.UNAVAILABLE, attempts=1, reason="no audio", next_try_at=now
    )
    assert catalog.baseline_of(8) is None


def test_a_number_makes_a_track_wanted(catalog: Catalog) -> None:
    catalog.give_number(7, album="A", number=3)
    assert catalog.baseline_of(7) == BaselineTrack(
        job_id=7, state=State.WANTED, album="A", number=3
    )


def test_a_number_never_changes_the_state_of_a_track(
    catalog: Catalog, local_file: MakeFile, placed: MakePlaced, now: datetime
) -> None:
    catalog.record_placed(7, placed("a.flac"), local_file("a.flac"), entry=0, now=now)
    catalog.record_failure(8, "no answer", attempts=4, next_try_at=now)
    for job_id in (7, 8):
        before = catalog.baseline_of(job_id)
        assert before is not None
        catalog.give_number(job_id, album="A", number=job_id)
        assert catalog.baseline_of(job_id) == replace(before, album="A", number=job_id)


# --- the journal, and many at once ---


def test_the_journal_of_a_job_is_told_oldest_first(catalog: Catalog, now: datetime) -> None:
    for verb in ("download", "adopt"):
        entry = catalog.journal.start(
            cycle=verb, job_id=7, verb=verb, path=None, reason="r", now=now
        )
        catalog.journal.finish(entry, now, outcome="failed", detail="d")
    catalog.journal.start(cycle="x", job_id=8, verb="x", path=None, reason="r", now=now)
    assert [(row["verb"], row["outcome"], row["detail"]) for row in catalog.journal.entries(7)] == [
        ("download", "failed", "d"),
        ("adopt", "failed", "d"),
    ]


def test_threads_write_at_once_and_nothing_is_lost(catalog: Catalog, now: datetime) -> None:
    errors: list[BaseException] = []
    start = threading.Barrier(4)

    def work(worker: int) -> None:
        try:
            start.wait()
            for turn in range(25):
                number = worker * 100 + turn + 1
                catalog.observe([job(number)], now)
                catalog.give_number(number, album="A", number=number)
                assert number in catalog.remote_tree().tracks
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert count(catalog, "job") == count(catalog, "baseline") == 100


def test_a_copy_takes_threads_too(catalog: Catalog, path: object, now: datetime) -> None:
    copy = Catalog.copy(path)  # type: ignore[arg-type]
    thread = threading.Thread(target=copy.observe, args=([job(1)], now))
    thread.start()
    thread.join()
    assert set(copy.remote_tree().tracks) == {1}
    copy.close()


def test_what_sqlite_cannot_do_is_said_in_one_line(catalog: Catalog) -> None:
    with catalog.reading() as connection:
        connection.execute(text("DROP TABLE baseline"))
    with pytest.raises(CatalogUnusable, match=r"^the catalog: no such table: baseline") as caught:
        catalog.baseline()
    assert caught.value.hint is not None


def test_the_largest_numbers_of_a_file_system_fit(catalog: Catalog) -> None:
    stat = FileStat(2**63 - 1, 2**62, 2**62, -1)
    catalog.remember_scan({}, {"a.mp3": LocalFile("a.mp3", stat)})
    assert catalog.known_files()["a.mp3"].stat == stat
