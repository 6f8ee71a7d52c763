"""The way out of the trash: back into the library, or for good after its retention."""

from __future__ import annotations

import ctypes
import errno
import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from syncd.errors import Changed, FolderUnusable, RootUnusable
from syncd.local import carry
from syncd.local.root import Root, create_root
from syncd.local.sidecars import carry_sidecars
from syncd.local.trash import Entry, Trash, Why

from .trashed import CONTENT, FACTS, NOW, SERVER, facts, fill, library, names

RETENTION = timedelta(days=30)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def trash(root: Root) -> Trash:
    return Trash(root, mode=0o640)


@pytest.fixture
def entry(root: Root, trash: Trash) -> Entry:
    """``a/Rain.flac`` with its lyrics, in the trash."""
    fill(root, "a/Rain.flac")
    fill(root, "a/Rain.lrc", b"la")
    return trash.put("a/Rain.flac", **FACTS)


def rewrite(trash: Trash, entry: Entry, **changed: object) -> None:
    """Change what stands in the note of ``entry``."""
    note = trash.folder / f"{entry.name}.json"
    note.write_text(json.dumps(json.loads(note.read_text()) | changed))


# --- back into the library ---


def test_a_track_comes_back_as_it_was(root: Root, trash: Trash) -> None:
    file = fill(root, "a/b/Rain.flac")
    file.chmod(0o604)
    os.utime(file, (5, 5))
    entry = trash.put("a/b/Rain.flac", **FACTS)
    file.parent.rmdir()
    assert trash.restore(entry) == "a/b/Rain.flac"
    assert file.read_bytes() == CONTENT
    assert (file.stat().st_mode & 0o777, file.stat().st_mtime) == (0o604, 5)
    assert trash.entries() == []
    assert list(trash.folder.iterdir()) == []


def test_a_track_can_come_back_elsewhere(root: Root, trash: Trash, entry: Entry) -> None:
    assert trash.restore(entry, "b/Storm.flac") == "b/Storm.flac"
    assert library(root) == ["b/Storm.flac", "b/Storm.lrc"]


def test_a_track_whose_name_is_taken_comes_back_beside_it(root: Root, trash: Trash) -> None:
    entries = []
    for number in range(4):
        fill(root, "a/Rain.flac", b"%d" % number)
        fill(root, "a/Rain.lrc", b"la %d" % number)
        entries.append(trash.put("a/Rain.flac", **facts(job_id=number)))
    assert [trash.restore(entry) for entry in entries] == [
        "a/Rain.flac",
        "a/Rain (restored).flac",
        "a/Rain (restored 2).flac",
        "a/Rain (restored 3).flac",
    ]
    assert (root.path / "a/Rain.flac").read_bytes() == b"0"
    assert (root.path / "a/Rain (restored 2).flac").read_bytes() == b"2"
    assert (root.path / "a/Rain (restored 2).lrc").read_bytes() == b"la 2"
    assert trash.entries() == []


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder"])
def test_whatever_has_the_name_keeps_it(root: Root, trash: Trash, entry: Entry, kind: str) -> None:
    there = root.path / "a/Rain.flac"
    if kind == "folder":
        there.mkdir()
    else:
        there.symlink_to(trash.folder / entry.name if kind == "link" else "nowhere")
    before = there.lstat()
    assert trash.restore(entry) == "a/Rain (restored).flac"
    assert there.lstat() == before


