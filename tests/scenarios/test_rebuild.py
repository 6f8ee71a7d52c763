"""``syncd rebuild``: a lost catalog is made anew from the service and the ids in the files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from syncd.core.baseline import State
from syncd.simulator import Fault, Simulator

from .guarding import (
    ALBUM,
    add,
    assert_nothing_removed,
    assert_refused,
    deleted,
    fill,
    held,
    marker,
    renamed,
)

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Five tracks in step, where a deletion waits out no grace."""
    return fill(bench, 5)


@pytest.fixture
def lost(bench: Bench, tracks: list[int]) -> list[int]:
    """The same, and the state folder is gone."""
    shutil.rmtree(bench.state)
    return tracks


def batches(bench: Bench) -> dict[str, int]:
    """The numbers of what is held, by what is held."""
    return {b["held"]: b["batch"] for b in bench.run("pending", "--json").document["batches"]}


def put_aside(bench: Bench) -> list[Path]:
    return sorted(bench.state.glob("catalog.sqlite3.2*"))


def test_files_are_known_by_their_ids_and_nothing_is_fetched_or_sent(
    bench: Bench, lost: list[int]
) -> None:
    before = marker(bench)
    result = bench.run("rebuild")
    assert (result.code, result.out) == (0, "in step: 0 placed, 5 adopted\n")
    assert bench.downloads() == []
    assert marker(bench)["library_id"] == before["library_id"]
    assert marker(bench)["generation"] > before["generation"]
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert {bench.baseline(job_id).state for job_id in lost} == {State.PLACED}  # type: ignore[union-attr]
    assert_nothing_removed(bench)


def test_jobs_without_a_file_are_held_fetched_if_approved_and_ignored_if_rejected(
    bench: Bench, lost: list[int]
) -> None:
    for number in range(2):
        (bench.root / ALBUM / f"T{number}.flac").unlink()
    result = bench.run("rebuild")
    assert result.code == 3
    assert "2 downloads, batch 1 (no file in the folder carries its id)" in result.out
    assert held(bench) == {"download": lost[:2]}
    assert bench.run("sync").code == 3
    assert bench.downloads() == []
    assert bench.run("approve", "--job", lost[0]).code == 3
    assert bench.placed(lost[0]).exists()
    assert bench.run("reject", "1").code == 0
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert len(bench.downloads()) == 1
    assert len(bench.audio()) == 4
    assert_nothing_removed(bench)


def test_names_that_changed_while_it_was_lost_are_held_and_sent_if_approved(
    bench: Bench, lost: list[int]
) -> None:
    for number in range(2):
        path = bench.root / ALBUM / f"T{number}.flac"
        path.rename(path.with_name(f"Mine {number}.flac"))
    assert bench.run("rebuild").code == 3
    assert held(bench) == {"rename-remote": lost[:2]}
    assert bench.run("sync").code == 3
    assert_nothing_removed(bench)
    assert bench.run("approve", "--job", lost[0]).code == 3
    assert renamed(bench) == lost[:1]
    assert bench.run("reject", batches(bench)["rename-remote"]).code == 0
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert renamed(bench) == lost[:1]
    assert [job.display_name for job in bench.sim.world.jobs()][:2] == ["Mine 0", "T1"]
    assert {"Mine 0.flac", "Mine 1.flac"} <= {Path(name).name for name in bench.audio()}


def test_a_file_whose_job_went_while_it_was_lost_is_detached(bench: Bench, lost: list[int]) -> None:
    bench.sim.world.delete(lost[0])
    result = bench.run("rebuild")
    assert (result.code, result.out) == (0, "in step: 0 placed, 4 adopted, 1 detached\n")
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 5
    known = bench.baseline(lost[0])
    assert known is not None
    assert known.state is State.DETACHED
    assert_nothing_removed(bench)


