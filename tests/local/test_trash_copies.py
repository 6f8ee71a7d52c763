"""Recovery copies: made before a track goes, so that exactly one file of it remains."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from syncd.errors import Changed, RootUnusable
from syncd.local import carry
from syncd.local import trash as module
from syncd.local.root import Root, create_root
from syncd.local.trash import Entry, Trash, Why

from .trashed import CONTENT, FACTS, NOW, facts, fill, library, names


def refuse(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def trash(root: Root) -> Trash:
    return Trash(root, mode=0o640)


def test_a_recovery_copy_is_the_same_file_and_then_the_only_one(root: Root, trash: Trash) -> None:
    file = fill(root, "a/Rain.flac")
    fill(root, "a/Rain.lrc", b"la")
    entry = trash.secure("a/Rain.flac", **FACTS)
    copy = trash.folder / entry.name
    assert copy.samefile(file)
    assert trash.verify(entry)
    assert library(root) == ["a/Rain.flac", "a/Rain.lrc"]
    trash.finish(entry)
    assert library(root) == []
    assert copy.read_bytes() == CONTENT
    assert copy.stat().st_nlink == 1
    assert trash.entries() == [replace(entry, sidecars=("2026-11-22/Rain.lrc",))]
    trash.finish(entry)
    assert trash.restore(entry) == "a/Rain.flac"
    assert library(root) == ["a/Rain.flac", "a/Rain.lrc"]


@pytest.fixture
def linkless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system without hard links."""
    monkeypatch.setattr(os, "link", refuse)


@pytest.mark.usefixtures("linkless")
def test_without_hard_links_a_recovery_copy_is_a_copy(root: Root, trash: Trash) -> None:
    file = fill(root, "Rain.flac")
    file.chmod(0o604)
    os.utime(file, (5, 5))
    entry = trash.secure("Rain.flac", **FACTS)
    copy = trash.folder / entry.name
    assert not copy.samefile(file)
    assert copy.read_bytes() == CONTENT
    assert (copy.stat().st_mode & 0o777, copy.stat().st_mtime) == (0o604, 5)
    trash.finish(entry)
    assert library(root) == []
    assert trash.verify(entry)
    assert names(root.incoming) == []


