"""The budgets of a day: what is within passes, what is beyond is held, in both directions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .guarding import IMPATIENT, add, assert_nothing_removed, deleted, fill, held, renamed
from .guarding import trashed as in_trash
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

COUNT = 24
"""Tracks of which eleven are less than half."""

LATER = """
import datetime, time_machine
now = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours={hours})
time_machine.travel(now, tick=True).start()
"""
"""Put before a command: the clock of this computer is so many hours ahead."""


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Tracks in step, where a deletion waits out no grace."""
    return fill(bench, COUNT)


def unlink(bench: Bench, jobs: list[int]) -> None:
    for job_id in jobs:
        bench.placed(job_id).unlink()


def rename(bench: Bench, jobs: list[int]) -> None:
    for job_id in jobs:
        path = bench.placed(job_id)
        path.rename(path.with_name(f"Mine {job_id}.flac"))


def present(bench: Bench, jobs: list[int]) -> list[int]:
    """Those of ``jobs`` that the account still has."""
    return [job_id for job_id in jobs if bench.sim.world.job(job_id) is not None]


# --- deletions in the account ---


def test_ten_deletions_in_a_day_pass_and_the_eleventh_is_held(
    bench: Bench, tracks: list[int]
) -> None:
    unlink(bench, tracks[:6])
    assert bench.run("sync").code == 0
    unlink(bench, tracks[6:10])
    assert bench.run("sync").code == 0
    assert deleted(bench) == tracks[:10]
    assert len(in_trash(bench)) == 10
    unlink(bench, tracks[10:11])
    result = bench.run("sync")
    assert result.code == 3
    assert (
        "1 deletion in the account now and 10 within the last day are more than the budget of 10"
        in (result.out)
    )
    assert "syncd approve 1, or syncd reject 1" in result.out
    assert held(bench) == {"delete-remote": tracks[10:11]}
    assert deleted(bench) == tracks[:10]


def test_eleven_deletions_at_once_are_held_and_an_approval_releases_exactly_those(
    bench: Bench, tracks: list[int]
) -> None:
    unlink(bench, tracks[:11])
    assert bench.run("sync").code == 3
    assert held(bench) == {"delete-remote": tracks[:11]}
    assert_nothing_removed(bench)
    unlink(bench, tracks[11:12])
    assert bench.run("approve", "1").code == 3
    assert deleted(bench) == tracks[:11]
    assert held(bench) == {"delete-remote": tracks[11:12]}
    assert bench.run("sync").code == 3
    assert bench.run("approve", "2").code == 0
    assert deleted(bench) == tracks[:12]
    assert present(bench, tracks) == tracks[12:]


def test_what_is_rejected_comes_back_with_the_next_sync(bench: Bench, tracks: list[int]) -> None:
    unlink(bench, tracks[:11])
    assert bench.run("sync").code == 3
    assert bench.run("reject", "1").code == 0
    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: 0 placed, 11 restored\n")
    assert len(bench.audio()) == COUNT
    assert_nothing_removed(bench)


def test_what_comes_back_by_itself_is_no_longer_held_and_the_others_stay_so(
    bench: Bench, tracks: list[int]
) -> None:
    kept = [
        (bench.placed(job_id), bench.placed(job_id).rename(bench.folder / f"{job_id}.flac"))
        for job_id in tracks[:11]
    ]
    assert bench.run("sync").code == 3
    for path, away in kept[:9]:
        away.rename(path)
    assert bench.run("sync").code == 3
    assert held(bench) == {"delete-remote": tracks[9:11]}
    for path, away in kept[9:]:
        away.rename(path)
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert_nothing_removed(bench)


