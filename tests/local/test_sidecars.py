"""Sidecars: which files belong to a track, and that they follow it."""

from __future__ import annotations

import ctypes
import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import DiskFull, LocalError, RootUnusable
from syncd.local import carry
from syncd.local.root import Root, create_root
from syncd.local.sidecars import carry_sidecars, move_sidecars, sidecar_name, sidecars


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


def fill(root: Root, *paths: str) -> None:
    """Make files that hold their own path."""
    for path in paths:
        (root.path / path).parent.mkdir(parents=True, exist_ok=True)
        (root.path / path).write_bytes(os.fsencode(path))


def held(root: Root) -> dict[str, str]:
    """The path of every file of the library -> what it holds."""
    return {
        str(path.relative_to(root.path)): os.fsdecode(path.read_bytes())
        for path in root.path.rglob("*")
        if path.is_file() and not path.is_relative_to(root.private)
    }


BELONGS = {
    "lyrics": (["Rain.lrc"], ["Rain.lrc"]),
    "several": (["Rain.lrc", "Rain.jpg", "Rain.JPEG"], ["Rain.JPEG", "Rain.jpg", "Rain.lrc"]),
    "its full name": (["Rain.flac.cue"], ["Rain.flac.cue"]),
    "more than one suffix": (["Rain.de.lrc", "Rain.flac.de.lrc"], []),
    "another stem": (["Rainy.lrc", "rain.lrc", "Rai.lrc", "Rain (2).lrc"], []),
    "no suffix": (["Rain", "Rain."], []),
    "other tracks": (["Rain.mp3", "Rain.OPUS", "Storm.ogg"], []),
    "shared with another format": (["Rain.mp3", "Rain.lrc", "Rain.jpg"], []),
    "its own beside shared ones": (["Rain.ogg", "Rain.lrc", "Rain.flac.cue"], ["Rain.flac.cue"]),
    "shared where case is folded": (["rain.mp3", "Rain.lrc"], []),
    "claimed by a longer name": (["Rain.flac.mp3", "Rain.flac.cue", "Rain.lrc"], ["Rain.lrc"]),
    "another track's full name": (["Rain.wav", "Rain.wav.cue"], []),
}


def test_what_is_kept_out_belongs_to_none(root: Root) -> None:
    fill(root, "Rain.flac", "Rain.lrc", "Rain.jpg")
    assert sidecars(replace(root, ignore=("*.lrc",)), "Rain.flac") == ("Rain.jpg",)


