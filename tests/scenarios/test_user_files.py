"""Files in the folder that the user put, moved, changed or took away."""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from mutagen.flac import FLAC

from syncd.simulator import Fault, Simulator
from syncd.simulator.sound import tone

from .guarding import ORDINARY_USER
from .starting import AT_ONCE

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

MARCH = 1_772_500_000.0
ALBUM = "AudioPod 2026-03"
LRC = "[00:00.00]la"

Look = Callable[..., dict[str, Any]]


@pytest.fixture
def track(bench: Bench, sim: Simulator) -> int:
    """One track, placed."""
    job_id = sim.world.add(display_name="Café Song", created_at=MARCH, lrc_content=LRC)
    assert bench.run("sync").code == 0
    sim.requests.clear()
    return job_id


@pytest.mark.parametrize(
    "name",
    [
        "Café Song.flac",
        "CAFÉ SONG.FLAC",
        unicodedata.normalize("NFD", "Café Song.flac"),
        "Café Song.mp3",
    ],
    ids=["same name", "other case", "other normalisation", "other format"],
)
def test_a_file_of_the_users_at_the_path_is_left_alone(
    bench: Bench, sim: Simulator, look: Look, name: str
) -> None:
    job_id = sim.world.add(display_name="Café Song", created_at=MARCH)
    mine = bench.root / ALBUM / name
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    before = look(mine)
    assert bench.run("sync").code == 0
    assert look(mine) == before
    assert bench.placed(job_id).name == f"Café Song [{job_id}].flac"
    assert bench.run("sync").out == "in step: nothing to do\n"


def test_a_file_that_comes_to_stand_at_the_path_while_it_is_fetched_is_left_alone(
    bench: Bench, sim: Simulator
) -> None:
    job_id = sim.world.add(display_name="Race", created_at=MARCH)
    mine = bench.root / ALBUM / "Race.flac"

    def quicker(_world: object) -> None:
        mine.parent.mkdir(exist_ok=True)
        mine.write_bytes(b"mine")

    sim.faults.add(Fault("run", origin="media", call=quicker))
    assert bench.run("sync").code == 0
    assert mine.read_bytes() == b"mine"
    assert bench.placed(job_id).name == f"Race [{job_id}].flac"


def test_a_sidecar_of_the_users_is_left_alone(bench: Bench, sim: Simulator) -> None:
    sim.world.add(display_name="Sung", created_at=MARCH, lrc_content=LRC)
    mine = bench.root / ALBUM / "Sung.lrc"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert bench.run("sync").code == 0
    assert mine.read_text() == "mine"


def test_a_file_that_was_moved_is_not_fetched_again_and_ls_knows_where_it_is(
    bench: Bench, sim: Simulator, track: int
) -> None:
    moved = bench.root / "Best of" / bench.placed(track).name
    moved.parent.mkdir()
    bench.placed(track).rename(moved)
    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: 0 placed, 1 adopted\n")
    assert bench.requests("media") == []
    assert sim.requests.mutating() == []
    assert bench.run("ls", "--json").document[0]["path"] == str(moved)
    assert bench.run("sync").out == "in step: nothing to do\n"


def test_where_files_are_restored_a_deleted_one_is_fetched_again_to_where_it_was(
    bench: Bench, track: int
) -> None:
    bench.configure(sync={"deletions": "restore"})
    path = bench.placed(track)
    path.unlink()
    result = bench.run("sync", before=AT_ONCE)
    assert (result.code, result.out) == (0, "in step: 0 placed, 1 restored\n")
    assert path.exists()
    assert bench.sim.requests.mutating() == []


def test_a_file_whose_tags_were_stripped_is_held_and_left_alone(
    bench: Bench, track: int, look: Look
) -> None:
    path = bench.placed(track)
    stripped = FLAC(path)
    stripped.delete()
    before = look(path)
    for _ in range(2):
        result = bench.run("sync")
        assert result.code == 3
        assert f"held: {path.relative_to(bench.root)}: " in result.out
    assert look(path) == before
    assert bench.requests("media") == []
    assert bench.run("plan").code == 3