def test_what_waits_out_its_grace_counts_and_is_held_with_the_others(
    bench: Bench, tracks: list[int]
) -> None:
    bench.configure()
    unlink(bench, tracks[:10])
    result = bench.run("sync", before=AT_ONCE)
    assert (result.code, "10 pending deletion" in result.out) == (0, True)
    unlink(bench, tracks[10:11])
    result = bench.run("sync", before=AT_ONCE)
    assert result.code == 3
    assert "11 deletions in the account within a day are more than the budget" in result.out
    assert held(bench) == {"delete-remote": tracks[:11]}
    assert_nothing_removed(bench)


def test_files_that_were_renamed_are_no_deletions(bench: Bench, tracks: list[int]) -> None:
    rename(bench, tracks)
    assert bench.run("sync").code == 0
    assert renamed(bench) == tracks
    assert (deleted(bench), in_trash(bench)) == ([], [])


def test_deletions_among_renames_are_counted_without_them(bench: Bench, tracks: list[int]) -> None:
    rename(bench, tracks[:14])
    unlink(bench, tracks[14:])
    assert bench.run("sync").code == 0
    assert (renamed(bench), deleted(bench)) == (tracks[:14], tracks[14:])


def test_a_clock_that_is_set_forward_by_a_day_does_not_open_the_budget_anew(
    bench: Bench, tracks: list[int]
) -> None:
    unlink(bench, tracks[:10])
    assert bench.run("sync").code == 0
    unlink(bench, tracks[10:11])
    assert bench.run("sync", before=LATER.format(hours=30)).code == 3
    assert deleted(bench) == tracks[:10]


def test_a_day_by_both_clocks_opens_the_budget_anew(bench: Bench, tracks: list[int]) -> None:
    unlink(bench, tracks[:10])
    assert bench.run("sync").code == 0
    unlink(bench, tracks[10:11])
    bench.sim.switches.date_skew = 25 * 3600.0
    assert bench.run("sync", before=LATER.format(hours=25)).code == 0
    assert deleted(bench) == tracks[:11]


@pytest.mark.parametrize("budget", [0, 1])
def test_a_budget_is_what_the_settings_say_and_nought_asks_always(
    bench: Bench, budget: int
) -> None:
    tracks = fill(bench, 6, sync={"deletion_grace": "0s", "deletion_budget": budget})
    for job_id in tracks[:2]:
        unlink(bench, [job_id])
        bench.run("sync")
    assert deleted(bench) == tracks[:budget]
    assert held(bench) == {"delete-remote": tracks[budget:2]}


# --- files to the trash ---


def test_a_listing_that_lacks_eleven_jobs_moves_nothing_to_the_trash(
    bench: Bench, tracks: list[int]
) -> None:
    for job_id in tracks[:11]:
        bench.sim.world.delete(job_id)
    for _ in range(2):
        result = bench.run("sync")
        assert result.code == 3
        assert "11 files to the trash within a day are more than the budget of 10" in result.out
    assert held(bench) == {"trash-local": tracks[:11]}
    assert len(bench.audio()) == COUNT
    assert_nothing_removed(bench)
    assert bench.run("approve", "1").code == 0
    assert len(in_trash(bench)) == 11
    assert len(bench.audio()) == COUNT - 11


def test_files_whose_jobs_are_gone_stay_where_that_is_rejected(
    bench: Bench, tracks: list[int]
) -> None:
    for job_id in tracks[:11]:
        bench.sim.world.delete(job_id)
    assert bench.run("sync").code == 3
    assert bench.run("reject", "1").code == 0
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert len(bench.audio()) == COUNT
    assert_nothing_removed(bench)


def test_jobs_that_are_listed_again_leave_nothing_held(bench: Bench, tracks: list[int]) -> None:
    away = [bench.sim.world.job(job_id) for job_id in tracks[:11]]
    for job_id in tracks[:11]:
        bench.sim.world.delete(job_id)
    assert bench.run("sync").code == 3
    bench.sim.world.insert([job for job in away if job is not None])
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert_nothing_removed(bench)