EDITS: dict[str, Callable[[Path], object]] = {
    "in place": lambda path: path.write_bytes(b"edited"),
    "through a new file": lambda path: (path.unlink(), path.write_bytes(b"edited")),
    "by a link": lambda path: (path.rename(path.with_suffix(".x")), path.symlink_to("Rain.x")),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_track_that_was_changed_since_stays(
    root: Root, trash: Trash, edit: Callable[[Path], object]
) -> None:
    file = fill(root, "Rain.flac")
    entry = trash.secure("Rain.flac", **FACTS)
    edit(file)
    before = library(root)
    with pytest.raises(Changed):
        trash.finish(entry)
    assert library(root) == before
    assert (trash.folder / entry.name).is_file()


@pytest.mark.usefixtures("linkless")
def test_a_track_whose_recovery_copy_was_spoilt_stays(root: Root, trash: Trash) -> None:
    file = fill(root, "Rain.flac")
    entry = trash.secure("Rain.flac", **FACTS)
    (trash.folder / entry.name).write_bytes(b"spoilt")
    assert not trash.verify(entry)
    with pytest.raises(Changed, match="no longer the copy that it was"):
        trash.finish(entry)
    assert file.read_bytes() == CONTENT


def test_a_track_that_the_user_moved_meanwhile_keeps_its_lyrics(root: Root, trash: Trash) -> None:
    file = fill(root, "Rain.flac")
    fill(root, "Rain.lrc")
    entry = trash.secure("Rain.flac", **FACTS)
    file.rename(root.path / "Storm.flac")
    trash.finish(entry)
    assert library(root) == ["Rain.lrc", "Storm.flac"]
    assert trash.entries() == [entry]


def test_a_recovery_copy_that_is_gone_finishes_nothing(root: Root, trash: Trash) -> None:
    fill(root, "Rain.flac")
    entry = trash.secure("Rain.flac", **FACTS)
    (trash.folder / entry.name).unlink()
    assert not trash.verify(entry)
    with pytest.raises(Changed, match="is no longer in the trash"):
        trash.finish(entry)
    assert library(root) == ["Rain.flac"]


def test_a_recovery_copy_that_was_fetched_is_kept(root: Root, trash: Trash) -> None:
    part = root.incoming / "7.flac.part"
    part.write_bytes(CONTENT)
    entry = trash.keep(part, "a/Rain.flac", **facts(why=Why.DELETED_HERE))
    assert not part.exists()
    assert entry.path == "a/Rain.flac"
    assert (trash.folder / entry.name).stat().st_mode & 0o777 == 0o640
    assert trash.verify(entry)
    assert trash.restore(entry) == "a/Rain.flac"
    assert (root.path / "a/Rain.flac").read_bytes() == CONTENT


@pytest.mark.parametrize("linked", [True, False], ids=["hard links", "none"])
def test_what_another_program_saves_in_the_last_moment_stays(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    if not linked:
        monkeypatch.setattr(os, "link", refuse)
    file = fill(root, "Rain.flac")
    entry = trash.secure("Rain.flac", **FACTS)
    rename = os.rename

    def too_late(source: Path, target: Path) -> None:
        if source == file:
            file.unlink()
            file.write_bytes(b"saved")
        rename(source, target)

    monkeypatch.setattr(os, "rename", too_late)
    with pytest.raises(Changed, match="became another file"):
        trash.finish(entry)
    assert file.read_bytes() == b"saved"
    assert trash.verify(entry)
    assert names(trash.folder) == [entry.name, f"{entry.name}.json"]


@pytest.mark.parametrize("act", ["put", "secure"])
def test_a_track_that_is_exchanged_in_the_last_moment_does_not_go(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    file = fill(root, "Rain.flac")
    write_note = module.write_note

    def too_late(*args: Any) -> None:
        write_note(*args)
        file.unlink()
        file.write_bytes(b"saved")

    monkeypatch.setattr(module, "write_note", too_late)
    with pytest.raises(Changed, match="became another file"):
        getattr(trash, act)("Rain.flac", **FACTS)
    assert file.read_bytes() == b"saved"
    assert names(trash.folder) == []


@pytest.mark.parametrize("act", ["put", "secure"])
def test_a_track_that_goes_in_the_last_moment_leaves_nothing(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    file = fill(root, "Rain.flac")
    write_note = module.write_note

    def too_late(*args: Any) -> None:
        write_note(*args)
        file.unlink()

    monkeypatch.setattr(module, "write_note", too_late)
    with pytest.raises(Changed, match="no longer there"):
        getattr(trash, act)("Rain.flac", **FACTS)
    assert names(trash.folder) == []


def test_what_could_not_go_back_stays_in_the_trash_for_good(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = fill(root, "Rain.flac")
    rename = os.rename

    def too_late(source: Path, target: Path) -> None:
        if source == file:
            file.unlink()
            file.write_bytes(b"saved")
            rename(source, target)
            file.write_bytes(b"saved again")

    monkeypatch.setattr(os, "rename", too_late)
    with pytest.raises(Changed, match="became another file"):
        trash.put("Rain.flac", **FACTS)
    assert file.read_bytes() == b"saved again"
    assert (trash.folder / "2026-11-22/Rain.flac").read_bytes() == b"saved"
    later = NOW + timedelta(days=9999)
    with capture_logs() as logs:
        assert trash.purge(now=later, server_now=later, retention=timedelta(0)) == []
    assert [(line["name"], line["why"]) for line in logs] == [
        ("2026-11-22/Rain.flac", "it has no note")
    ]
    assert (trash.folder / "2026-11-22/Rain.flac").read_bytes() == b"saved"


def test_a_track_that_is_written_to_while_it_is_read_does_not_go(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = fill(root, "Rain.flac")
    fsync = os.fsync

    def meanwhile(descriptor: int) -> None:
        fsync(descriptor)
        file.write_bytes(CONTENT + b"more")

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(Changed, match="written to while it was read"):
        trash.put("Rain.flac", **FACTS)
    assert library(root) == ["Rain.flac"]


@pytest.mark.usefixtures("linkless")
def test_a_copy_that_was_written_wrong_is_no_recovery_copy(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "sha256", lambda _: "another")
    fill(root, "Rain.flac")
    with pytest.raises(RootUnusable, match="Input/output error"):
        trash.secure("Rain.flac", **FACTS)
    assert names(trash.folder) == names(root.incoming) == []


def test_bytes_are_durable_before_a_recovery_copy_counts(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(root, "a/Rain.flac")
    trash.put("a/Rain.flac", **FACTS)
    fill(root, "a/Storm.flac")
    steps: list[str] = []
    fsync, rename = os.fsync, os.rename

    def noted_fsync(descriptor: int) -> None:
        steps.append("fsync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def noted_rename(source: Path, target: Path) -> None:
        steps.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "rename", noted_rename)
    trash.put("a/Storm.flac", **FACTS)
    assert steps == [
        "fsync Storm.flac",
        "fsync Storm.flac.json.new",
        "fsync 2026-11-22",
        "rename",
        "fsync 2026-11-22",
        "fsync a",
    ]


@pytest.mark.usefixtures("linkless")
def test_a_track_that_is_written_to_while_it_is_copied_has_no_recovery_copy(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = fill(root, "Rain.flac")
    write = carry._write

    def meanwhile(source: int, part: Path) -> str:
        digest = write(source, part)
        file.write_bytes(b"saved")
        return digest

    monkeypatch.setattr(carry, "_write", meanwhile)
    with pytest.raises(Changed, match="written to while it was copied"):
        trash.secure("Rain.flac", **FACTS)
    assert names(trash.folder) == names(root.incoming) == []


@pytest.mark.parametrize("call", ["link", "open"])
def test_a_track_that_cannot_be_read_or_linked_stays(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    file = fill(root, "Rain.flac")
    real = getattr(os, call)

    def refused(path: object, *args: Any, **named: Any) -> object:
        if path == file:
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, *args, **named)

    monkeypatch.setattr(os, call, refused)
    with pytest.raises(RootUnusable, match="Permission denied"):
        trash.secure("Rain.flac", **FACTS)
    assert names(trash.folder) == []


@pytest.mark.parametrize("act", ["put", "secure"])
def test_a_file_that_another_puts_into_the_trash_in_the_last_moment_is_theirs(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    fill(root, "Rain.flac")
    write_note = module.write_note

    def meanwhile(file: Path, entry: Entry) -> None:
        write_note(file, entry)
        file.write_bytes(b"theirs")

    monkeypatch.setattr(module, "write_note", meanwhile)
    with pytest.raises(RootUnusable, match="File exists"):
        getattr(trash, act)("Rain.flac", **FACTS)
    assert library(root) == ["Rain.flac"]
    assert names(trash.folder) == ["2026-11-22/Rain.flac"]
    assert (trash.folder / "2026-11-22/Rain.flac").read_bytes() == b"theirs"


# --- what a stop left on the way ---


@pytest.mark.parametrize("content", [CONTENT, b"saved"], ids=["a copy", "another"])
@pytest.mark.parametrize("act", ["finish", "purge", "empty"])
def test_a_track_that_was_stopped_on_its_way_out(
    root: Root, trash: Trash, act: str, content: bytes
) -> None:
    fill(root, "Rain.flac")
    entry = trash.secure("Rain.flac", **FACTS)
    leaving = trash.folder / f"{entry.name}.leaving"
    leaving.write_bytes(content)
    with capture_logs() as logs:
        if act == "finish" and content != CONTENT:
            with pytest.raises(Changed, match="is no copy of"):
                trash.finish(entry)
            assert library(root) == ["Rain.flac"]
        elif act == "finish":
            trash.finish(entry)
        elif act == "purge":
            trash.purge(now=NOW, server_now=None, retention=timedelta(0))
        else:
            trash.empty([entry])
    assert leaving.exists() == (content != CONTENT)
    told = {f"{entry.name}.leaving"} if content != CONTENT else set()
    assert {line["name"] for line in logs} == told
    assert trash.entries() == ([] if act == "empty" else [entry])


def test_a_note_that_was_not_finished_is_tidied(root: Root, trash: Trash) -> None:
    fill(root, "Rain.flac")
    entry = trash.put("Rain.flac", **FACTS)
    (trash.folder / "2026-11-22/Storm.flac.json.new").write_text('{"job')
    trash.purge(now=NOW, server_now=None, retention=timedelta(0))
    assert names(trash.folder) == [entry.name, f"{entry.name}.json"]


def test_a_damaged_note_without_its_file_is_left_to_be_looked_at(root: Root, trash: Trash) -> None:
    fill(root, "Rain.flac")
    entry = trash.put("Rain.flac", **FACTS)
    (trash.folder / entry.name).unlink()
    (trash.folder / f"{entry.name}.json").write_text("damaged")
    trash.purge(now=NOW, server_now=None, retention=timedelta(0))
    assert names(trash.folder) == [f"{entry.name}.json"]
    fill(root, "Rain.flac")
    assert trash.put("Rain.flac", **FACTS).name == "2026-11-22/Rain (2).flac"


def test_a_disk_that_does_not_answer_is_no_spoilt_recovery_copy(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(root, "a/Rain.flac")
    entry = trash.secure("a/Rain.flac", **facts())

    def refusing(look: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        def refused(path: Any, *given: Any, **named: Any) -> os.stat_result:
            if str(path).endswith(".syncd/trash"):
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
            return look(path, *given, **named)

        return refused

    for name in ("stat", "lstat"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    with pytest.raises(RootUnusable, match="Input/output error"):
        trash.verify(entry)
