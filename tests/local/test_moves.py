"""The program's own move of a track: never upon another file, its sidecars with it."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from syncd.errors import Changed, DiskFull, Occupied, RootUnusable
from syncd.local import moves
from syncd.local.files import recover_placements
from syncd.local.moves import move
from syncd.local.root import Root, create_root
from syncd.local.scan import file_stat

CONTENT = b"fLaC" + bytes(range(256))
Rename = Callable[..., None]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def track(root: Root) -> Path:
    path = root.path / "Album/Rain.flac"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system with neither an exclusive rename nor hard links."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    monkeypatch.setattr(os, "link", failing(errno.EPERM))


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def names(root: Root) -> list[str]:
    """Everything in the library, folders too, but for the program's own."""
    found = (path.relative_to(root.path).as_posix() for path in root.path.rglob("*"))
    return sorted(name for name in found if not name.startswith(".syncd"))


def test_a_track_moves_with_its_sidecars_into_folders_made_for_it(root: Root, track: Path) -> None:
    track.with_suffix(".lrc").write_text("[00:01.00]la")
    before = file_stat(track)
    moved = move(root, "Album/Rain.flac", "New/Disc 1/Storm.flac", expected=before)
    assert names(root) == [
        "Album", "New", "New/Disc 1", "New/Disc 1/Storm.flac", "New/Disc 1/Storm.lrc",
    ]  # fmt: skip
    assert moved == file_stat(root.path / "New/Disc 1/Storm.flac")
    assert (moved.inode, moved.mtime_ns) == (before.inode, before.mtime_ns)


def test_folders_that_the_move_left_empty_go_only_where_that_is_asked_for(root: Root) -> None:
    deep = root.path / "Artist/Album/Disc"
    deep.mkdir(parents=True)
    (deep / "a.flac").write_bytes(CONTENT)
    (deep / "b.flac").write_bytes(CONTENT)
    (root.path / "Artist/notes.txt").write_text("mine")
    move(root, "Artist/Album/Disc/a.flac", "a.flac", prune=True)
    assert deep.exists()
    move(root, "Artist/Album/Disc/b.flac", "b.flac", prune=True)
    assert names(root) == ["Artist", "Artist/notes.txt", "a.flac", "b.flac"]


def test_the_root_itself_outlives_its_last_track(root: Root) -> None:
    (root.path / "a.flac").write_bytes(CONTENT)
    move(root, "a.flac", "A/a.flac", prune=True)
    move(root, "A/a.flac", "a.flac", prune=True)
    assert names(root) == ["a.flac"]


@pytest.mark.parametrize("kind", ["file", "empty file", "folder", "link", "broken link"])
@pytest.mark.parametrize("poorly", [False, True], ids=["exclusive rename", "poor file system"])
def test_what_stands_at_the_new_name_is_left_alone(
    root: Root, track: Path, kind: str, poorly: bool, request: pytest.FixtureRequest
) -> None:
    if poorly:
        request.getfixturevalue("poor")
    target = root.path / "Album/Storm.flac"
    match kind:
        case "folder":
            target.mkdir()
        case "link":
            target.symlink_to(track)
        case "broken link":
            target.symlink_to("nowhere")
        case _:
            target.write_bytes(b"theirs" if kind == "file" else b"")
    before = target.lstat()
    with pytest.raises(Occupied, match=r"Album/Storm\.flac"):
        move(root, "Album/Rain.flac", "Album/Storm.flac")
    assert track.read_bytes() == CONTENT
    assert target.lstat() == before


def test_another_name_of_the_same_file_is_another_file(root: Root, track: Path) -> None:
    os.link(track, track.with_name("rain.flac"))
    with pytest.raises(Occupied):
        move(root, "Album/Rain.flac", "Album/rain.flac")
    assert names(root) == ["Album", "Album/Rain.flac", "Album/rain.flac"]


def test_the_same_name_is_no_move(root: Root, track: Path) -> None:
    before = file_stat(track)
    assert move(root, "Album/Rain.flac", "Album/Rain.flac", expected=before) == before


def test_a_change_of_case_alone_is_a_move(root: Root, track: Path) -> None:
    move(root, "Album/Rain.flac", "Album/rain.flac")
    assert names(root) == ["Album", "Album/rain.flac"]


@pytest.mark.parametrize("kind", ["gone", "folder gone", "link", "folder", "pipe", "behind a link"])
def test_what_is_no_longer_the_track_is_not_moved(
    root: Root, track: Path, tmp_path: Path, kind: str
) -> None:
    aside = tmp_path / "aside"
    match kind:
        case "folder gone":
            track.parent.rename(aside)
        case "behind a link":
            track.parent.rename(aside)
            (root.path / "Album").symlink_to(aside)
        case _:
            track.rename(aside)
    if kind == "link":
        track.symlink_to(aside)
    elif kind == "folder":
        track.mkdir()
    elif kind == "pipe":
        os.mkfifo(track)
    before = names(root)
    with pytest.raises(Changed, match=r"Album/Rain\.flac"):
        move(root, "Album/Rain.flac", "Storm.flac")
    assert names(root) == before