def test_an_account_that_is_suddenly_empty_moves_nothing_to_the_trash(bench: Bench) -> None:
    tracks = fill(bench, 3)
    for job_id in tracks:
        bench.sim.world.delete(job_id)
    result = bench.run("sync")
    assert result.code == 3
    assert "3 files to the trash, batch 1 (the account lists no job any more" in result.out
    assert len(bench.audio()) == 3
    assert_nothing_removed(bench)


def test_both_directions_are_counted_apart(bench: Bench, tracks: list[int]) -> None:
    unlink(bench, tracks[:6])
    for job_id in tracks[6:12]:
        bench.sim.world.delete(job_id)
    assert bench.run("sync").code == 0
    assert deleted(bench) == tracks[:6]
    assert len(in_trash(bench)) == 12
    assert len(bench.audio()) == COUNT - 12


def test_what_went_to_the_trash_within_the_day_counts(bench: Bench, tracks: list[int]) -> None:
    bench.configure(sync={**IMPATIENT["sync"], "deletion_budget": 2})
    for job_id in tracks[:2]:
        bench.sim.world.delete(job_id)
    assert bench.run("sync").code == 0
    bench.sim.world.delete(tracks[2])
    result = bench.run("sync")
    assert result.code == 3
    assert "now and 2 within the last day are more than the budget of 2" in result.out
    assert held(bench) == {"trash-local": tracks[2:3]}
    assert len(in_trash(bench)) == 2


# --- names ---


def test_renames_beyond_their_budget_are_held_and_an_approval_sends_exactly_those(
    bench: Bench, tracks: list[int]
) -> None:
    bench.configure(sync={**IMPATIENT["sync"], "rename_budget": 3})
    rename(bench, tracks[:2])
    assert bench.run("sync").code == 0
    rename(bench, tracks[2:4])
    result = bench.run("sync")
    assert result.code == 3
    assert (
        "2 renames in the account now and 2 within the last day are more than the budget of 3"
        in (result.out)
    )
    assert renamed(bench) == tracks[:2]
    assert held(bench) == {"rename-remote": tracks[2:4]}
    assert bench.run("approve", "1").code == 0
    assert renamed(bench) == tracks[:4]
    rename(bench, tracks[4:5])
    assert bench.run("sync").code == 3
    assert renamed(bench) == tracks[:4]
    assert held(bench) == {"rename-remote": tracks[4:5]}


def test_a_rename_budget_of_nought_asks_always(bench: Bench) -> None:
    tracks = fill(bench, 4, sync={"rename_budget": 0})
    rename(bench, tracks[:1])
    assert bench.run("sync").code == 3
    assert_nothing_removed(bench)
    (new,) = add(bench, 1, first=50)
    assert bench.run("sync").code == 3  # what is held stops nothing else
    assert bench.placed(new).exists()
    assert bench.run("approve", "1").code == 0
    assert renamed(bench) == tracks[:1]


# --- audio ---


def test_audio_that_changed_under_eleven_jobs_replaces_nothing_unasked(
    bench: Bench, tracks: list[int]
) -> None:
    for job_id in tracks[:11]:
        bench.sim.world.replace_audio(job_id)
    result = bench.run("sync")
    assert result.code == 3
    assert "11 files to be replaced within a day are more than the budget of 10" in result.out
    assert held(bench) == {"redownload": tracks[:11]}
    assert_nothing_removed(bench)
    assert bench.run("reject", "1").code == 0
    assert bench.run("sync").code == 0
    assert_nothing_removed(bench)


def test_what_was_replaced_within_the_day_counts(bench: Bench, tracks: list[int]) -> None:
    bench.configure(sync={**IMPATIENT["sync"], "deletion_budget": 2})
    for job_id in tracks[:2]:
        bench.sim.world.replace_audio(job_id)
    assert bench.run("sync").code == 0
    bench.sim.world.replace_audio(tracks[2])
    result = bench.run("sync")
    assert result.code == 3
    assert "now and 2 within the last day are more than the budget of 2" in result.out
    assert held(bench) == {"redownload": tracks[2:3]}
    assert len(in_trash(bench)) == 2