def test_a_file_that_the_user_retagged_is_left_alone(bench: Bench, track: int, look: Look) -> None:
    path = bench.placed(track)
    changed = FLAC(path)
    changed["title"] = "My own title"
    changed.save()
    before = look(path)
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert look(path) == before


def test_copies_of_a_placed_file_are_left_alone(bench: Bench, track: int, look: Look) -> None:
    copies = [bench.root / "A copy.flac", bench.placed(track).with_name("Another.flac")]
    for copy in copies:
        shutil.copy2(bench.placed(track), copy)
    before = look(*copies)
    assert bench.run("sync").out == "in step: nothing to do\n"
    assert look(*copies) == before
    assert bench.placed(track).name == "Café Song.flac"


def test_a_file_of_another_account_with_the_same_id_is_not_taken_for_ours(
    bench: Bench, sim: Simulator, track: int
) -> None:
    path = bench.placed(track)
    foreign = FLAC(path)
    foreign["AUDIOPOD_ORIGIN"] = "https://api.audiopod.ai#1"
    foreign.save()
    assert bench.run("sync").code == 3


def test_an_unreadable_folder_is_not_an_absent_one(bench: Bench, track: int) -> None:
    folder = bench.placed(track).parent
    folder.chmod(0)
    result = bench.run("sync", before=ORDINARY_USER)
    folder.chmod(0o755)
    assert result.code == 1
    assert result.out.splitlines() == ["0 placed, 1 waiting", f"  could not be read: {ALBUM}"]
    assert bench.downloads() == []


def test_a_lost_catalog_is_made_anew_from_the_ids_in_the_files(
    bench: Bench, sim: Simulator, look: Look
) -> None:
    sim.world.add(display_name="Same", created_at=MARCH)
    sim.world.add(display_name="Same", created_at=MARCH + 1, lrc_content=LRC)
    sim.world.add(display_name="Other", created_at=MARCH + 2, audio={"wav": tone("wav", 1)})
    assert bench.run("sync").code == 0
    before = look(bench.root / ALBUM)
    shutil.rmtree(bench.state)
    sim.requests.clear()
    assert bench.run("sync").code == 78
    result = bench.run("rebuild")
    assert (result.code, result.out) == (0, "in step: 0 placed, 3 adopted\n")
    assert bench.requests("media") == []
    assert look(bench.root / ALBUM) == before
    assert bench.run("sync").out == "in step: nothing to do\n"


def test_lyrics_follow_a_file_that_was_moved_unless_they_were_changed(
    bench: Bench, sim: Simulator
) -> None:
    lrc = "[00:00.00]la\n"
    ours = sim.world.add(display_name="Ours", created_at=MARCH, lrc_content=lrc)
    theirs = sim.world.add(display_name="Theirs", created_at=MARCH + 1, lrc_content=lrc)
    assert bench.run("sync").code == 0
    (bench.root / "Best").mkdir()
    for job_id in (ours, theirs):
        path = bench.placed(job_id)
        if job_id == theirs:
            path.with_suffix(".lrc").write_text("[00:00.00]mine\n")
        path.rename(bench.root / "Best" / path.name)
    assert bench.run("sync").code == 0
    found = {str(p.relative_to(bench.root)): p.read_text() for p in bench.root.rglob("*.lrc")}
    assert found == {"Best/Ours.lrc": lrc, f"{ALBUM}/Theirs.lrc": "[00:00.00]mine\n"}


def test_a_hold_is_shown_with_its_track_until_it_is_settled(bench: Bench, sim: Simulator) -> None:
    job_id = sim.world.add(display_name="Song", created_at=MARCH)
    assert bench.run("sync").code == 0
    path = bench.placed(job_id)
    audio = path.read_bytes()
    path.write_bytes(b"junk")
    assert bench.run("sync").code == 3
    (entry,) = bench.run("ls", "--json").document
    assert (entry["state"], entry["path"]) == ("placed", str(path))
    assert "no longer carries its id" in entry["held"]
    path.write_bytes(audio)
    assert bench.run("sync").code == 0
    (entry,) = bench.run("ls", "--json").document
    assert (entry["state"], entry["held"]) == ("placed", None)