def test_a_track_that_another_program_wrote_to_is_not_moved(root: Root, track: Path) -> None:
    before = file_stat(track)
    track.write_bytes(CONTENT + b"theirs")
    with pytest.raises(Changed, match="no longer the file"):
        move(root, "Album/Rain.flac", "Storm.flac", expected=before)
    assert names(root) == ["Album", "Album/Rain.flac"]


def test_a_track_that_goes_in_the_last_moment_is_told_so(
    root: Root, track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename: Rename = moves.rename_anew

    def gone(*arguments: Path, part: Path) -> None:
        track.unlink()
        rename(*arguments, part=part)

    monkeypatch.setattr(moves, "rename_anew", gone)
    with pytest.raises(Changed, match="no longer there"):
        move(root, "Album/Rain.flac", "Storm.flac")


@pytest.mark.parametrize("kind", ["link", "file"])
def test_a_folder_of_the_new_name_is_a_real_one(
    root: Root, track: Path, tmp_path: Path, kind: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    if kind == "link":
        (root.path / "New").symlink_to(outside)
    else:
        (root.path / "New").touch()
    for new in ("New/Rain.flac", "New/Disc 1/Rain.flac"):
        with pytest.raises(Occupied, match=new):
            move(root, "Album/Rain.flac", new)
    assert track.exists()
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["../Rain.flac", ".syncd/Rain.flac", "/etc/Rain.flac", ""])
def test_neither_name_leaves_the_library(root: Root, track: Path, path: str) -> None:
    for old, new in ((path, "Storm.flac"), ("Album/Rain.flac", path)):
        with pytest.raises(RootUnusable, match="no path inside"):
            move(root, old, new)
    assert names(root) == ["Album", "Album/Rain.flac"]


def test_another_file_system_is_no_place_to_move_to(
    root: Root, track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "rename_anew", failing(errno.EXDEV))
    with pytest.raises(Changed, match="another file system"):
        move(root, "Album/Rain.flac", "Storm.flac")


@pytest.mark.parametrize(
    ("code", "error"), [(errno.ENOSPC, DiskFull), (errno.EROFS, RootUnusable)], ids=["full", "ro"]
)
def test_what_the_file_system_refuses_is_said(
    root: Root, track: Path, code: int, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "rename_anew", failing(code))
    with pytest.raises(error):
        move(root, "Album/Rain.flac", "Storm.flac")
    assert track.read_bytes() == CONTENT


def test_a_track_that_cannot_be_opened_is_not_moved(
    root: Root, track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "open", failing(errno.EACCES))
    with pytest.raises(RootUnusable, match="Permission denied"):
        move(root, "Album/Rain.flac", "Storm.flac")
    assert track.exists()


def test_what_stood_at_the_new_name_may_be_gone_again(
    root: Root, track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "rename_anew", failing(errno.EEXIST))
    with pytest.raises(Occupied):
        move(root, "Album/Rain.flac", "Storm.flac")
    assert track.exists()


def test_both_folders_are_durable_before_the_move_is_done(
    root: Root, track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[Path, bool]] = []
    sync = moves.fsync_folder

    def noted(folder: Path) -> None:
        synced.append((folder, track.exists()))
        sync(folder)

    monkeypatch.setattr(moves, "fsync_folder", noted)
    move(root, "Album/Rain.flac", "New/Rain.flac")
    assert synced == [(root.path / "New", False), (root.path / "Album", False)]


def test_a_poor_file_system_keeps_its_notes_out_of_the_library(
    root: Root, track: Path, poor: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failed:
        failed.setattr(Path, "replace", failing(errno.EIO))
        failed.setattr(Path, "unlink", failing(errno.EIO))
        with pytest.raises(RootUnusable):
            move(root, "Album/Rain.flac", "Storm.flac")
    assert names(root) == ["Album", "Album/Rain.flac", "Storm.flac"]
    recover_placements(root)
    assert names(root) == ["Album", "Album/Rain.flac"]
    move(root, "Album/Rain.flac", "Storm.flac")
    assert names(root) == ["Album", "Storm.flac"]
    assert (root.path / "Storm.flac").read_bytes() == CONTENT
    assert list(root.incoming.iterdir()) == []


def test_what_somebody_writes_as_soon_as_it_is_moved_is_no_stat_of_ours(
    root: Root, track: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = moves._rename

    def quicker(root: Root, source: Path, target: Path) -> None:
        rename(root, source, target)
        with target.open("ab") as file:
            file.write(b"theirs")

    monkeypatch.setattr(moves, "_rename", quicker)
    before = file_stat(track)
    assert move(root, "Album/Rain.flac", "Album/Snow.flac", expected=before) == before
    assert file_stat(root.path / "Album/Snow.flac") != before
