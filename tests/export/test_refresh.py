"""Exports kept up to date: written where they differ, removed where nobody changed them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.catalog.outcomes import Done
from syncd.catalog.store import Catalog
from syncd.core.baseline import Placed, State
from syncd.core.evidence import Sighting
from syncd.core.exporting import OFF, Exports
from syncd.core.model import FileStat, Job
from syncd.core.policy import Now
from syncd.core.query import parse_query
from syncd.errors import RootUnusable
from syncd.export import Refreshed, placing, refresh
from syncd.local.root import Root, create_root
from syncd.simulator.sound import tone

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
LISTS = Exports(playlists="Lists", path_map={}, queries={}, artist="AudioPod")


class Shelf:
    """A library with tracks in place, and what its exports come to."""

    def __init__(self, root: Root, catalog: Catalog) -> None:
        self.root = root
        self.catalog = catalog
        self.lists = root.path / "Lists"

    def place(self, job_id: int, genre: str | None = None, **said: Any) -> None:
        """The track of a job is in place, with a file of a second."""
        path = self.root.path / f"{job_id}.wav"
        path.write_bytes(tone("wav", 1, 1.0))
        said["genre"] = (genre,) if genre else ()
        job = Job(id=job_id, status="COMPLETED", display_name=f"Song {job_id}", **said)
        self.catalog.observe([job], NOW)
        self.catalog.outcomes.give_number(job_id, album="A", number=job_id)
        stat = path.stat()
        placed = Placed(
            path=path.name,
            title=job.display_name,
            stem=path.stem,
            template="{title}.{ext}",
            format="wav",
            audio="media/1.wav",
            etag=None,
            sha256="0" * 64,
            stat=FileStat(stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns),
            tags={"title": (f"Song {job_id}",), "duration": ("1.000",)},
            placed_at=NOW,
        )
        done = Done(job_id=job_id, verb="download", state=State.PLACED, placed=placed)
        self.catalog.outcomes.record(done, entry=0, now=Now(NOW))

    def refresh(self, exports: Exports = LISTS, **how: Any) -> Refreshed:
        return refresh(self.catalog, self.root, exports, now=NOW, **how)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.lists.iterdir())


def stats(shelf: Shelf) -> dict[Path, tuple[int, int, int]]:
    found = {path: path.stat() for path in shelf.root.path.rglob("*")}
    return {path: (one.st_ino, one.st_mtime_ns, one.st_ctime_ns) for path, one in found.items()}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    root, _ = create_root(tmp_path / "Music", "https://a")
    catalog = Catalog.open(tmp_path / "state/catalog.sqlite3")
    shelf = Shelf(root, catalog)
    shelf.place(1, "house")
    shelf.place(2, "disco", liked=True)
    yield shelf
    catalog.close()


def test_a_second_time_nothing_is_written(shelf: Shelf) -> None:
    done = shelf.refresh()
    assert set(done.written) == {
        f"Lists/{name}.m3u8" for name in ("All", "Liked", "Genre - house", "Genre - disco")
    }
    before = stats(shelf)
    assert shelf.refresh() == Refreshed()
    assert stats(shelf) == before


def test_what_is_off_writes_nothing_at_all(shelf: Shelf) -> None:
    before = sorted(shelf.root.path.rglob("*"))
    assert shelf.refresh(OFF) == Refreshed()
    assert sorted(shelf.root.path.rglob("*")) == before


def test_only_what_differs_is_written(shelf: Shelf) -> None:
    shelf.refresh()
    shelf.place(3, "house")
    assert set(shelf.refresh().written) == {"Lists/All.m3u8", "Lists/Genre - house.m3u8"}
    assert (shelf.lists / "Genre - house.m3u8").read_text().splitlines() == [
        *("#EXTM3U", "#EXTINF:1,AudioPod - Song 3", "../3.wav"),
        *("#EXTINF:1,AudioPod - Song 1", "../1.wav"),
    ]


def test_a_playlist_whose_genre_vanished_goes(shelf: Shelf) -> None:
    shelf.refresh()
    shelf.place(1, "techno")
    assert shelf.refresh().removed == ("Lists/Genre - house.m3u8",)
    assert shelf.names() == [
        *("All.m3u8", "Genre - disco.m3u8", "Genre - techno.m3u8", "Liked.m3u8")
    ]


def test_one_that_the_user_changed_stays_as_it_is_and_is_told_once(shelf: Shelf) -> None:
    shelf.refresh()
    mine = shelf.lists / "Genre - house.m3u8"
    mine.write_text("#EXTM3U\n../2.wav\n")
    assert shelf.refresh() == Refreshed(left=("Lists/Genre - house.m3u8",))
    assert shelf.refresh() == Refreshed()
    shelf.place(1, "techno")
    assert shelf.refresh().removed == ()
    assert mine.read_text() == "#EXTM3U\n../2.wav\n"


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_was_there_before_is_never_replaced(shelf: Shelf, kind: str) -> None:
    shelf.lists.mkdir()
    mine = shelf.lists / "All.m3u8"
    if kind == "file":
        mine.write_text("mine")
    elif kind == "folder":
        mine.mkdir()
    else:
        mine.symlink_to(shelf.root.path / "1.wav")
    before = mine.lstat()
    assert shelf.refresh().left == ("Lists/All.m3u8",)
    assert shelf.refresh(OFF).removed
    assert mine.lstat() == before
    assert shelf.names() == ["All.m3u8"]


def test_a_file_that_holds_the_same_already_is_taken_for_ours(shelf: Shelf) -> None:
    shelf.refresh()
    (shelf.root.private / placing.RECORD).unlink()
    assert shelf.refresh() == Refreshed()
    assert len(shelf.refresh(OFF).removed) == 4


def test_what_is_turned_off_is_removed_and_a_deleted_playlist_comes_back(shelf: Shelf) -> None:
    shelf.refresh()
    (shelf.lists / "All.m3u8").unlink()
    assert shelf.refresh().written == ("Lists/All.m3u8",)
    assert len(shelf.refresh(OFF).removed) == 4
    assert shelf.names() == []
    assert shelf.refresh(OFF) == Refreshed()


def test_after_a_crash_between_two_files_each_is_still_known(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.refresh()
    shelf.place(3, "house")
    real, calls = os.fsync, iter(range(100))

    def dies(descriptor: int) -> None:
        real(descriptor)
        if next(calls) == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", dies)
        with pytest.raises(KeyboardInterrupt):
            shelf.refresh()
    shelf.place(4, "house")
    done = shelf.refresh()
    assert (done.left, done.troubles) == ((), ())
    assert "../4.wav" in (shelf.lists / "All.m3u8").read_text()
    assert "../4.wav" in (shelf.lists / "Genre - house.m3u8").read_text()


def test_a_saved_query_is_a_playlist_in_its_own_order(shelf: Shelf) -> None:
    queries = {
        "Mine/Best": parse_query("sort_by:display_name sort_order:asc"),
        "None": parse_query("genre:polka"),
    }
    shelf.refresh(replace(LISTS, queries=queries))
    best = (shelf.lists / "Mine／Best.m3u8").read_text().splitlines()
    assert best[2::2] == ["../1.wav", "../2.wav"]
    assert (shelf.lists / "None.m3u8").read_text() == "#EXTM3U\n"


def test_a_query_that_has_no_answer_removes_nothing(shelf: Shelf) -> None:
    shelf.refresh()
    shelf.place(1, "techno")
    done = shelf.refresh(replace(LISTS, queries={"Next": parse_query("mixes_with:99")}))
    assert [trouble.message for trouble in done.troubles] == ["playlist Next: job 99 is not known"]
    assert (shelf.lists / "Genre - house.m3u8").exists()


def test_a_track_whose_file_was_deleted_is_in_no_list(shelf: Shelf) -> None:
    for minute in (0, 1):
        now = NOW.replace(minute=minute)
        shelf.catalog.scans.note(Sighting(frozenset({2}), frozenset()), Now(now, now))
    shelf.refresh()
    assert shelf.names() == ["All.m3u8", "Genre - house.m3u8"]


def test_rekordbox_and_smart_playlists_stand_where_they_are_asked_for(
    shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "dj").mkdir()
    exports = replace(
        LISTS,
        playlists=None,
        rekordbox=str(tmp_path / "dj/rekordbox.xml"),
        nsp="Smart",
        path_map={str(tmp_path): "/volume1"},
    )
    done = shelf.refresh(exports)
    assert set(done.written) == {
        *(f"Smart/{name}.nsp" for name in ("Liked", "Genre - house", "Genre - disco")),
        str(tmp_path / "dj/rekordbox.xml"),
    }
    text = (tmp_path / "dj/rekordbox.xml").read_text()
    assert 'Location="file://localhost/volume1/Music/1.wav"' in text
    assert 'SampleRate="8000"' in text
    assert 'BitRate="128"' in text


def test_a_file_is_read_for_its_sample_rate_once(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    exports = replace(LISTS, playlists=None, rekordbox="dj.xml")
    shelf.refresh(exports)
    for path in shelf.root.path.glob("*.wav"):
        path.unlink()
    assert shelf.refresh(exports) == Refreshed()
    assert (shelf.root.path / "dj.xml").read_text().count('SampleRate="8000"') == 2


def test_a_disk_that_is_away_is_not_made_up_and_the_rest_is_written(
    shelf: Shelf, tmp_path: Path
) -> None:
    away = tmp_path / "usb/Lists"
    done = shelf.refresh(replace(LISTS, playlists=str(away), nsp="Smart"))
    (trouble,) = done.troubles
    assert trouble.message == f"{away} cannot be exported to: No such file or directory"
    assert not away.parent.exists()
    assert (shelf.root.path / "Smart/Liked.nsp").exists()
    away.parent.mkdir()
    assert not shelf.refresh(replace(LISTS, playlists=str(away), nsp="Smart")).troubles
    assert len(list(away.iterdir())) == 4


def test_no_folder_is_reached_through_a_link(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    shelf.lists.symlink_to(tmp_path / "elsewhere")
    assert len(shelf.refresh().troubles) == 1
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_programs_own_folder_is_refused_by_its_absolute_path_too(shelf: Shelf) -> None:
    inside = shelf.root.private / "Lists"
    done = shelf.refresh(replace(LISTS, playlists=str(inside)))
    assert len(done.troubles) == 1
    assert not inside.exists()


def test_what_was_left_unfinished_is_removed(shelf: Shelf) -> None:
    shelf.lists.mkdir()
    (shelf.lists / ".syncd-0123456789abcdef.export.part").write_text("half")
    shelf.refresh()
    assert all(not name.startswith(".") for name in shelf.names())


def test_stopped_early_it_says_so_and_removes_nothing(shelf: Shelf) -> None:
    shelf.refresh()
    shelf.place(1, "techno")
    assert not shelf.refresh(stopped=lambda: True).is_whole
    assert (shelf.lists / "Genre - house.m3u8").exists()
    assert shelf.refresh().removed == ("Lists/Genre - house.m3u8",)


def test_a_replaced_playlist_keeps_its_rights(shelf: Shelf) -> None:
    shelf.refresh()
    (shelf.lists / "All.m3u8").chmod(0o604)
    shelf.place(3)
    shelf.refresh()
    assert (shelf.lists / "All.m3u8").stat().st_mode & 0o777 == 0o604


@pytest.mark.parametrize("text", ["", "[]", '{"files": 3}', '{"files": {"a": 1}, "told": 0}'])
def test_a_damaged_record_makes_everything_the_users(shelf: Shelf, text: str) -> None:
    shelf.refresh()
    (shelf.root.private / placing.RECORD).write_text(text)
    shelf.place(3)
    assert set(shelf.refresh().left) == {"Lists/All.m3u8"}
    assert "../3.wav" not in (shelf.lists / "All.m3u8").read_text()


def test_where_the_programs_own_folder_is_gone_nothing_is_written(shelf: Shelf) -> None:
    for path in sorted(shelf.root.private.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    shelf.root.private.rmdir()
    with pytest.raises(RootUnusable):
        shelf.refresh()
    assert not shelf.lists.exists()


def test_the_record_names_what_lies_outside_by_its_whole_path(shelf: Shelf, tmp_path: Path) -> None:
    shelf.refresh(replace(LISTS, playlists=str(tmp_path / "Out"), nsp="Smart"))
    table = json.loads((shelf.root.private / placing.RECORD).read_text())
    assert {str(tmp_path / "Out/All.m3u8"), "Smart/Liked.nsp"} <= set(table["files"])


def test_nothing_is_written_into_a_folder_that_is_another_by_now(shelf: Shelf) -> None:
    looks = []

    def verify() -> None:
        looks.append(1)
        if len(looks) == 4:
            raise RootUnusable("it is another folder", hint="mount it")

    with pytest.raises(RootUnusable):
        shelf.refresh(verify=verify)
    assert len(list(shelf.lists.iterdir())) == 1
    assert len(shelf.refresh().written) == 3
