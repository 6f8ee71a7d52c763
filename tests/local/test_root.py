"""The root and its marker: the positive sign that this is the folder of library X."""

from __future__ import annotations

import errno
import json
import os
import shutil
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.errors import DiskFull, ExitCode, LocalError, RootUnusable
from syncd.local.root import (
    Marker,
    Root,
    create_root,
    find_marker,
    open_root,
    prepare,
    read_marker,
    root_error,
    write_marker,
)

URL = "https://api.audiopod.ai"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "Music" / "AudioPod"


def marker_file(folder: Path) -> Path:
    return folder / ".syncd" / "library.json"


def test_a_new_root_has_a_marker_of_its_own(folder: Path) -> None:
    root, marker = create_root(folder, URL)
    assert read_marker(root) == marker == Marker(marker.library_id, URL, None, 0)
    assert str(uuid.UUID(marker.library_id)) == marker.library_id
    assert {path.name for path in (folder / ".syncd").iterdir()} == {
        "library.json",
        "incoming",
        ".mpdignore",
        ".ndignore",
        ".nomedia",
        "reserve",
    }
    assert (folder / ".syncd" / ".mpdignore").read_text() == "*\n"
    assert create_root(folder.with_name("other"), URL)[1].library_id != marker.library_id


def test_the_folders_that_lead_to_a_marker_are_durable_before_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    create_root(folder, URL)
    assert synced[:2] == ["Music", folder.parents[1].name]
    assert synced[-3:] == ["AudioPod", "library.new", ".syncd"]


def test_making_a_root_again_changes_nothing(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "mine.mp3").write_bytes(b"x")
    root, marker = create_root(folder, URL)
    (folder / ".syncd" / ".nomedia").write_text("mine")
    before = marker_file(folder).stat()
    again, same = create_root(folder, "https://elsewhere.example")
    assert (again, same) == (root, marker)
    assert marker_file(folder).stat().st_mtime_ns == before.st_mtime_ns
    assert (folder / "mine.mp3").read_bytes() == b"x"
    assert (folder / ".syncd" / ".nomedia").read_text() == "mine"


def test_a_marker_is_read_as_it_was_written(folder: Path) -> None:
    root, marker = create_root(folder, URL)
    changed = replace(marker, account="42 ü", generation=2**40, aliases=("https://a#1", "ü"))
    write_marker(root, changed)
    assert read_marker(root) == changed
    assert not list(folder.rglob("*.new"))


def test_a_marker_of_a_later_version_may_hold_more(folder: Path) -> None:
    root, marker = create_root(folder, URL)
    table = json.loads(marker_file(folder).read_text()) | {"colour": "blue"}
    marker_file(folder).write_text(json.dumps(table))
    assert read_marker(root) == marker


def test_a_marker_of_an_earlier_version_has_no_aliases(folder: Path) -> None:
    root, marker = create_root(folder, URL)
    table = json.loads(marker_file(folder).read_text())
    del table["aliases"]
    marker_file(folder).write_text(json.dumps(table))
    assert read_marker(root) == marker
    assert marker.aliases == ()


IDENTITY = '"library_id": "6c1b0f9e-8f0e-4a3e-9d6e-0d8a6d6f3f52"'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"3",
        b"{}",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"library_id": "x", "base_url": "https://a"}',
        b'{"library_id": 3, "base_url": "https://a"}',
        f"{{{IDENTITY}}}".encode(),
        f'{{{IDENTITY}, "base_url": null}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "account": 3}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "generation": "x"}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "generation": null}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "generation": true}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "generation": -1}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "generation": Infinity}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "aliases": "https://b#1"}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "aliases": null}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "aliases": [3]}}'.encode(),
        f'{{{IDENTITY}, "base_url": "https://a", "pad": "{"x" * 70_000}"}}'.encode(),
    ],
    ids=lambda content: content[:70].decode(errors="replace"),
)
def test_a_damaged_marker_is_refused_and_kept(folder: Path, content: bytes) -> None:
    root, _ = create_root(folder, URL)
    marker_file(folder).write_bytes(content)
    with pytest.raises(RootUnusable, match="is damaged") as caught:
        read_marker(root)
    assert caught.value.hint == "syncd adopt writes it anew from the catalog; nothing was changed"
    with pytest.raises(RootUnusable, match="is damaged"):
        create_root(folder, URL)
    assert marker_file(folder).read_bytes() == content