def test_what_was_evicted_and_what_was_ignored_stays_so(bench: Bench, tracks: list[int]) -> None:
    assert bench.run("evict", tracks[0]).code == 0
    bench.configure(sync={"deletion_grace": "0s", "deletions": "ignore"})
    bench.placed(tracks[1]).unlink()
    assert bench.run("sync").code == 0
    shutil.rmtree(bench.state)
    result = bench.run("rebuild")
    assert (result.code, result.out) == (0, "in step: 0 placed, 3 adopted\n")
    assert bench.run("sync").out == "in step: nothing to do\n"
    states = [bench.baseline(job_id).state for job_id in tracks[:2]]  # type: ignore[union-attr]
    assert states == [State.EVICTED, State.IGNORED]
    assert bench.downloads() == []
    assert bench.run("fetch", tracks[0]).code == 0
    assert len(bench.audio()) == 4


def test_what_was_held_is_held_again(bench: Bench, tracks: list[int]) -> None:
    bench.configure(sync={"deletion_grace": "0s", "deletion_budget": 0, "rename_budget": 0})
    bench.placed(tracks[0]).unlink()
    path = bench.placed(tracks[1])
    path.rename(path.with_name("Mine.flac"))
    assert bench.run("sync").code == 3
    assert held(bench) == {"delete-remote": tracks[:1], "rename-remote": tracks[1:2]}
    shutil.rmtree(bench.state)
    assert bench.run("rebuild").code == 3
    # What was a deletion then is a job without a file now, and no less held.
    assert held(bench) == {"download": tracks[:1], "rename-remote": tracks[1:2]}
    assert bench.run("sync").code == 3
    assert_nothing_removed(bench)
    assert bench.downloads() == []


def test_a_copy_and_a_file_without_an_id_are_left_alone(bench: Bench, lost: list[int]) -> None:
    shutil.copy2(bench.root / ALBUM / "T0.flac", bench.root / "T0 again.flac")
    (bench.root / "mine.flac").write_bytes(b"mine")
    result = bench.run("rebuild")
    assert (result.code, result.out) == (0, "in step: 0 placed, 5 adopted\n")
    assert len(bench.audio()) == 7
    kinds = {one["kind"] for one in bench.run("ls", "--foreign", "--json").document}
    assert kinds == {"copy", "no id"}


def test_of_several_files_of_a_track_the_one_at_its_own_name_is_taken(
    bench: Bench, lost: list[int]
) -> None:
    for beside in ("T0 (conflict 2026-04-01)", "T0 (restored)", "A copy"):
        shutil.copy2(bench.root / ALBUM / "T0.flac", bench.root / ALBUM / f"{beside}.flac")
    result = bench.run("rebuild")
    assert (result.code, result.out) == (0, "in step: 0 placed, 5 adopted\n")
    assert bench.placed(lost[0]) == bench.root / ALBUM / "T0.flac"
    assert_nothing_removed(bench)


# --- the catalog that is there ---


def test_a_damaged_catalog_is_put_aside_and_not_removed(bench: Bench, tracks: list[int]) -> None:
    catalog = bench.state / "catalog.sqlite3"
    for path in bench.state.glob("catalog*"):
        path.unlink()
    damaged = b"not a database, whatever its name may say" * 50
    catalog.write_bytes(damaged)
    assert_refused(bench, str(catalog), "syncd rebuild")
    asked = bench.run("rebuild")
    assert asked.code == 2
    assert "say --yes" in asked.complaint
    assert bench.run("rebuild", "--yes").out == "in step: 0 placed, 5 adopted\n"
    (kept,) = put_aside(bench)
    assert kept.read_bytes() == damaged
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert bench.downloads() == []
    assert_nothing_removed(bench)


@pytest.mark.parametrize(("answer", "code"), [("n", 1), ("y", 0)])
def test_a_catalog_that_is_whole_is_put_aside_only_if_the_user_agrees(
    bench: Bench, tracks: list[int], answer: str, code: int
) -> None:
    ended, shown = bench.on_terminal("rebuild", typed={"aside and make it anew?": answer})
    assert ended == code
    assert str(bench.state) in shown
    assert len(put_aside(bench)) == (answer == "y")
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert_nothing_removed(bench)


# --- where it is refused, and stopped half-way ---