def test_what_was_carried_is_there_for_good_and_gone_for_good(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(root, "a/Rain.lrc", "b/x")
    synced: list[Path] = []
    monkeypatch.setattr(carry, "fsync_folder", synced.append)
    carry_sidecars(root, [(root.path / "a/Rain.lrc", root.path / "b/Rain.lrc")])
    assert synced[-2:] == [root.path / "b", root.path / "a"]


@pytest.mark.parametrize(("beside", "found"), BELONGS.values(), ids=BELONGS)
@pytest.mark.parametrize("folder", ["", "a/b c/"], ids=["at the root", "in a folder"])
def test_what_belongs_to_a_track(
    root: Root, folder: str, beside: list[str], found: list[str]
) -> None:
    fill(root, folder + "Rain.flac", *(folder + name for name in beside))
    assert sidecars(root, f"{folder}Rain.flac") == tuple(folder + name for name in found)


def test_a_name_with_two_audio_suffixes_shares_what_both_could_claim(root: Root) -> None:
    fill(root, "Song.mp3", "Song.mp3.flac", "Song.mp3.lrc")
    assert sidecars(root, "Song.mp3.flac") == ()
    assert sidecars(root, "Song.mp3") == ()
    (root.path / "Song.mp3").unlink()
    assert sidecars(root, "Song.mp3.flac") == ("Song.mp3.lrc",)


def test_links_folders_and_pipes_are_no_sidecars(root: Root) -> None:
    fill(root, "Rain.flac", "else")
    (root.path / "Rain.lrc").symlink_to("else")
    (root.path / "Rain.jpg").mkdir()
    os.mkfifo(root.path / "Rain.cue")
    assert sidecars(root, "Rain.flac") == ()


def test_names_that_are_not_utf8(root: Root) -> None:
    fill(root, "Caf\udce9/\udcff.flac", "Caf\udce9/\udcff.lrc")
    assert sidecars(root, "Caf\udce9/\udcff.flac") == ("Caf\udce9/\udcff.lrc",)
    (root.path / "b").mkdir()
    move_sidecars(root, "Caf\udce9/\udcff.flac", "b/\udcfe.flac")
    assert os.listdir(os.fsencode(root.path) + b"/b") == [b"\xfe.lrc"]  # noqa: PTH208


def test_a_folder_that_is_not_there_holds_none(root: Root) -> None:
    fill(root, "file")
    assert sidecars(root, "gone/Rain.flac") == ()
    assert sidecars(root, "file/Rain.flac") == ()


def test_a_folder_that_cannot_be_read_is_said(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> object:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(RootUnusable, match="Input/output error"):
        sidecars(root, "Rain.flac")


@pytest.mark.parametrize(
    ("sidecar", "track", "new", "name"),
    [
        ("Rain.lrc", "Rain.flac", "Storm.flac", "Storm.lrc"),
        ("Rain.lrc", "Rain.flac", "Vol. 2.mp3", "Vol. 2.lrc"),
        ("Rain.flac.cue", "Rain.flac", "Storm.mp3", "Storm.mp3.cue"),
        ("Rain.mp3.lrc", "Rain.mp3.flac", "Storm.flac", "Storm.lrc"),
    ],
)
def test_the_name_of_a_sidecar_follows_its_track(
    sidecar: str, track: str, new: str, name: str
) -> None:
    assert sidecar_name(sidecar, track, new) == name


@pytest.mark.parametrize("new", ["Storm.flac", "b/Rain.flac", "b/Storm.mp3"])
def test_sidecars_follow_their_track(root: Root, new: str) -> None:
    fill(root, "Rain.flac", "Rain.lrc", "Rain.flac.cue", "Storm.txt", "b/other.lrc")
    (root.path / "Rain.flac").rename(root.path / new)
    move_sidecars(root, "Rain.flac", new)
    stem, _, _ = new.rpartition(".")
    assert held(root) == {
        new: "Rain.flac",
        f"{stem}.lrc": "Rain.lrc",
        f"{new}.cue": "Rain.flac.cue",
        "Storm.txt": "Storm.txt",
        "b/other.lrc": "b/other.lrc",
    }


def test_a_sidecar_never_falls_upon_another(root: Root) -> None:
    fill(root, "Storm.flac", "Rain.lrc", "Rain.jpg", "Storm.lrc")
    move_sidecars(root, "Rain.flac", "Storm.flac")
    assert held(root) == {
        "Storm.flac": "Storm.flac",
        "Rain.lrc": "Rain.lrc",
        "Storm.jpg": "Rain.jpg",
        "Storm.lrc": "Storm.lrc",
    }


def test_the_track_under_its_new_name_does_not_claim_what_it_had_under_the_old(root: Root) -> None:
    fill(root, "Rain.flac.mp3", "Rain.flac.cue")
    move_sidecars(root, "Rain.flac", "Rain.flac.mp3")
    assert held(root) == {"Rain.flac.mp3": "Rain.flac.mp3", "Rain.flac.mp3.cue": "Rain.flac.cue"}


def test_a_track_that_only_changed_its_format_keeps_its_lyrics(root: Root) -> None:
    fill(root, "Rain.mp3", "Rain.lrc")
    move_sidecars(root, "Rain.flac", "Rain.mp3")
    assert held(root) == {"Rain.mp3": "Rain.mp3", "Rain.lrc": "Rain.lrc"}


@pytest.mark.parametrize("new", ["gone/Rain.flac", "file/Rain.flac", f"{'x' * 251}.mp3"])
def test_a_sidecar_that_cannot_follow_stays(root: Root, new: str) -> None:
    fill(root, "Rain.flac.long", "file")
    move_sidecars(root, "Rain.flac", new)
    assert held(root) == {"Rain.flac.long": "Rain.flac.long", "file": "file"}


def test_a_sidecar_that_went_meanwhile_is_not_missed(root: Root) -> None:
    fill(root, "Rain.jpg")
    gone, there = root.path / "Rain.lrc", root.path / "Rain.jpg"
    moves = [(gone, root.path / "Storm.lrc"), (there, root.path / "Storm.jpg")]
    carry_sidecars(root, moves)
    assert held(root) == {"Storm.jpg": "Rain.jpg"}


def test_a_sidecar_that_another_program_exchanged_stays_where_it_is(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(root, "Rain.lrc")
    rename = carry.rename_anew

    def too_late(root: Root, source: Path, target: Path, *, part: Path) -> None:
        if source.name == "Rain.lrc":
            source.unlink()
            source.write_text("a later edition")
        rename(root, source, target, part=part)

    monkeypatch.setattr(carry, "rename_anew", too_late)
    move_sidecars(root, "Rain.flac", "Storm.flac")
    assert held(root) == {"Rain.lrc": "a later edition"}


def test_sidecars_follow_onto_another_file_system(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(root, "Rain.lrc", "disk/Rain.flac")
    os.utime(root.path / "Rain.lrc", (5, 5))
    rename = carry.rename_anew

    def across(root: Root, source: Path, target: Path, *, part: Path) -> None:
        if source.parent != target.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        rename(root, source, target, part=part)

    monkeypatch.setattr(carry, "rename_anew", across)
    move_sidecars(root, "Rain.flac", "disk/Rain.flac")
    assert held(root) == {"disk/Rain.flac": "disk/Rain.flac", "disk/Rain.lrc": "Rain.lrc"}
    assert (root.path / "disk/Rain.lrc").stat().st_mtime == 5


def test_the_notes_of_a_rename_never_stand_among_the_users_files(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    monkeypatch.setattr(os, "link", refuse)
    fill(root, "Rain.lrc", "Rain.lrc.target", "Rain.jpg", "Storm.jpg")
    move_sidecars(root, "Rain.flac", "Storm.flac")
    assert held(root) == {
        "Storm.lrc": "Rain.lrc",
        "Rain.lrc.target": "Rain.lrc.target",
        "Rain.jpg": "Rain.jpg",
        "Storm.jpg": "Storm.jpg",
    }
    assert list(root.incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [(errno.ENOSPC, DiskFull), (errno.EROFS, RootUnusable), (errno.EIO, RootUnusable)],
)
@pytest.mark.parametrize("call", [(carry, "rename_anew"), (os, "fsync")], ids=["rename", "fsync"])
def test_what_the_file_system_refuses_is_said_by_its_kind(
    root: Root,
    monkeypatch: pytest.MonkeyPatch,
    call: tuple[Any, str],
    code: int,
    kind: type[LocalError],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    fill(root, "Rain.lrc")
    monkeypatch.setattr(*call, fail)
    with pytest.raises(kind):
        move_sidecars(root, "Rain.flac", "Storm.flac")
    assert list(held(root).values()) == ["Rain.lrc"]


def test_both_folders_are_durable_after_a_sidecar_moved(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(root, "a/Rain.lrc", "b/Rain.flac")
    synced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}").rpartition("/")[2])  # noqa: PTH115
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    move_sidecars(root, "a/Rain.flac", "b/Rain.flac")
    assert synced == ["b", "a"]