def test_a_folder_without_a_marker(folder: Path) -> None:
    folder.mkdir(parents=True)
    root = open_root(folder)
    assert read_marker(root) is None
    (folder / ".syncd").write_text("a file")
    assert read_marker(root) is None
    with pytest.raises(RootUnusable, match="Not a directory"):
        prepare(root)


def test_a_folder_of_its_own_that_cannot_be_looked_at(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir(parents=True)
    root = open_root(folder)

    def sick(path: object, *_: object, **__: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

    for name in ("stat", "lstat", "mkdir"):
        monkeypatch.setattr(os, name, sick)
    with pytest.raises(RootUnusable, match="Input/output error"):
        prepare(root)


def test_a_marker_that_is_a_folder(folder: Path) -> None:
    root, _ = create_root(folder, URL)
    marker_file(folder).unlink()
    marker_file(folder).mkdir()
    with pytest.raises(RootUnusable, match="cannot be read: Is a directory"):
        read_marker(root)


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_a_marker_is_replaced_whole_or_not_at_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    root, marker = create_root(folder, URL)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = {"write": (json, "dump"), "fsync": (os, "fsync"), "replace": (Path, "replace")}
    monkeypatch.setattr(*target[call], full)
    with pytest.raises(DiskFull):
        write_marker(root, replace(marker, generation=1))
    monkeypatch.undo()
    assert read_marker(root) == marker
    assert not list(folder.rglob("*.new"))


def test_a_marker_is_durable_before_and_after_it_gets_its_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, marker = create_root(folder, URL)
    steps: list[str] = []
    fsync, rename = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        steps.append("fsync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def noted_rename(self: Path, target: Path) -> Path:
        steps.append("replace")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_rename)
    write_marker(root, marker)
    assert steps == ["fsync library.new", "replace", "fsync .syncd"]


def test_the_root_is_verified_while_it_is_the_same(folder: Path) -> None:
    root, marker = create_root(folder, URL)
    root.verify(marker)
    write_marker(root, replace(marker, generation=5))
    root.verify(marker)


def test_a_root_that_was_swapped_is_noticed(folder: Path) -> None:
    root, marker = create_root(folder, URL)
    folder.rename(folder.with_name("moved"))
    with pytest.raises(RootUnusable, match="is no longer the folder it was"):
        root.verify(marker)
    folder.mkdir()
    with pytest.raises(RootUnusable, match="is no longer the folder it was"):
        root.verify(marker)
    folder.rmdir()
    shutil.copytree(folder.with_name("moved"), folder)
    with pytest.raises(RootUnusable, match="is no longer the folder it was"):
        root.verify(marker)


def test_a_file_with_the_number_of_the_root_is_not_the_root(tmp_path: Path) -> None:
    _, marker = create_root(tmp_path / "root", URL)
    (tmp_path / "file").write_text("the inode of a folder that went is free for the next file")
    found = (tmp_path / "file").stat()
    with pytest.raises(RootUnusable, match="is no longer the folder it was"):
        Root(tmp_path / "file", found.st_dev, found.st_ino).verify(marker)


def test_a_marker_that_went_or_changed_is_noticed(folder: Path) -> None:
    root, marker = create_root(folder, URL)
    write_marker(root, Marker.new(URL))
    with pytest.raises(RootUnusable, match="vanished or changed"):
        root.verify(marker)
    marker_file(folder).unlink()
    with pytest.raises(RootUnusable, match="vanished or changed") as caught:
        root.verify(marker)
    assert caught.value.exit_code is ExitCode.SAFETY


def test_a_root_that_is_not_there_or_no_folder(tmp_path: Path) -> None:
    with pytest.raises(RootUnusable, match="is not there"):
        open_root(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(RootUnusable, match="is not a folder"):
        open_root(tmp_path / "file")
    with pytest.raises(RootUnusable, match="is not a folder"):
        create_root(tmp_path / "file", URL)
    with pytest.raises(RootUnusable, match="Not a directory"):
        open_root(tmp_path / "file" / "x")
    with pytest.raises(RootUnusable, match="cannot be made: Not a directory"):
        create_root(tmp_path / "file" / "x", URL)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(RootUnusable, match="Too many levels of symbolic links"):
        open_root(tmp_path / "loop" / "x")


LINKS = [
    ("to a folder", "real"),
    ("to a library", "library"),
    ("to a file", "file"),
    ("to nothing", "none"),
    ("to itself", "link"),
]


@pytest.mark.parametrize("target", [row[1] for row in LINKS], ids=[row[0] for row in LINKS])
def test_a_link_where_the_root_should_be_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "real").mkdir()
    create_root(tmp_path / "library", URL)
    (tmp_path / "file").write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(target)
    before = sorted(tmp_path.rglob("*"))
    for refused in (open_root, find_marker, lambda path: create_root(path, URL)):
        with pytest.raises(RootUnusable) as caught:
            refused(link)
        assert caught.value.message == f"{link} is a link"
        assert str(caught.value.hint).startswith("set library.root to the folder that it points to")
    assert sorted(tmp_path.rglob("*")) == before


def test_links_among_the_parents_of_the_root_are_followed(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "Music").symlink_to("disk")
    root, marker = create_root(tmp_path / "Music" / "AudioPod", URL)
    root.verify(marker)
    assert open_root(tmp_path / "Music" / "AudioPod") == root
    assert find_marker(tmp_path / "disk" / "AudioPod") == marker


def test_a_root_that_became_a_link_to_itself_is_noticed(folder: Path) -> None:
    root, marker = create_root(folder, URL)
    folder.rename(folder.with_name("moved"))
    folder.symlink_to("moved")
    assert (folder.stat().st_dev, folder.stat().st_ino) == (root.device, root.inode)
    with pytest.raises(RootUnusable, match="is no longer the folder it was"):
        root.verify(marker)
    folder.unlink()
    folder.with_name("moved").rename(folder)
    root.verify(marker)


@pytest.mark.parametrize("name", [".syncd", ".syncd/incoming"])
def test_the_programs_own_folder_is_never_a_link(tmp_path: Path, folder: Path, name: str) -> None:
    create_root(folder, URL)
    shutil.rmtree(folder / name)
    (tmp_path / "elsewhere").mkdir()
    (folder / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RootUnusable, match="is a link"):
        prepare(open_root(folder))
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("code", "kind", "text"),
    [
        (errno.ENOSPC, DiskFull, "the disk of /music is full (make room; what is there was kept)"),
        (errno.EDQUOT, DiskFull, "the disk of /music is full (make room; what is there was kept)"),
        (errno.EROFS, RootUnusable, "/music cannot be written: Read-only file system (mount it for "
         "writing)"),
        (errno.EACCES, RootUnusable, "/music cannot be written: Permission denied (give the user "
         "that runs syncd the right to write there)"),
        (errno.EPERM, RootUnusable, "/music cannot be written: Operation not permitted (give the "
         "user that runs syncd the right to write there)"),
        (errno.EIO, RootUnusable, "/music cannot be written: Input/output error (check the disk "
         "that holds it)"),
        (None, RootUnusable, "/music cannot be written: odd (check the disk that holds it)"),
    ],
)  # fmt: skip
def test_what_an_error_of_the_file_system_means(
    code: int | None, kind: type[LocalError], text: str
) -> None:
    error = OSError("odd") if code is None else OSError(code, "text of the system")
    found = root_error(error, Path("/music"))
    assert type(found) is kind
    assert str(found) == text


def test_a_marker_is_looked_for_without_making_anything(folder: Path) -> None:
    assert find_marker(folder) is None
    assert not folder.exists()
    folder.mkdir(parents=True)
    assert find_marker(folder) is None
    assert list(folder.iterdir()) == []
    _, marker = create_root(folder, URL)
    assert find_marker(folder) == marker


def test_what_is_no_folder_has_no_marker_to_look_for(folder: Path) -> None:
    folder.parent.mkdir()
    folder.write_text("mine")
    with pytest.raises(RootUnusable, match="is not a folder"):
        find_marker(folder)
    with pytest.raises(RootUnusable, match="Not a directory"):
        find_marker(folder / "below")


def test_a_root_that_is_missing_is_never_an_invitation_to_make_another(folder: Path) -> None:
    with pytest.raises(RootUnusable, match="is not there") as caught:
        open_root(folder)
    assert "init" not in str(caught.value)


def test_a_root_that_vanished_is_not_made_anew(folder: Path) -> None:
    """An empty folder would stand where its disk is to be mounted again."""
    root, _ = create_root(folder, URL)
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(RootUnusable):
        prepare(root)
    assert not folder.exists()