def test_a_track_that_was_stopped_on_its_way_back_is_asked_for_again(
    root: Root, trash: Trash, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stop(BaseException):
        pass

    carried = []

    def carry_one(*given: Any) -> None:
        if carried:
            raise Stop
        carried.append(given)
        carry.carry(*given)

    with monkeypatch.context() as stopped:
        stopped.setattr("syncd.local.trash_back.carry", carry_one)
        stopped.setattr("syncd.local.sidecars.carry", carry_one)
        with pytest.raises(Stop):
            trash.restore(entry)
    assert trash.entries() == [entry]
    assert trash.restore(entry) == "a/Rain.flac"
    assert library(root) == ["a/Rain.flac", "a/Rain.lrc"]
    assert names(trash.folder) == []


def test_a_track_whose_name_is_taken_this_moment_comes_back_beside_it(
    root: Root, trash: Trash, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*given: Any) -> None:
        carry_sidecars(*given)
        fill(root, "a/Rain.flac", b"theirs")

    monkeypatch.setattr("syncd.local.trash_back.carry_sidecars", taken)
    assert trash.restore(entry) == "a/Rain (restored).flac"
    assert (root.path / "a/Rain.flac").read_bytes() == b"theirs"
    assert library(root) == ["a/Rain (restored).flac", "a/Rain (restored).lrc", "a/Rain.flac"]


def test_lyrics_stay_with_a_track_that_cannot_come_back(
    root: Root, trash: Trash, entry: Entry
) -> None:
    with pytest.raises(FolderUnusable):
        trash.restore(entry, f"{'x' * 300}.flac")
    assert library(root) == []
    assert trash.entries() == [entry]
    assert (trash.folder / entry.sidecars[0]).read_bytes() == b"la"


def test_lyrics_that_came_meanwhile_keep_their_name(root: Root, trash: Trash, entry: Entry) -> None:
    fill(root, "a/Rain.lrc", b"new")
    assert trash.restore(entry) == "a/Rain.flac"
    assert (root.path / "a/Rain.lrc").read_bytes() == b"new"
    assert (root.path / "a/Rain (restored).lrc").read_bytes() == b"la"
    assert names(trash.folder) == []


def test_lyrics_that_went_from_the_trash_are_not_missed(
    root: Root, trash: Trash, entry: Entry
) -> None:
    (trash.folder / entry.sidecars[0]).unlink()
    assert trash.restore(entry) == "a/Rain.flac"
    assert library(root) == ["a/Rain.flac"]


def test_lyrics_that_cannot_come_along_are_said_to_stay(
    root: Root, trash: Trash, entry: Entry
) -> None:
    name = f"{'x' * 251}.mp3"
    (trash.folder / "2026-11-22/Rain.long").write_bytes(b"la")
    rewrite(trash, entry, sidecars=["Rain.long"])
    with capture_logs() as logs:
        assert trash.restore(entry, name) == name
    assert [(line["event"], line["name"]) for line in logs] == [
        ("a sidecar stays in the trash", "2026-11-22/Rain.long")
    ]
    assert (trash.folder / "2026-11-22/Rain.long").read_bytes() == b"la"


def test_a_recovery_copy_that_was_never_finished_just_goes(root: Root, trash: Trash) -> None:
    file = fill(root, "Rain.flac")
    entry = trash.secure("Rain.flac", **FACTS)
    assert trash.restore(entry) == "Rain.flac"
    assert library(root) == ["Rain.flac"]
    assert file.stat().st_nlink == 1
    assert names(trash.folder) == []


@pytest.mark.parametrize("path", ["../../x.flac", "/x.flac", ".syncd/x.flac", "a/../../x.flac", ""])
def test_a_path_that_leaves_the_library_is_refused(
    root: Root, trash: Trash, tmp_path: Path, entry: Entry, path: str
) -> None:
    before = names(tmp_path)
    with pytest.raises(RootUnusable, match="is no path inside the library"):
        trash.restore(entry, path)
    rewrite(trash, entry, path=path)
    hostile = trash.find(entry.name)
    assert hostile is not None
    assert hostile.path == path
    for act in (trash.restore, trash.finish):
        with pytest.raises(RootUnusable, match="inside the library"):
            act(hostile)
    assert names(tmp_path) == before
    assert trash.restore(hostile, "Rain.flac") == "Rain.flac"


def test_an_entry_that_is_gone_brings_nothing_back(root: Root, trash: Trash, entry: Entry) -> None:
    trash.restore(entry)
    fill(root, "b/Rain.flac", b"another")
    another = trash.put("b/Rain.flac", **facts(job_id=8))
    assert another.name == entry.name
    with pytest.raises(Changed, match="is no longer in the trash"):
        trash.restore(entry)
    assert trash.empty([entry]) == 0
    assert trash.entries() == [another]


def test_a_name_that_is_taken_in_the_last_moment(
    root: Root, trash: Trash, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = carry.rename_anew

    def too_late(root: Root, source: Path, target: Path, **named: Any) -> None:
        if target.name == "Rain.flac":
            target.write_bytes(b"theirs")
        rename(root, source, target, **named)

    monkeypatch.setattr(carry, "rename_anew", too_late)
    assert trash.restore(entry) == "a/Rain (restored).flac"
    assert (root.path / "a/Rain.flac").read_bytes() == b"theirs"


def test_nothing_is_left_where_a_rename_cannot_exclude(
    root: Root, trash: Trash, entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    monkeypatch.setattr(os, "link", refuse)
    assert trash.restore(entry) == "a/Rain.flac"
    assert library(root) == ["a/Rain.flac", "a/Rain.lrc"]
    assert names(root.incoming) == names(trash.folder) == []


# --- for good ---


def purge(trash: Trash, now: datetime, server_now: datetime | None) -> list[Entry]:
    return trash.purge(now=now, server_now=server_now, retention=RETENTION)


def test_an_entry_goes_after_its_retention(root: Root, trash: Trash, entry: Entry) -> None:
    fill(root, "Storm.flac")
    younger = trash.put("Storm.flac", **facts(now=NOW + timedelta(days=1)))
    assert purge(trash, NOW + RETENTION, SERVER + RETENTION) == [entry]
    assert trash.entries() == [younger]
    assert [path.name for path in trash.folder.iterdir()] == ["2026-11-23"]


A_SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("now", "server_now"),
    [
        (NOW + RETENTION - A_SECOND, SERVER + RETENTION),
        (NOW + RETENTION, SERVER + RETENTION - A_SECOND),
        (NOW + RETENTION, None),
        (NOW - A_SECOND, SERVER + RETENTION),
        (NOW + RETENTION, SERVER - A_SECOND),
    ],
    ids=["the clock", "the service", "no service", "a clock set back", "a service set back"],
)
def test_an_entry_stays_while_one_clock_doubts_it(
    trash: Trash, entry: Entry, now: datetime, server_now: datetime | None
) -> None:
    assert purge(trash, now, server_now) == []
    assert trash.entries() == [entry]


@pytest.mark.parametrize("now", [NOW - A_SECOND, NOW])
def test_without_a_retention_an_entry_goes_at_once_but_never_before_it_came(
    trash: Trash, entry: Entry, now: datetime
) -> None:
    gone = trash.purge(now=now, server_now=SERVER, retention=timedelta(0))
    assert gone == ([entry] if now == NOW else [])


def test_an_entry_of_an_unknown_time_stays(root: Root, trash: Trash) -> None:
    fill(root, "Rain.flac")
    entry = trash.put("Rain.flac", **facts(server_time=None))
    assert purge(trash, NOW + 99 * RETENTION, SERVER + 99 * RETENTION) == []
    assert trash.entries() == [entry]


@pytest.mark.parametrize("why", list(Why))
def test_the_last_copy_is_never_purged(root: Root, trash: Trash, why: Why) -> None:
    fill(root, "Rain.flac")
    entry = trash.put("Rain.flac", **facts(why=why))
    gone = purge(trash, NOW + 99 * RETENTION, SERVER + 99 * RETENTION)
    assert gone == ([] if why is Why.DELETED_THERE else [entry])
    assert trash.empty([entry]) == (len(CONTENT) if why is Why.DELETED_THERE else 0)
    assert list(trash.folder.iterdir()) == []


def test_exactly_what_is_named_is_emptied(root: Root, trash: Trash, entry: Entry) -> None:
    fill(root, "Storm.flac")
    other = trash.put("Storm.flac", **FACTS)
    assert trash.empty([entry, entry]) == len(CONTENT) + len(b"la")
    assert trash.entries() == [other]
    assert names(trash.folder) == [other.name, f"{other.name}.json"]


def test_a_track_that_still_stands_in_the_library_frees_nothing(root: Root, trash: Trash) -> None:
    fill(root, "Rain.flac")
    assert trash.empty([trash.secure("Rain.flac", **FACTS)]) == 0
    assert library(root) == ["Rain.flac"]


def test_a_made_up_entry_removes_nothing(root: Root, trash: Trash, entry: Entry) -> None:
    fill(root, "a/Storm.flac")
    for name in ("../../a/Storm.flac", "2026-11-22/../../../a/Storm.flac", "2026-11-22"):
        assert trash.empty([replace(entry, name=name)]) == 0
    assert library(root) == ["a/Storm.flac"]
    assert trash.entries() == [entry]


# --- notes that are damaged, or alone ---

DAMAGED: dict[str, object] = {
    "job_id": "7",
    "size": -1,
    "path": None,
    "why": "because",
    "trashed_at": "2026-11-22T12:00:00",
    "server_time": "yesterday",
    "sha256": 5,
    "title": ["Rain"],
    "audio": 7,
    "job": {"id": 7},
    "sidecars": "Rain.lrc",
}
HOSTILE = ["../x.lrc", "Storm.flac", "Storm.flac.json", "..", "", "a\0b", 7]


@pytest.mark.parametrize(
    "changed",
    [*({key: value} for key, value in DAMAGED.items()), *({"sidecars": [n]} for n in HOSTILE)],
    ids=str,
)
def test_a_file_with_a_damaged_note_is_reported_and_stays(
    trash: Trash, entry: Entry, changed: dict[str, object]
) -> None:
    rewrite(trash, entry, **changed)
    before = names(trash.folder)
    with capture_logs() as logs:
        assert trash.entries() == []
    assert [(line["log_level"], line["name"], line["why"]) for line in logs] == [
        ("warning", "2026-11-22/Rain.flac", "its note is damaged")
    ]
    assert trash.find(entry.name) is None
    assert purge(trash, NOW + 99 * RETENTION, SERVER + 99 * RETENTION) == []
    assert trash.empty([entry]) == 0
    assert names(trash.folder) == before


@pytest.mark.parametrize("text", ["", "[]", "{", "7", "\udcff", "[" * 9999, '{"job_id": 7}'])
def test_a_note_that_is_none(trash: Trash, entry: Entry, text: str) -> None:
    note = trash.folder / f"{entry.name}.json"
    note.write_bytes(text.encode(errors="surrogateescape"))
    assert trash.entries() == []
    assert purge(trash, NOW + 99 * RETENTION, SERVER + 99 * RETENTION) == []
    assert (trash.folder / entry.name).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("kind", "why"),
    [("nothing", "it has no note"), ("link", "its note cannot be read"), ("folder", "its note")],
)
def test_a_file_without_a_note_is_reported_and_stays(
    trash: Trash, entry: Entry, tmp_path: Path, kind: str, why: str
) -> None:
    note = trash.folder / f"{entry.name}.json"
    note.rename(tmp_path / "note")
    if kind == "link":
        note.symlink_to(tmp_path / "note")
    elif kind == "folder":
        note.mkdir()
    with capture_logs() as logs:
        assert purge(trash, NOW + 99 * RETENTION, SERVER + 99 * RETENTION) == []
    assert [line["why"].startswith(why) for line in logs] == [True]
    assert (trash.folder / entry.name).read_bytes() == CONTENT


def test_a_note_of_a_later_version_may_hold_more(trash: Trash, entry: Entry) -> None:
    rewrite(trash, entry, colour="blue")
    assert trash.entries() == [entry]


def test_a_note_without_its_file_is_reported_then_tidied(trash: Trash, entry: Entry) -> None:
    (trash.folder / entry.name).unlink()
    (trash.folder / entry.sidecars[0]).unlink()
    with capture_logs() as logs:
        assert trash.entries() == []
    assert [line["event"] for line in logs] == ["a note in the trash has no file"]
    assert purge(trash, NOW, SERVER) == []
    assert list(trash.folder.iterdir()) == []


def test_a_note_without_its_file_makes_way_for_the_next(
    root: Root, trash: Trash, entry: Entry
) -> None:
    (trash.folder / entry.name).unlink()
    (trash.folder / entry.sidecars[0]).unlink()
    fill(root, "a/Rain.flac", b"another")
    another = trash.put("a/Rain.flac", **facts(job_id=8))
    assert another.name == entry.name
    assert trash.entries() == [another]


def test_a_note_that_still_names_lyrics_stays_with_them(
    root: Root, trash: Trash, entry: Entry
) -> None:
    (trash.folder / entry.name).unlink()
    assert purge(trash, NOW + 99 * RETENTION, SERVER + 99 * RETENTION) == []
    fill(root, "a/Rain.flac")
    assert trash.put("a/Rain.flac", **FACTS).name == "2026-11-22/Rain (2).flac"
    assert (trash.folder / entry.sidecars[0]).read_bytes() == b"la"


def test_what_others_put_into_the_trash_stays(trash: Trash, entry: Entry) -> None:
    theirs = [trash.folder / "2026-11-22/@eaDir", trash.folder / "mine", trash.folder / "2026"]
    for folder in theirs:
        folder.mkdir()
        (folder / "x.flac").write_bytes(b"theirs")
    (trash.folder / "2026-11-22/list.json").write_text("theirs")
    with capture_logs() as logs:
        assert trash.entries() == [entry]
        assert purge(trash, NOW + RETENTION, SERVER + RETENTION) == [entry]
    assert logs == []
    assert names(trash.folder) == [
        "2026-11-22/@eaDir/x.flac",
        "2026-11-22/list.json",
        "2026/x.flac",
        "mine/x.flac",
    ]
