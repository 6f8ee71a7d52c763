"""``syncd rm``: the job goes for good, its audio to the trash; whatever happens in between."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

import pytest
from mutagen.flac import FLAC

from syncd.catalog import queries
from syncd.core.baseline import State
from syncd.local.audio import check
from syncd.local.files import default_mode
from syncd.local.root import open_root
from syncd.local.trash import Entry, Trash, Why
from syncd.simulator import Fault, Simulator

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"
LRC = "[00:00.00]la"


@pytest.fixture
def track(bench: Bench, sim: Simulator) -> int:
    """One track, placed, with its lyrics beside it."""
    job_id = sim.world.add(display_name="Rain", created_at=MARCH, lrc_content=LRC)
    assert bench.run("sync").code == 0
    sim.requests.clear()
    return job_id


def trashed(bench: Bench) -> list[Entry]:
    """What is in the trash; every entry is whole."""
    trash = Trash(open_root(bench.root), mode=default_mode())
    entries = trash.entries()
    assert all(trash.verify(entry) for entry in entries)
    return entries


def deletions(sim: Simulator) -> list[str]:
    return [record.path for record in sim.requests.select(method="DELETE")]


def test_a_track_is_deleted_in_the_account_and_its_file_goes_to_the_trash(
    bench: Bench, sim: Simulator, track: int
) -> None:
    data = bench.placed(track).read_bytes()
    result = bench.run("rm", track, "--yes")
    assert result.code == 0, result.err
    assert result.out.startswith(f"deleted job {track}, “Rain”; kept in the trash as ")
    assert sim.world.job(track) is None
    assert list((bench.root / ALBUM).iterdir()) == []
    (entry,) = trashed(bench)
    file = bench.root / ".syncd" / "trash" / entry.name
    assert (file.read_bytes(), entry.why, entry.title) == (data, Why.REMOVED, "Rain")
    assert file.with_suffix(".lrc").exists()
    assert json.loads(entry.job)["id"] == track
    assert bench.requests("media") == []
    assert bench.baseline(track).state is State.GONE
    with bench.catalog() as catalog:
        last = queries.history(catalog, track)[-1]
    assert (last.verb, last.reason, last.outcome) == ("delete-remote", "named by command", "done")


def test_nothing_is_left_to_do_after_it(bench: Bench, sim: Simulator, track: int) -> None:
    assert bench.run("rm", track, "--yes").code == 0
    sim.requests.clear()
    assert bench.run("sync").code == 0
    assert sim.requests.mutating() == []
    assert bench.run("ls", "--gone", "--json").document[0]["state"] == "gone"
    again = bench.run("rm", track, "--yes")
    assert again.code == 1
    assert "is not in the account any more" in again.complaint
    assert f"syncd history --job {track}" in again.complaint


def test_it_asks_on_a_terminal_and_shows_what_it_is_about(
    bench: Bench, sim: Simulator, track: int
) -> None:
    code, shown = bench.on_terminal("rm", track, typed={"Delete this job in the account": "n"})
    assert code == 1
    assert f"{ALBUM}/Rain.flac" in shown
    assert "“Rain”" in shown
    assert sim.requests.mutating() == []
    code, shown = bench.on_terminal("rm", track, typed={"Delete this job in the account": "y"})
    assert code == 0, shown
    assert sim.world.job(track) is None


def test_without_a_terminal_it_needs_to_be_told(bench: Bench, sim: Simulator, track: int) -> None:
    result = bench.run("rm", track)
    assert result.code == 2
    assert "--yes" in result.complaint
    assert bench.requests() == []


def test_it_is_not_counted_in_the_budget(bench: Bench, sim: Simulator) -> None:
    bench.configure(sync={"deletion_budget": 0})
    jobs = [sim.world.add(display_name=f"Song {n}", created_at=MARCH) for n in range(5)]
    assert bench.run("sync").code == 0
    assert bench.run("rm", *map(str, jobs), "--yes").code == 0
    assert sim.world.jobs() == []
    assert len(trashed(bench)) == 5
    assert bench.run("sync").code == 0


# --- where the recovery copy comes from ---


def test_audio_without_a_file_is_fetched_before_its_job_goes(
    bench: Bench, sim: Simulator, track: int
) -> None:
    bench.placed(track).unlink()
    assert bench.run("rm", track, "--yes").code == 0
    (entry,) = trashed(bench)
    kept = bench.root / ".syncd" / "trash" / entry.name
    assert check(kept, "flac", expected_duration=None).duration > 0
    assert FLAC(kept)["audiopod_job_id"] == [str(track)]
    fetched = [r.index for r in bench.requests("media") if r.path.endswith(".flac")]
    (deleted,) = [r.index for r in sim.requests.select(method="DELETE")]
    assert max(fetched) < deleted


def test_a_job_that_was_never_placed_is_fetched_too(
    bench: Bench, sim: Simulator, track: int
) -> None:
    job_id = sim.world.add(display_name="New", created_at=MARCH)
    assert bench.run("rm", job_id, "--yes").code == 0
    assert sim.world.job(job_id) is None
    assert [entry.path for entry in trashed(bench)] == [f"{ALBUM}/New.flac"]


def test_a_file_that_was_moved_is_found_and_goes_to_the_trash(
    bench: Bench, sim: Simulator, track: int
) -> None:
    moved = bench.root / "Best of" / "Rain.flac"
    moved.parent.mkdir()
    bench.placed(track).rename(moved)
    assert bench.run("rm", track, "--yes").code == 0
    assert bench.audio() == []
    assert bench.requests("media") == []
    assert [entry.path for entry in trashed(bench)] == ["Best of/Rain.flac"]


@pytest.mark.parametrize("harm", ["edited", "rotten", "replaced in the account"])
def test_a_file_that_is_not_what_the_account_has_is_kept_beside_what_it_has(
    bench: Bench, sim: Simulator, track: int, harm: str
) -> None:
    path = bench.placed(track)
    if harm == "edited":
        tagged = FLAC(path)
        tagged["comment"] = "mine"
        tagged.save()
    elif harm == "rotten":
        before = path.stat()
        data = bytearray(path.read_bytes())
        data[-20] ^= 255
        path.write_bytes(data)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        sim.world.replace_audio(track)
    mine = path.read_bytes()
    assert bench.run("rm", track, "--yes").code == 0
    assert bench.audio() == []
    entries = trashed(bench)
    assert len(entries) == 2
    kept = [(bench.root / ".syncd" / "trash" / e.name).read_bytes() for e in entries]
    assert mine in kept
    assert len(set(kept)) == 2


def test_audio_that_cannot_be_had_keeps_its_job(bench: Bench, sim: Simulator, track: int) -> None:
    bench.placed(track).unlink()
    sim.faults.add(Fault("status", origin="media", status=404, times=None))
    assert bench.run("rm", track, "--yes").code == 1
    assert deletions(sim) == []
    assert sim.world.job(track) is not None


def test_a_failed_job_goes_without_a_copy_only_where_that_is_said(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Lost", status="FAILED", audio={})
    bench.run("sync")
    result = bench.run("rm", job_id, "--yes")
    assert result.code == 2
    assert "--without-copy" in result.complaint
    assert deletions(sim) == []
    code, shown = bench.on_terminal("rm", job_id, typed={"no copy is kept": "n"})
    assert code == 1, shown
    assert deletions(sim) == []
    assert bench.run("rm", job_id, "--yes", "--without-copy").code == 0
    assert sim.world.job(job_id) is None
    assert trashed(bench) == []


@pytest.mark.parametrize("status", ["COMPLETED", "CANCELLED"])
def test_only_a_failed_job_goes_without_a_copy(bench: Bench, sim: Simulator, status: str) -> None:
    job_id = sim.world.add(display_name="Silent", status=status, audio={})
    bench.run("sync")
    result = bench.run("rm", job_id, "--yes", "--without-copy")
    assert result.code == 1
    assert f"is {status} and offers no audio now" in result.complaint
    assert "try again later" in result.complaint
    assert deletions(sim) == []
    assert sim.world.job(job_id) is not None


def test_a_file_whose_job_lost_its_audio_is_copy_enough(
    bench: Bench, sim: Simulator, track: int
) -> None:
    sim.world.update(track, audio={})
    assert bench.run("rm", track, "--yes").code == 0
    assert sim.world.job(track) is None
    assert len(trashed(bench)) == 1


def test_a_job_that_is_being_made_is_left_alone(bench: Bench, sim: Simulator, track: int) -> None:
    job_id = sim.world.add(status="PENDING", run_seconds=None)
    result = bench.run("rm", job_id, "--yes", "--without-copy")
    assert result.code == 1
    assert "is PENDING" in result.complaint
    assert deletions(sim) == []


# --- what happens in between ---


def test_a_job_that_changes_while_its_copy_is_made_is_not_deleted(
    bench: Bench, sim: Simulator, track: int
) -> None:
    bench.placed(track).unlink()
    sim.faults.add(
        Fault("run", origin="media", call=lambda world: world.rename(track, "Keep this"))
    )
    result = bench.run("rm", track, "--yes")
    assert result.code == 1
    assert "was changed in the account meanwhile" in result.complaint
    assert deletions(sim) == []


def test_a_copy_that_is_not_what_it_was_keeps_its_job(
    bench: Bench, sim: Simulator, track: int
) -> None:
    path = bench.placed(track)

    def spoil(_world: object) -> None:
        (copy,) = (bench.root / ".syncd" / "trash").rglob("*.flac")
        with copy.open("ab") as stream:
            stream.write(b"spoilt")

    # Looked at before the question, before the copy and after it.
    sim.faults.add(Fault("run", path="/status$", after=2, call=spoil))
    result = bench.run("rm", track, "--yes")
    assert result.code == 1
    assert "is not what it was a moment ago" in result.complaint
    assert deletions(sim) == []
    assert path.exists()


def test_a_marker_that_vanishes_while_the_copy_is_made_keeps_the_job(
    bench: Bench, sim: Simulator, track: int
) -> None:
    marker = bench.root / ".syncd/library.json"
    # The third look at the job is the one that follows the copy.
    sim.faults.add(Fault("run", path="/status$", after=2, call=lambda _world: marker.unlink()))
    assert bench.run("rm", track, "--yes").code == 78
    assert deletions(sim) == []
    assert bench.placed(track).exists()


def test_a_key_that_may_only_read_deletes_nothing(bench: Bench, sim: Simulator, track: int) -> None:
    sim.world.grant(sim.key, read_only=True)
    result = bench.run("rm", track, "--yes")
    assert result.code == 1
    assert "may not delete jobs" in result.complaint
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]
    assert bench.run("sync").code == 0
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]


def test_the_key_of_another_account_deletes_nothing(
    bench: Bench, sim: Simulator, track: int
) -> None:
    sim.world.grant("ap_other", user_id=7002)
    sim.world.add(user_id=7002)
    result = bench.run("rm", track, "--yes", AUDIOPOD_API_KEY="ap_other")
    assert result.code == 78
    assert deletions(sim) == []


def test_a_file_changed_while_its_job_is_deleted_stays_as_the_users_own(
    bench: Bench, sim: Simulator, track: int
) -> None:
    path = bench.placed(track)

    def edit(_world: object) -> None:
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data + b"mine")

    sim.faults.add(Fault("run", method="DELETE", call=edit))
    result = bench.run("rm", track, "--yes")
    assert result.code == 0
    assert "was changed meanwhile and stays" in result.out
    assert path.read_bytes().endswith(b"mine")
    assert bench.baseline(track).state is State.DETACHED
    assert len(trashed(bench)) == 1
    assert bench.run("sync").code == 0
    assert path.exists()


STOPS = {
    "before the copy": "from syncd.local.trash import Trash; Trash.secure = stop",
    "before the DELETE": "from syncd.remote.client import AudioPod; AudioPod.delete = stop",
    "after the DELETE": "from syncd.actions import remove; remove._settle = stop",
    "before the file goes": "from syncd.local.trash import Trash; Trash.finish = stop",
    "while the file goes": "from syncd.local import trash; trash.carry = stop",
    "before it is recorded": "from syncd.catalog.outcomes import Outcomes; Outcomes.record = stop",
}


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS.keys())
def test_a_stop_at_any_moment_loses_nothing_and_converges(
    bench: Bench, sim: Simulator, track: int, stop: str
) -> None:
    for number in range(3):  # or the last file of all would be held
        sim.world.add(display_name=f"Song {number}", created_at=MARCH)
    assert bench.run("sync").code == 0
    data = bench.placed(track).read_bytes()
    before = f"import os\ndef stop(*a, **k): os._exit(9)\n{stop}"
    assert bench.run("rm", track, "--yes", before=before).code == 9

    def copies() -> list[bytes]:
        kept = [bench.root / ".syncd" / "trash" / entry.name for entry in trashed(bench)]
        return [path.read_bytes() for path in (*kept, *(bench.root / p for p in bench.audio()))]

    assert data in copies()
    was_deleted = sim.world.job(track) is None
    assert bench.run("sync").code == 0
    assert data in copies()
    if not was_deleted:
        assert bench.run("rm", track, "--yes").code == 0
    assert sim.world.job(track) is None
    assert not (bench.root / ALBUM / "Rain.flac").exists()
    assert data in copies()
    assert bench.baseline(track).state is State.GONE
    sim.requests.clear()
    assert bench.run("sync").code == 0
    assert sim.requests.mutating() == []
    assert not any(name.name.endswith(".leaving") for name in bench.root.rglob("*"))


def test_a_file_on_its_way_to_the_trash_is_not_taken_for_missing_after_a_stop(
    bench: Bench, track: int
) -> None:
    stop = "import os\nfrom syncd.catalog.outcomes import Outcomes\n"
    stop += "Outcomes.record = lambda *a, **k: os._exit(9)"
    assert bench.run("rm", track, "--yes", before=stop).code == 9
    assert bench.baseline(track).state is State.TRASHING
    result = bench.run("sync")
    assert result.code == 0
    assert "looking again" not in result.out + result.err
    assert bench.baseline(track).state is State.GONE


def test_a_lost_answer_to_the_deletion_deletes_once(
    bench: Bench, sim: Simulator, track: int, haste: str
) -> None:
    sim.faults.add(Fault("close", method="DELETE", at=0))
    assert bench.run("rm", track, "--yes", before=haste).code == 0
    assert sim.world.job(track) is None
    assert len(trashed(bench)) == 1


def test_an_older_catalog_is_not_used_after_it(bench: Bench, track: int) -> None:
    backup = bench.folder / "backup"
    shutil.copytree(bench.state, backup)
    assert bench.run("rm", track, "--yes").code == 0
    shutil.rmtree(bench.state)
    shutil.copytree(backup, bench.state)
    assert bench.run("sync").code == 78
