"""Space given back by ``syncd evict``, and what ``syncd fetch`` fetches again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.core.baseline import State
from syncd.local.notes import read_notes
from syncd.local.root import open_root
from syncd.simulator import Fault, Simulator

from .mirroring import dies_before

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"
LRC = "[00:00.00]la"

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def track(bench: Bench, sim: Simulator) -> int:
    """One track, placed, with its lyrics beside it."""
    job_id = sim.world.add(display_name="Rain", created_at=MARCH, lrc_content=LRC)
    assert bench.run("sync").code == 0
    sim.requests.clear()
    return job_id


def test_an_evicted_track_gives_its_space_back_and_is_fetched_by_name_alone(
    bench: Bench, sim: Simulator, track: int
) -> None:
    path = bench.placed(track)
    cue = path.with_suffix(".cue")
    cue.write_text("mine")
    result = bench.run("evict", track)
    assert result.code == 0
    assert result.out.startswith(f"evicted {ALBUM}/Rain.flac, freed ")
    assert [p.name for p in path.parent.iterdir()] == ["Rain.cue"]
    assert bench.run("sync").code == 0
    assert bench.audio() == []
    assert bench.run("ls", "--json").document[0]["state"] == "evicted"
    assert "evicted" in bench.run("ls").out
    assert sim.requests.mutating() == []
    assert bench.run("fetch", track).code == 0
    assert path.exists()
    assert bench.baseline(track).state is State.PLACED
    sim.requests.clear()
    assert bench.run("sync").code == 0
    assert bench.requests("media") == []


def test_fetching_while_the_service_is_away_leaves_a_track_evicted(
    bench: Bench, sim: Simulator, track: int, haste: str
) -> None:
    assert bench.run("evict", track).code == 0
    sim.faults.add(Fault("status", origin="api", status=503, times=None))
    assert bench.run("fetch", track, before=haste).code == 75
    assert bench.baseline(track).state is State.EVICTED
    sim.faults.clear()
    assert bench.run("sync").code == 0
    assert bench.audio() == []


def test_an_eviction_survives_a_lost_catalog(bench: Bench, track: int) -> None:
    assert bench.run("evict", track).code == 0
    assert read_notes(open_root(bench.root)).evicted == {track}


def test_an_older_catalog_does_not_take_an_eviction_for_a_deletion(
    bench: Bench, sim: Simulator, track: int
) -> None:
    backup = bench.folder / "backup"
    shutil.copytree(bench.state, backup)
    assert bench.run("evict", track).code == 0
    shutil.rmtree(bench.state)
    shutil.copytree(backup, bench.state)
    result = bench.run("sync")
    assert result.code == 78
    assert "older than the library" in result.complaint
    assert sim.requests.mutating() == []


@pytest.mark.parametrize(
    "stop",
    [
        "from syncd.actions import evict\nevict.remove_file = lambda *a: os._exit(9)",
        "from syncd.catalog import outcomes as o\no.Outcomes.record = lambda *a, **k: os._exit(9)",
    ],
    ids=["before the file goes", "before that is recorded"],
)
def test_an_eviction_that_is_stopped_goes_on(
    bench: Bench, sim: Simulator, track: int, stop: str
) -> None:
    assert bench.run("evict", track, before=f"import os\n{stop}").code == 9
    assert bench.run("sync").code == 0
    assert bench.audio() == []
    assert bench.baseline(track).state is State.EVICTED
    assert sim.requests.mutating() == []


def test_lyrics_that_the_user_wrote_stay(bench: Bench, track: int) -> None:
    lyrics = bench.placed(track).with_suffix(".lrc")
    lyrics.write_text("mine")
    assert bench.run("evict", track).code == 0
    assert lyrics.read_text() == "mine"


def test_a_file_that_was_only_touched_is_evicted(bench: Bench, track: int) -> None:
    bench.placed(track).touch()
    assert bench.run("evict", track).code == 0
    assert bench.audio() == []


def edit(bench: Bench, job_id: int) -> bytes:
    """Let the user write into the tags of a file; its bytes after that."""
    tagged = FLAC(bench.placed(job_id))
    tagged["comment"] = "mine"
    tagged.save()
    return bench.placed(job_id).read_bytes()


def test_a_file_that_the_user_changed_is_not_evicted(bench: Bench, track: int, look: Look) -> None:
    edit(bench, track)
    before = look(bench.root / ALBUM)
    result = bench.run("evict", track)
    assert result.code == 1
    assert "was changed in the folder" in result.complaint
    assert f"syncd evict --force {track} moves your version to the trash" in result.complaint
    assert look(bench.root / ALBUM) == before
    assert bench.baseline(track).state is State.PLACED


def test_what_the_user_changed_goes_to_the_trash_if_they_insist_and_comes_back_from_there(
    bench: Bench, sim: Simulator, track: int
) -> None:
    mine = edit(bench, track)
    cue = bench.placed(track).with_suffix(".cue")
    cue.write_text("mine")
    result = bench.run("evict", "--force", track)
    assert result.code == 0, result.err
    (entry,) = bench.run("trash", "ls", "--json").document
    assert entry["reason"] == "evicted"
    kept = f"it was changed, and is kept in the trash as {entry['name']}"
    assert result.out == f"evicted {ALBUM}/Rain.flac; {kept}\n"
    assert [path.name for path in cue.parent.iterdir()] == ["Rain.cue"]
    assert bench.run("sync").code == 0
    assert bench.baseline(track).state is State.EVICTED
    assert bench.run("trash", "restore", track).code == 0
    assert bench.placed(track).read_bytes() == mine
    assert bench.run("sync").code == 0
    assert bench.baseline(track).state is State.PLACED
    assert bench.run("verify").code == 0
    assert sim.requests.mutating() == []


def test_after_that_the_version_of_the_account_can_be_fetched(bench: Bench, track: int) -> None:
    served = bench.placed(track).read_bytes()
    mine = edit(bench, track)
    document = bench.run("evict", "--force", track, "--json").document
    (one,) = document["evicted"]
    assert (bench.root / ".syncd" / "trash" / one["kept"]).read_bytes() == mine
    assert bench.run("fetch", track).code == 0
    assert bench.placed(track).read_bytes() == served


@pytest.mark.parametrize("where", ["actions.evict.remove_file", "local.trash.Trash.put"])
def test_a_stop_on_the_way_loses_nothing_of_what_the_user_changed(
    bench: Bench, sim: Simulator, track: int, where: str
) -> None:
    mine = edit(bench, track)
    assert bench.run("evict", "--force", track, before=dies_before(f"syncd.{where}")).code == 9
    assert bench.placed(track).read_bytes() == mine
    assert bench.run("sync").code == 0
    (entry,) = bench.run("trash", "ls", "--json").document
    assert (bench.root / ".syncd" / "trash" / entry["name"]).read_bytes() == mine
    assert bench.baseline(track).state is State.EVICTED
    assert sim.requests.mutating() == []


def test_force_removes_for_good_what_the_account_has(bench: Bench, track: int) -> None:
    assert bench.run("evict", "--force", track).code == 0
    assert bench.run("trash", "ls", "--json").document == []
    assert bench.audio() == []


def test_what_the_account_could_not_give_back_is_not_evicted(
    bench: Bench, sim: Simulator, track: int
) -> None:
    sim.world.fail(track)
    assert bench.run("evict", track).code == 1
    sim.world.delete(track)
    assert bench.run("evict", track).code == 1
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]


def test_a_file_is_not_evicted_where_the_account_offers_another_format_alone(
    bench: Bench, sim: Simulator, track: int
) -> None:
    sim.world.update(track, audio={"mp3": sim.world.job(track).audio["mp3"]})
    result = bench.run("evict", track)
    assert result.code == 1
    assert "offers no flac that could be fetched again" in result.complaint
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]
    assert bench.baseline(track).state is State.PLACED


def test_a_file_is_not_evicted_while_the_account_may_offer_other_audio(
    bench: Bench, sim: Simulator, track: int
) -> None:
    before = bench.placed(track).read_bytes()
    sim.world.replace_audio(track)
    result = bench.run("evict", track)
    assert result.code == 1
    assert "from another address than" in result.complaint
    assert "syncd sync compares the two" in result.complaint
    assert bench.placed(track).read_bytes() == before
    assert bench.run("sync").code == 0
    assert bench.run("evict", track).code == 0


def test_a_file_whose_format_is_not_asked_for_any_more_is_not_evicted(
    bench: Bench, sim: Simulator, track: int
) -> None:
    sim.world.update(track, audio={"flac": sim.world.job(track).audio["flac"]})
    bench.configure(library={"formats": ["mp3"]})
    result = bench.run("evict", track)
    assert result.code == 1
    assert "library.formats does not ask for" in result.complaint
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]


def test_one_track_that_cannot_be_evicted_does_not_keep_another(bench: Bench, track: int) -> None:
    result = bench.run("evict", track + 1000, track, "--json")
    assert result.code == 1
    assert [one["id"] for one in result.document["evicted"]] == [track]
    assert len(result.document["errors"]) == 1


def test_a_track_that_could_not_be_had_is_tried_again_at_once(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(display_name="Rain", created_at=MARCH)
    sim.faults.add(Fault("status", origin="media", status=404, times=None))
    assert bench.run("sync").code == 1
    assert bench.baseline(job_id).state is State.UNAVAILABLE
    sim.faults.clear()
    assert bench.run("fetch", job_id).code == 0
    assert bench.audio() == [f"{ALBUM}/Rain.flac"]


def test_a_deletion_that_was_ignored_is_taken_back(bench: Bench, sim: Simulator) -> None:
    bench.configure(sync={"deletions": "ignore", "deletion_grace": "0s"})
    job_id = sim.world.add(display_name="Rain", created_at=MARCH)
    assert bench.run("sync").code == 0
    path = bench.placed(job_id)
    path.unlink()
    assert bench.run("sync").code == 0
    assert bench.baseline(job_id).state is State.IGNORED
    assert bench.run("fetch", job_id).code == 0
    assert path.exists()


def test_what_has_its_file_or_is_unknown_cannot_be_fetched(bench: Bench, track: int) -> None:
    assert "has its file" in bench.run("fetch", track).complaint
    assert "is not known" in bench.run("fetch", track + 1000).complaint
    assert bench.run("rm", track, "--yes").code == 0
    result = bench.run("fetch", track)
    assert result.code == 1
    assert "is gone from the account" in result.complaint
