"""Taking a name before a file can follow, and what a stop in between leaves."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from syncd.errors import Occupied, RootUnusable
from syncd.local.files import part_path, place, recover_placements
from syncd.local.root import Root, create_root

CONTENT = b"RIFF" + bytes(range(256))

PLACE = """
import ctypes, errno, os, sys
from pathlib import Path
from syncd.local import files, rename, root

class Library:
    def __init__(self, *_, **__): pass

ctypes.CDLL = Library
def refuse(*_, **__): raise OSError(errno.EPERM, "no hard links")
link, os.link = os.link, refuse
def stop(*_, **__): os._exit(9)
{stop}
library = root.open_root(Path(sys.argv[1]))
part = files.part_path(library, 7, "flac")
files.place(library, part, sys.argv[2], mode=0o644, modified=None)
"""
"""Places a part where there is neither an exclusive rename nor a hard link, and stops half-way."""

LINKED = "os.link = lambda *_, **__: stop(link(*_, **__))"

STOPS = {
    "before the name is noted": ("rename.write_note = stop", None),
    "before the name is taken": (
        "rename.write_note = lambda *_, w=rename.write_note: stop(w(*_))",
        None,
    ),
    "before the file follows": ("Path.replace = stop", b""),
    "before the folder is synced": (
        "r = files.rename_without_replacing\n"
        "files.rename_without_replacing = lambda *_: stop(r(*_))",
        CONTENT,
    ),
    "before the note is removed": ("files.forget_target = stop", CONTENT),
}


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def part(root: Root) -> Path:
    path = part_path(root, 7, "flac")
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system with neither an exclusive rename nor hard links."""
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    monkeypatch.setattr(os, "link", failing(errno.EPERM))


@pytest.fixture
def noted(root: Root) -> Callable[[object], Path]:
    """``noted(content)`` leaves the note of a placement, as one that was stopped does."""

    def leave(content: object) -> Path:
        note = root.incoming / "7.flac.part.target"
        note.write_text(content if isinstance(content, str) else json.dumps(content))
        return note

    return leave


def failing(code: int) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("path", ["a/x.flac", "Caf\udce9.flac"], ids=["text", "not UTF-8"])
@pytest.mark.parametrize(("stop", "left"), STOPS.values(), ids=STOPS)
def test_a_placement_that_is_stopped_leaves_no_empty_file_after_the_next_start(
    root: Root, part: Path, stop: str, left: bytes | None, path: str
) -> None:
    target = root.path / path
    command = [sys.executable, "-c", PLACE.format(stop=stop), root.path, path]
    assert subprocess.run(command).returncode == 9
    assert (target.read_bytes() if target.exists() else None) == left
    recover_placements(root)
    if left:
        assert target.read_bytes() == CONTENT
        assert list(root.incoming.iterdir()) == []
    else:
        assert not target.exists()
        assert list(root.incoming.iterdir()) == [part]
        place(root, part, path, mode=0o644, modified=None)
        assert target.read_bytes() == CONTENT


def test_a_placement_that_ends_well_leaves_no_note(root: Root, part: Path, poor: None) -> None:
    place(root, part, "a/x.flac", mode=0o644, modified=None)
    assert list(root.incoming.iterdir()) == []


