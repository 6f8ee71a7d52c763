"""A root that is not itself: emptied, replaced, half hidden. Nothing is removed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .guarding import (
    ALBUM,
    ORDINARY_USER,
    assert_in_step,
    assert_nothing_removed,
    assert_refused,
    deleted,
    fill,
    held,
)

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench


@pytest.fixture
def tracks(bench: Bench) -> list[int]:
    """Five tracks in step, where a deletion waits out no grace."""
    return fill(bench, 5)


# --- emptied ---


def test_a_root_that_was_emptied_is_held_and_a_rejection_brings_all_of_it_back(
    bench: Bench, tracks: list[int]
) -> None:
    shutil.rmtree(bench.root / ALBUM)
    result = bench.run("sync")
    assert result.code == 3
    assert "5 deletions in the account within a day would empty the library" in result.out
    assert "syncd approve 1, or syncd reject 1" in result.out
    assert held(bench) == {"delete-remote": tracks}
    assert_nothing_removed(bench)
    assert bench.run("sync").code == 3
    assert bench.run("reject", "1").code == 0
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 5
    assert_nothing_removed(bench)


def test_the_only_track_is_held_too(bench: Bench) -> None:
    tracks = fill(bench, 1)
    bench.placed(tracks[0]).unlink()
    assert bench.run("sync").code == 3
    assert held(bench) == {"delete-remote": tracks}
    assert_nothing_removed(bench)


def test_more_than_half_of_the_library_is_held_and_half_of_it_is_not(bench: Bench) -> None:
    tracks = fill(bench, 6)
    for job_id in tracks[:3]:
        bench.placed(job_id).unlink()
    assert bench.run("sync").code == 0
    assert deleted(bench) == tracks[:3]
    bench.placed(tracks[3]).unlink()
    result = bench.run("sync")
    assert result.code == 3
    assert "more than half of the library (6 files)" in result.out
    assert deleted(bench) == tracks[:3]
    assert held(bench) == {"delete-remote": tracks[3:4]}


def test_files_of_the_users_own_keep_no_deletion_from_being_held(
    bench: Bench, tracks: list[int]
) -> None:
    """A root that holds other things is as empty of tracks as one that holds nothing."""
    shutil.rmtree(bench.root / ALBUM)
    (bench.root / "mine.flac").write_bytes(b"mine")
    assert bench.run("sync").code == 3
    assert held(bench) == {"delete-remote": tracks}
    assert_nothing_removed(bench)


# --- replaced ---


def test_a_root_replaced_by_a_link_is_refused_until_the_setting_names_the_folder(
    bench: Bench, tracks: list[int]
) -> None:
    moved = bench.folder / "elsewhere"
    bench.root.rename(moved)
    bench.root.symlink_to(moved)
    assert_refused(bench, "is a link", "set library.root to the folder that it points to")
    bench.configure(sync={"deletion_grace": "0s"}, library={"root": str(moved)})
    assert_in_step(bench)


def test_a_root_that_is_not_there_is_refused_until_it_is_back(
    bench: Bench, tracks: list[int]
) -> None:
    away = bench.root.rename(bench.folder / "away")
    result = bench.run("sync")
    assert result.code == 78
    assert "is not there; mount the disk that holds it" in result.complaint
    assert list(bench.sim.requests) == []
    away.rename(bench.root)
    assert_in_step(bench)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda path: path.unlink(), "has no marker"),
        (lambda path: path.write_text("{"), "is damaged"),
        (lambda path: path.write_bytes(b""), "is damaged"),
    ],
    ids=["missing", "cut short", "empty"],
)
def test_a_marker_that_is_missing_or_damaged_is_written_anew_by_adopt(
    bench: Bench, tracks: list[int], damage: Callable[[Path], object], words: str
) -> None:
    damage(bench.root / ".syncd/library.json")
    assert_refused(bench, words, "syncd adopt")
    adopted = bench.run("adopt", "--yes")
    assert adopted.code == 0, adopted.out + adopted.err
    assert "it is missing or damaged, and written anew" in adopted.out
    assert "5 of 5 tracks of the catalog have their file here" in adopted.out
    assert_in_step(bench)


def test_a_damaged_marker_without_a_catalog_is_not_passed_from_one_command_to_the_other(
    bench: Bench, tracks: list[int]
) -> None:
    path = bench.root / ".syncd/library.json"
    path.write_text("{")
    shutil.rmtree(bench.state)
    for command in ("adopt", "rebuild"):
        result = bench.run(command, "--yes")
        assert result.code == 78
        assert "syncd init" in result.complaint
    path.unlink()
    assert bench.run("init").code == 0
    result = bench.run("sync")
    assert (result.code, result.out) == (0, "in step: 0 placed, 5 adopted\n")
    assert_nothing_removed(bench)


def test_damaged_notes_are_put_aside_by_adopt_and_what_they_said_is_kept(
    bench: Bench, tracks: list[int]
) -> None:
    assert bench.run("evict", tracks[0]).code == 0
    notes = bench.root / ".syncd/states.json"
    whole = notes.read_text()
    notes.write_text("{")
    assert_refused(bench, "the notes", "are damaged", "syncd adopt")
    adopted = bench.run("adopt", "--yes")
    assert adopted.code == 0, adopted.out + adopted.err
    assert "they are put aside" in adopted.out
    assert notes.with_suffix(".damaged").read_text() == "{"
    assert notes.read_text() == whole
    assert_in_step(bench)
    assert len(bench.audio()) == 4


def test_the_folder_of_another_library_is_refused_and_adopt_holds_what_it_lacks(
    bench: Bench, tracks: list[int]
) -> None:
    mine = bench.root.rename(bench.folder / "mine")
    bench.prepare(sync={"deletion_grace": "0s"})
    assert_refused(bench, "is another library than the one in the catalog", "syncd adopt")
    mine.rename(bench.folder / "mine again")
    adopted = bench.run("adopt", "--yes")
    assert adopted.code == 3
    assert "0 of 5 tracks of the catalog have their file here; 5 have none" in adopted.out
    assert held(bench) == {"delete-remote": tracks}
    assert bench.run("sync").code == 3
    assert_nothing_removed(bench)
    assert bench.run("reject", "1").code == 0
    assert bench.run("sync").code == 0
    assert len(bench.audio()) == 5
    assert_nothing_removed(bench)


# --- half hidden ---


def test_a_folder_replaced_by_a_link_hides_its_files_and_deletes_none(
    bench: Bench, tracks: list[int]
) -> None:
    elsewhere = (bench.root / ALBUM).rename(bench.folder / "elsewhere")
    (bench.root / ALBUM).symlink_to(elsewhere)
    for _ in range(2):
        result = bench.run("sync")
        assert result.code == 1
        assert result.out.startswith("0 placed, 5 waiting\n")
        assert result.out.count("out of sight: ") == 5
    said = bench.run("pending")
    assert "out of sight of the last scan, so that nothing is decided of them: 5 files" in said.out
    assert bench.run("pending", "--json").document["out_of_sight"] == tracks
    assert bench.run("plan").out.endswith("nothing to do now\n")
    reasons = {w["reason"] for w in bench.run("sync", "--json").document["waiting"]}
    assert reasons == {
        f"{ALBUM}/T{n}.flac could not be read, or is on another disk than before" for n in range(5)
    }
    assert_nothing_removed(bench)
    (bench.root / ALBUM).unlink()
    elsewhere.rename(bench.root / ALBUM)
    assert_in_step(bench)


@pytest.mark.parametrize("what", ["folder", "file"])
def test_what_cannot_be_read_is_not_deleted(bench: Bench, tracks: list[int], what: str) -> None:
    path = bench.placed(tracks[0])
    hidden = path.parent if what == "folder" else path
    mode = hidden.stat().st_mode
    hidden.chmod(0)
    for _ in range(2):
        result = bench.run("sync", before=ORDINARY_USER)
        assert result.code == 1
        assert f"could not be read: {hidden.relative_to(bench.root)}" in result.out
        assert "out of sight" not in result.out
    assert_nothing_removed(bench)
    hidden.chmod(mode)
    assert_in_step(bench)


def test_a_file_that_may_be_in_a_folder_that_cannot_be_read_is_not_deleted(
    bench: Bench, tracks: list[int]
) -> None:
    closed = bench.root / "closed"
    closed.mkdir()
    bench.placed(tracks[0]).rename(closed / "T0.flac")
    bench.placed(tracks[1]).unlink()
    closed.chmod(0)
    for _ in range(2):
        assert bench.run("sync", before=ORDINARY_USER).code == 1
    assert_nothing_removed(bench)
    closed.chmod(0o755)
    assert bench.run("sync").code == 0
    assert deleted(bench) == tracks[1:2]
    assert bench.placed(tracks[0]) == closed / "T0.flac"
