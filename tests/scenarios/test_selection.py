"""``[library.only]``: what is fetched at all, and what becomes of files that are outside it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from syncd.core.baseline import State
from syncd.simulator import Fault, Simulator

from .mirroring import ALBUM, LRC, MARCH, NO_GRACE, dies_before
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

HOUSE = {"library.only": {"genre": ["house"]}}


@pytest.fixture
def tracks(sim: Simulator) -> dict[str, int]:
    """Two of house music, one of jazz."""
    genres = {"Alpha": "House", "Beta": "house", "Gamma": "Jazz"}
    return {
        title: sim.world.add(display_name=title, created_at=MARCH, genre=[genre], lrc_content=LRC)
        for title, genre in genres.items()
    }


@pytest.fixture
def narrowed(bench: Bench, sim: Simulator, tracks: dict[str, int]) -> dict[str, int]:
    """All three are in the folder, and then the selection leaves one out."""
    bench.prepare(sync=NO_GRACE)
    assert bench.run("sync").code == 0
    bench.configure(sync=NO_GRACE, **HOUSE)
    sim.requests.clear()
    return tracks


def test_a_job_outside_the_selection_is_listed_and_not_fetched(
    bench: Bench, sim: Simulator, tracks: dict[str, int]
) -> None:
    bench.prepare(**{"library.only": {"title": "a*", "genre": ["house", "hose"]}})
    plan = bench.run("plan")
    assert "2 jobs are outside library.only, and not fetched" in plan.out
    assert "no job has the genre “hose” that library.only asks for" in plan.out
    assert "Gamma" not in plan.out
    result = bench.run("sync")
    assert result.code == 0
    assert "  2 jobs are outside library.only, and not fetched\n" in result.out
    assert "genre “hose”" in result.out
    assert bench.audio() == [f"{ALBUM}/Alpha.flac"]
    listed = {one["display_name"]: one for one in bench.run("ls", "--json").document}
    assert listed["Gamma"]["state"] == "unselected"
    assert listed["Beta"]["reason"] == "outside library.only: it is called “Beta”"
    assert "2 unselected" in bench.run("status").out
    sim.world.rename(tracks["Beta"], "Aria")
    assert bench.run("sync", "--json").document["unselected"] == [tracks["Gamma"]]
    assert bench.placed(tracks["Beta"]).exists()
    assert sim.requests.mutating() == []


def test_one_that_is_fetched_by_name_stays_whatever_is_selected(
    bench: Bench, tracks: dict[str, int]
) -> None:
    bench.prepare(**HOUSE)
    assert bench.run("sync").code == 0
    assert bench.run("fetch", tracks["Gamma"]).code == 0
    path = bench.placed(tracks["Gamma"])
    bench.configure(**{"library.only": {"genre": ["house"], "min_quality": 0.1}})
    bench.run("sync")
    assert path.exists()
    assert f"{ALBUM}/Gamma.flac" not in bench.run("pending").out


def test_a_narrower_selection_frees_its_files_only_when_that_is_approved(
    bench: Bench, sim: Simulator, narrowed: dict[str, int]
) -> None:
    path = bench.placed(narrowed["Gamma"])
    asked = bench.run("sync")
    assert asked.code == 3
    assert path.exists()
    assert "1 file to be freed" in asked.out + asked.err
    held = bench.run("pending")
    assert "its genre is Jazz" in held.out
    (batch,) = {one.batch for one in _holds(bench)}
    assert bench.run("approve", batch).code == 0
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "Alpha.flac", "Alpha.lrc", "Beta.flac", "Beta.lrc",
    ]  # fmt: skip
    assert bench.baseline(narrowed["Gamma"]).state is State.UNSELECTED
    assert bench.run("sync").code == 0
    assert not path.exists()
    bench.configure(sync=NO_GRACE)
    assert bench.run("sync").code == 0
    assert path.exists(), "it is in the selection again"
    assert sim.requests.mutating() == []


def test_a_rejection_keeps_the_files_until_the_selection_is_another(
    bench: Bench, narrowed: dict[str, int]
) -> None:
    path = bench.placed(narrowed["Gamma"])
    batch = _held_by_sync(bench)
    assert bench.run("reject", batch).code == 0
    assert bench.run("sync").code == 0
    assert path.exists()
    assert _holds(bench) == []
    bench.configure(**{"library.only": {"genre": ["house"], "title": "*a"}})
    bench.run("sync")
    assert narrowed["Gamma"] in {one.job_id for one in _holds(bench)}


def test_a_file_that_was_changed_in_the_folder_is_not_freed(
    bench: Bench, narrowed: dict[str, int]
) -> None:
    path = bench.placed(narrowed["Gamma"])
    batch = _held_by_sync(bench)
    path.write_bytes(path.read_bytes() + b"mine")
    told = bench.run("approve", batch)
    assert path.read_bytes().endswith(b"mine")
    assert "was changed in the folder: it stays" in told.out + told.err
    assert _holds(bench) == [], "it is asked about no more"
    assert "was changed in the folder: it stays" in bench.run("plan").out


def test_a_file_whose_audio_the_account_lost_is_not_freed(
    bench: Bench, sim: Simulator, narrowed: dict[str, int]
) -> None:
    path = bench.placed(narrowed["Gamma"])
    batch = _held_by_sync(bench)
    sim.world.replace_audio(narrowed["Gamma"])
    bench.run("approve", batch)
    assert path.exists()


def test_a_file_whose_audio_is_not_served_is_not_freed(
    bench: Bench, sim: Simulator, narrowed: dict[str, int]
) -> None:
    path = bench.placed(narrowed["Gamma"])
    batch = _held_by_sync(bench)
    sim.faults.add(Fault("status", origin="media", status=404, times=None))
    result = bench.run("approve", batch)
    assert path.exists()
    assert bench.baseline(narrowed["Gamma"]).state is State.PLACED
    assert "left alone, as perhaps the only copy of its audio" in result.out + result.err


def test_a_file_that_is_changed_in_the_last_moment_is_not_freed(
    bench: Bench, sim: Simulator, narrowed: dict[str, int]
) -> None:
    path = bench.placed(narrowed["Gamma"])
    mine = path.read_bytes() + b"mine"
    batch = _held_by_sync(bench)
    sim.faults.add(
        Fault("run", path="/status$", call=lambda _world: path.write_bytes(mine) and None)
    )
    bench.run("approve", batch)
    assert path.read_bytes() == mine
    assert bench.baseline(narrowed["Gamma"]).state is State.PLACED


def test_a_file_that_the_user_deletes_in_the_last_moment_is_deleted_and_not_freed(
    bench: Bench, sim: Simulator, narrowed: dict[str, int]
) -> None:
    path = bench.placed(narrowed["Gamma"])
    batch = _held_by_sync(bench)
    sim.faults.add(Fault("run", path="/status$", call=lambda _world: path.unlink(missing_ok=True)))
    assert bench.run("approve", batch, before=AT_ONCE).code != 78, "the folder is in order"
    assert bench.baseline(narrowed["Gamma"]).state is State.GONE


def test_what_is_stopped_half_way_is_no_deletion_by_the_user(
    bench: Bench, sim: Simulator, narrowed: dict[str, int]
) -> None:
    path = bench.placed(narrowed["Gamma"])
    batch = _held_by_sync(bench)
    assert (
        bench.run("approve", batch, before=dies_before("syncd.local.trash.Trash.discard")).code == 9
    )
    assert bench.baseline(narrowed["Gamma"]).state is State.UNSELECTED
    for _ in range(2):
        assert bench.run("sync", before=AT_ONCE).code == 0
    assert not path.exists()
    assert sim.world.job(narrowed["Gamma"]) is not None
    assert sim.requests.mutating() == []


def test_what_was_freed_after_the_backup_of_a_catalog_is_no_deletion(
    bench: Bench, sim: Simulator, narrowed: dict[str, int]
) -> None:
    batch = _held_by_sync(bench)
    shutil.copytree(bench.state, bench.folder / "backup")
    assert bench.run("approve", batch).code == 0
    shutil.rmtree(bench.state)
    (bench.folder / "backup").rename(bench.state)
    assert bench.run("sync").code == 78
    assert bench.run("adopt", "--yes").code == 0
    assert bench.run("sync", before=AT_ONCE).code == 0
    assert bench.baseline(narrowed["Gamma"]).state is State.UNSELECTED
    assert sim.requests.mutating() == []


def test_the_user_may_still_delete_what_is_asked_about(
    bench: Bench, sim: Simulator, narrowed: dict[str, int]
) -> None:
    bench.run("sync")
    bench.placed(narrowed["Gamma"]).unlink()
    bench.run("sync", before=AT_ONCE)
    assert [one.method for one in sim.requests.mutating()] == ["DELETE"]


def _held_by_sync(bench: Bench) -> int:
    """The one batch that a sync holds."""
    bench.run("sync")
    (batch,) = {one.batch for one in _holds(bench)}
    return int(batch)


def _holds(bench: Bench) -> list[Any]:
    with bench.catalog() as catalog:
        return catalog.holds.all()
