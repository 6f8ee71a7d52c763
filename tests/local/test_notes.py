"""The notes beside the marker: what must survive a lost catalog."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from syncd.errors import DiskFull, RootUnusable
from syncd.local.notes import Notes, read_notes, set_aside, write_notes
from syncd.local.root import Root, create_root

SOME = Notes(
    evicted=frozenset({3, 1, 2**63 - 1}),
    ignored=frozenset({7}),
    held=frozenset({8, 9}),
    freed=frozenset({10}),
    retried={11: 3, 2**63 - 1: 1000},
    further={"mp3": "an id"},
)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "AudioPod", "https://api.audiopod.ai")[0]


def notes_file(root: Root) -> Path:
    return root.path / ".syncd" / "states.json"


def test_a_new_root_has_no_notes(root: Root) -> None:
    assert read_notes(root) is None


@pytest.mark.parametrize("notes", [Notes(), SOME], ids=["nothing", "something"])
def test_notes_are_read_as_they_were_written(root: Root, notes: Notes) -> None:
    write_notes(root, notes)
    assert read_notes(root) == notes
    assert not list(root.path.rglob("*.new"))


def test_notes_are_plain_to_a_reader(root: Root) -> None:
    write_notes(root, SOME)
    assert json.loads(notes_file(root).read_text()) == {
        "evicted": [1, 3, 2**63 - 1],
        "ignored": [7],
        "held": [8, 9],
        "freed": [10],
        "retried": [[11, 3], [2**63 - 1, 1000]],
        "further": {"mp3": "an id"},
    }


def test_an_id_of_any_size_and_sign_that_a_catalog_holds_is_kept(root: Root) -> None:
    notes = Notes(held=frozenset({0, -1, 1 - 2**63}))
    write_notes(root, notes)
    assert read_notes(root) == notes


def test_a_hundred_thousand_notes_are_kept(root: Root) -> None:
    notes = Notes(evicted=frozenset(range(10**15, 10**15 + 100_000)))
    write_notes(root, notes)
    assert read_notes(root) == notes


@pytest.mark.parametrize("notes", [Notes(), SOME], ids=["nothing", "something"])
def test_the_same_notes_are_not_written_again(root: Root, notes: Notes) -> None:
    write_notes(root, notes)
    before = notes_file(root).stat()
    write_notes(root, notes)
    after = notes_file(root).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    write_notes(root, replace(notes, held=frozenset({4})))
    assert read_notes(root) == replace(notes, held=frozenset({4}))


def test_notes_of_a_later_version_may_hold_more(root: Root) -> None:
    write_notes(root, SOME)
    table = json.loads(notes_file(root).read_text()) | {"praised": [5]}
    notes_file(root).write_text(json.dumps(table))
    assert read_notes(root) == SOME
    write_notes(root, SOME)
    assert json.loads(notes_file(root).read_text()) == table


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
        b'{"evicted": [], "ignored": []}',
        b'{"evicted": [], "ignored": [], "held": null}',
        b'{"evicted": [], "ignored": [], "held": {"1": 2}}',
        b'{"evicted": [], "ignored": [], "held": "12"}',
        b'{"evicted": [], "ignored": [], "held": ["1"]}',
        b'{"evicted": [], "ignored": [], "held": [true]}',
        b'{"evicted": [], "ignored": [], "held": [1.0]}',
        b'{"evicted": [], "ignored": [], "held": [NaN]}',
        b'{"evicted": [], "ignored": [], "held": [9223372036854775808]}',
        b'{"evicted": [], "ignored": [], "held": [' + b"9" * 5_000 + b"]}",
        b'{"evicted": [], "ignored": [], "held": [], "retried": {"1": 2}}',
        b'{"evicted": [], "ignored": [], "held": [], "retried": [[1]]}',
        b'{"evicted": [], "ignored": [], "held": [], "retried": [["1", 2]]}',
        b'{"evicted": [], "ignored": [], "held": [], "further": ["mp3"]}',
        b'{"evicted": [], "ignored": [], "held": [], "further": {"mp3": 1}}',
        b'{"evicted": [], "ignored": [], "held": [], "retried": [[1, 1001]]}',
    ],
    ids=lambda content: content[:70].decode(errors="replace"),
)
def test_damaged_notes_are_refused_and_kept(root: Root, content: bytes) -> None:
    notes_file(root).write_bytes(content)
    with pytest.raises(RootUnusable, match="are damaged") as caught:
        read_notes(root)
    assert str(caught.value.hint).startswith("syncd adopt puts them aside and writes them anew")
    with pytest.raises(RootUnusable, match="are damaged"):
        write_notes(root, SOME)
    assert notes_file(root).read_bytes() == content


def test_damaged_notes_that_were_set_aside_are_kept_and_make_room_for_others(root: Root) -> None:
    notes_file(root).write_bytes(b"{")
    set_aside(root)
    assert notes_file(root).with_suffix(".damaged").read_bytes() == b"{"
    write_notes(root, SOME)
    assert read_notes(root) == SOME


def test_notes_that_are_gone_cannot_be_set_aside(root: Root) -> None:
    with pytest.raises(RootUnusable, match="No such file"):
        set_aside(root)


def test_notes_that_are_a_folder_cannot_be_read(root: Root) -> None:
    notes_file(root).mkdir()
    with pytest.raises(RootUnusable, match="cannot be read: Is a directory"):
        read_notes(root)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_notes_that_cannot_be_read_are_not_absent(
    root: Root, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    write_notes(root, SOME)

    def failing(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing)
        with pytest.raises(RootUnusable, match="cannot be read"):
            read_notes(root)
    assert read_notes(root) == SOME


@pytest.mark.parametrize("call", ["write", "fsync", "replace"])
def test_notes_are_replaced_whole_or_not_at_all(
    root: Root, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write_notes(root, SOME)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = {"write": (json, "dump"), "fsync": (os, "fsync"), "replace": (Path, "replace")}
    with monkeypatch.context() as patch:
        patch.setattr(*target[call], full)
        with pytest.raises(DiskFull):
            write_notes(root, Notes())
    assert read_notes(root) == SOME
    assert not list(root.path.rglob("*.new"))


def test_notes_are_durable_before_and_after_they_get_their_name(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    write_notes(root, SOME)
    assert steps == ["fsync states.new", "replace", "fsync .syncd"]


def test_a_folder_without_a_place_for_notes(tmp_path: Path) -> None:
    found = tmp_path.stat()
    root = Root(tmp_path, found.st_dev, found.st_ino)
    assert read_notes(root) is None
    with pytest.raises(RootUnusable, match="cannot be written: No such file"):
        write_notes(root, SOME)
    (tmp_path / ".syncd").write_text("a file")
    assert read_notes(root) is None
    with pytest.raises(RootUnusable, match="cannot be written: Not a directory"):
        write_notes(root, SOME)