def test_a_folder_without_a_marker_is_not_taken_for_the_library(
    bench: Bench, tracks: list[int]
) -> None:
    (bench.root / ".syncd/library.json").unlink()
    result = bench.run("rebuild", "--yes")
    assert result.code == 78
    assert "has no marker that can be read" in result.complaint
    assert put_aside(bench) == []
    assert bench.run("adopt", "--yes").code == 0


def test_another_address_is_refused_before_anything_is_put_aside(
    bench: Bench, tracks: list[int]
) -> None:
    bench.configure(api={"base_url": "http://127.0.0.1:9"})
    result = bench.run("rebuild", "--yes")
    assert result.code == 78
    assert "correct api.base_url" in result.complaint
    assert put_aside(bench) == []


DIES = """
import os, pkgutil
owner, _, name = {function!r}.rpartition(".")
setattr(pkgutil.resolve_name(owner), name, lambda *_, **__: os._exit(9))
"""

STOPS = {
    "before the new catalog": "syncd.engine.Catalog.open",
    "before the marker is written": "syncd.actions.bind.write_marker",
    "before the account is listed": "syncd.rest.run_until_rest",
    "after the account was listed": "syncd.cycle.observe",
    "before the files are known": "syncd.executor.Executor.run",
    "before the notes are kept": "syncd.cycle.keep_notes",
}


@pytest.mark.parametrize("function", STOPS.values(), ids=STOPS.keys())
def test_a_rebuild_that_was_killed_is_ended_with_the_same_caution(
    bench: Bench, tracks: list[int], function: str
) -> None:
    assert bench.run("evict", tracks[4]).code == 0
    (bench.root / ALBUM / "T0.flac").unlink()
    path = bench.root / ALBUM / "T1.flac"
    path.rename(path.with_name("Mine now.flac"))
    killed = bench.run("rebuild", "--yes", before=DIES.format(function=function))
    assert killed.code == 9
    if bench.run("sync").code == 78:
        assert bench.run("rebuild", "--yes").code == 3
    assert held(bench) == {"download": tracks[:1], "rename-remote": tracks[1:2]}
    assert bench.run("sync").code == 3
    assert bench.downloads() == []
    assert_nothing_removed(bench)
    known = bench.baseline(tracks[4])
    assert known is not None
    assert known.state is State.EVICTED


def test_a_service_that_fails_while_it_is_listed_leaves_the_rest_to_the_next_run(
    bench: Bench, lost: list[int], haste: str
) -> None:
    (bench.root / ALBUM / "T0.flac").unlink()
    bench.sim.faults.add(Fault("status", origin="api", status=503, times=None))
    assert bench.run("rebuild", before=haste).code == 75
    assert_nothing_removed(bench)
    bench.sim.faults.clear()
    assert_refused(bench, "syncd rebuild")
    assert bench.run("rebuild").code == 3
    assert held(bench) == {"download": lost[:1]}


def test_a_deletion_after_a_rebuild_waits_for_one_clean_cycle_and_is_sent_then(
    bench: Bench, lost: list[int]
) -> None:
    assert bench.run("rebuild").code == 0
    (new,) = add(bench, 1, first=5)
    (bench.root / ALBUM / "T0.flac").unlink()
    assert bench.run("sync").code == 0
    assert bench.placed(new).exists()
    assert deleted(bench) == lost[:1]


def test_a_catalog_is_not_put_aside_for_a_service_that_cannot_be_asked(
    bench: Bench, sim: Simulator, haste: str
) -> None:
    sim.world.add(display_name="Song")
    assert bench.run("sync").code == 0
    sim.faults.add(Fault("status", status=503, times=None))
    result = bench.run("rebuild", "--yes", before=haste)
    assert result.code == 75
    assert [path.name for path in bench.state.glob("catalog.sqlite3.2*")] == []
    sim.faults.clear()
    assert bench.run("sync").code == 0
    kept = bench.run("rebuild", "--yes")
    assert "is kept as " in kept.err
    assert len(list(bench.state.glob("catalog.sqlite3.2*[0-9]"))) == 1