def test_the_name_is_noted_for_good_before_it_is_taken(
    root: Root, part: Path, poor: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        taken = " (taken)" if (root.path / "x.flac").exists() else ""
        steps.append(Path(f"/proc/self/fd/{descriptor}").readlink().name + taken)
        fsync(descriptor)

    def noted_replace(source: Path, target: Path) -> Path:
        steps.append("rename")
        assert target.read_bytes() == b""
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    place(root, part, "x.flac", mode=0o644, modified=None)
    assert steps == [
        "7.flac.part", "7.flac.part.target", "incoming", "rename", "library (taken)",
    ]  # fmt: skip


@pytest.mark.parametrize("seen", [True, False], ids=["before", "in the same moment"])
def test_an_empty_file_that_another_program_made_is_never_noted(
    root: Root, part: Path, poor: None, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    theirs = root.path / "x.flac"
    theirs.touch()
    if not seen:
        monkeypatch.setattr(os.path, "lexists", lambda _: False)
    with pytest.raises(Occupied):
        place(root, part, "x.flac", mode=0o644, modified=None)
    recover_placements(root)
    assert theirs.exists()
    assert list(root.incoming.iterdir()) == [part]


def test_an_empty_file_of_the_users_outlives_a_placement_that_is_stopped(
    root: Root, part: Path
) -> None:
    (root.path / "x.flac").touch()
    stop, _ = STOPS["before the name is taken"]
    command = [sys.executable, "-c", PLACE.format(stop=stop), root.path, "x.flac"]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert "Occupied" in ended.stderr
    recover_placements(root)
    assert (root.path / "x.flac").exists()
    assert list(root.incoming.iterdir()) == [part]


def test_an_empty_file_that_could_not_be_removed_goes_with_the_next_try(
    root: Root, part: Path, poor: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as failed:
        failed.setattr(Path, "replace", failing(errno.EIO))
        failed.setattr(Path, "unlink", failing(errno.EIO))
        with pytest.raises(RootUnusable, match="Input/output error"):
            place(root, part, "x.flac", mode=0o644, modified=None)
    assert (root.path / "x.flac").read_bytes() == b""
    place(root, part, "y.flac", mode=0o644, modified=None)
    assert not (root.path / "x.flac").exists()
    assert (root.path / "y.flac").read_bytes() == CONTENT
    assert list(root.incoming.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder", "link", "pipe", "nothing", "file for a folder"])
def test_what_is_no_longer_the_empty_file_stays(
    root: Root, noted: Callable[[object], Path], kind: str
) -> None:
    target = root.path / "a/x.flac"
    if kind != "file for a folder":
        target.parent.mkdir()
    if kind == "file":
        target.write_bytes(b"theirs")
    elif kind == "folder":
        target.mkdir()
    elif kind == "link":
        (root.path / "a/y").touch()
        target.symlink_to("y")
    elif kind == "pipe":
        os.mkfifo(target)
    elif kind == "file for a folder":
        target.parent.touch()
    before = sorted(root.path.rglob("[!.]*"))
    note = noted({"target": "a/x.flac"})
    recover_placements(root)
    assert not note.exists()
    assert sorted(root.path.rglob("[!.]*")) == before


def test_an_empty_file_behind_a_link_is_of_another_place(
    root: Root, tmp_path: Path, noted: Callable[[object], Path]
) -> None:
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep/x.flac").touch()
    (root.path / "a").symlink_to(outside)
    note = noted({"target": "a/deep/x.flac"})
    recover_placements(root)
    assert (outside / "deep/x.flac").exists()
    assert not note.exists()


@pytest.mark.parametrize(
    "content",
    [
        '{"target": "x.fla',
        "",
        "[]",
        "7",
        '{"target": 7}',
        '{"other": "x.flac"}',
        '{"target": "../beside"}',
        '{"target": ".syncd/.nomedia"}',
        '{"target": ""}',
        "[" * 9999,
    ],
    ids=lambda content: content[:24],
)
def test_a_note_that_names_no_file_of_the_library_removes_nothing(
    root: Root, noted: Callable[[object], Path], content: str
) -> None:
    kept = [root.path / "x.fla", root.path / "x.flac", root.path.parent / "beside"]
    for path in kept:
        path.touch()
    note = noted(content)
    recover_placements(root)
    assert not note.exists()
    assert all(path.exists() for path in [*kept, root.private / ".nomedia"])


def test_what_cannot_be_undone_is_logged_and_undone_at_a_later_start(
    root: Root, noted: Callable[[object], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.path / "x.flac").touch()
    note = noted({"target": "x.flac"})
    with monkeypatch.context() as failed, capture_logs() as logs:
        failed.setattr(Path, "unlink", failing(errno.EROFS))
        recover_placements(root)
    assert [(line["log_level"], line["note"]) for line in logs] == [("warning", note.name)]
    assert note.exists()
    recover_placements(root)
    assert not (root.path / "x.flac").exists()
    assert not note.exists()


def test_what_is_no_note_of_ours_is_left_alone(root: Root, tmp_path: Path) -> None:
    (root.path / "x.flac").touch()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text('{"target": "x.flac"}')
    (root.incoming / "7.flac.part.target").symlink_to(elsewhere)
    (root.incoming / "8.flac.part.target").mkdir()
    os.mkfifo(root.incoming / "9.flac.part.target")
    before = sorted(root.incoming.iterdir())
    with capture_logs() as logs:
        recover_placements(root)
    assert (root.path / "x.flac").exists()
    assert sorted(root.incoming.iterdir()) == before
    assert logs == []


def test_a_stop_between_the_new_name_and_the_old_one_leaves_the_new_one(
    root: Root, part: Path
) -> None:
    command = [sys.executable, "-c", PLACE.format(stop=LINKED), root.path, "a/x.flac"]
    assert subprocess.run(command).returncode == 9
    assert part.samefile(root.path / "a/x.flac")
    recover_placements(root)
    assert (root.path / "a/x.flac").read_bytes() == CONTENT
    assert list(root.incoming.iterdir()) == []


def test_two_files_that_only_look_alike_keep_their_names(
    root: Root, noted: Callable[[object], Path]
) -> None:
    for name in ("x.flac", "y.flac"):
        (root.path / name).write_bytes(CONTENT)
    os.link(root.path / "y.flac", root.path / "z.flac")
    noted({"target": "x.flac", "source": "y.flac"})
    recover_placements(root)
    assert len(list(root.path.glob("*.flac"))) == 3


def test_what_takes_the_name_of_the_empty_file_is_not_replaced(
    root: Root, part: Path, poor: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    close = os.close

    def quicker(descriptor: int) -> None:
        close(descriptor)
        if (root.path / "x.flac").exists():
            (root.path / "x.flac").write_bytes(b"theirs")

    monkeypatch.setattr(os, "close", quicker)
    with pytest.raises(Occupied):
        place(root, part, "x.flac", mode=0o644, modified=None)
    monkeypatch.undo()
    assert (root.path / "x.flac").read_bytes() == b"theirs"
    assert list(root.incoming.iterdir()) == [part]


@pytest.mark.parametrize("code", [errno.EPERM, errno.ENOSYS, errno.ENOTSUP])
def test_a_file_system_that_keeps_no_modes_and_dates_and_syncs_no_folders_does(
    root: Root, part: Path, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def of_files_alone(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(descriptor)

    monkeypatch.setattr(os, "chmod", failing(code))
    monkeypatch.setattr(os, "utime", failing(code))
    monkeypatch.setattr(os, "fsync", of_files_alone)
    place(root, part, "a/x.flac", mode=0o644, modified=datetime(2026, 3, 9, tzinfo=UTC))
    assert (root.path / "a/x.flac").read_bytes() == CONTENT
