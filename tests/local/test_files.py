"""Files under the root: placed whole, durably, and never upon another."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import DiskFull, LocalError, Occupied, RootUnusable
from syncd.local import files
from syncd.local.files import (
    default_mode,
    free_bytes,
    part_path,
    place,
    place_text,
    sha256,
    sidecar_path,
)
from syncd.local.root import Root, create_root, sync_folder
from syncd.local.scan import file_stat

MADE = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)
CONTENT = b"RIFF" + bytes(range(256))


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def part(root: Root) -> Path:
    path = part_path(root, 7, "flac")
    path.write_bytes(CONTENT)
    return path


def failing(code: int) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise OSError(code, os.strerror(code))

    return fail


class NoCall:
    """A C library in which the exclusive rename fails with ``code``, or is missing."""

    def __init__(self, code: int | None) -> None:
        self.code = code

    def __call__(self, *_: object, **__: object) -> NoCall:
        return self

    def __getattr__(self, name: str) -> Callable[..., int]:
        if self.code is None:
            raise AttributeError(name)

        def call(*_: object) -> int:
            ctypes.set_errno(self.code or 0)
            return -1

        return call


def test_nothing_is_placed_where_names_come_back_in_another_case(
    root: Root, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    iterdir = Path.iterdir

    def folded(path: Path) -> Iterator[Path]:
        return (one.with_name(one.name.lower()) for one in iterdir(path))

    monkeypatch.setattr(Path, "iterdir", folded)
    with pytest.raises(RootUnusable, match="upper and lower case"):
        place(root, part, "Rain.flac", mode=0o640, modified=MADE)
    assert part.read_bytes() == CONTENT


def test_a_file_is_placed_whole(root: Root, part: Path) -> None:
    stat = place(root, part, "AudioPod 2026-03/Disc 1/Rain.flac", mode=0o640, modified=MADE)
    target = root.path / "AudioPod 2026-03/Disc 1/Rain.flac"
    assert target.read_bytes() == CONTENT
    assert target.stat().st_mode & 0o777 == 0o640
    assert target.stat().st_mtime == MADE.timestamp()
    assert stat == file_stat(target)
    assert not part.exists()


def test_without_a_date_the_file_keeps_its_own(root: Root, part: Path) -> None:
    os.utime(part, (5, 5))
    place(root, part, "x.flac", mode=0o600, modified=None)
    assert (root.path / "x.flac").stat().st_mtime == 5


def test_a_name_that_is_not_utf8(root: Root, part: Path) -> None:
    place(root, part, "Caf\udce9/\udcff.flac", mode=0o600, modified=None)
    assert os.listdir(os.fsencode(root.path) + b"/Caf\xe9") == [b"\xff.flac"]  # noqa: PTH208


@pytest.mark.parametrize("year", [1970, 2026, 2038, 2261])
def test_a_date_that_can_be_kept_is_set(root: Root, part: Path, year: int) -> None:
    date = datetime(year, 12, 31, tzinfo=UTC)
    place(root, part, "x.flac", mode=0o600, modified=date)
    assert (root.path / "x.flac").stat().st_mtime == date.timestamp()


@pytest.mark.parametrize("year", [1, 1969, 2262, 9999])
def test_a_date_that_others_could_not_read_is_not_set(root: Root, part: Path, year: int) -> None:
    os.utime(part, (5, 5))
    place(root, part, "x.flac", mode=0o600, modified=datetime(year, 6, 1, tzinfo=UTC))
    assert (root.path / "x.flac").stat().st_mtime == 5


@pytest.mark.parametrize(
    "error", [OverflowError(), OSError(errno.EINVAL, "bad"), OSError(errno.ERANGE, "far")], ids=repr
)
def test_a_date_that_the_file_system_refuses_is_not_set(
    root: Root, part: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_: object) -> None:
        raise error

    os.utime(part, (5, 5))
    monkeypatch.setattr(os, "utime", refuse)
    place(root, part, "x.flac", mode=0o600, modified=MADE)
    assert (root.path / "x.flac").stat().st_mtime == 5


WAYS = {
    "the exclusive rename": None,
    "a hard link": NoCall(errno.EINVAL),
    "a hard link where the call is missing": NoCall(None),
    "taking the name first": NoCall(errno.ENOSYS),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each way to rename without replacing, as file systems offer more and less of them."""
    library = WAYS[request.param]
    if library is not None:
        monkeypatch.setattr(ctypes, "CDLL", library)
    if request.param == "taking the name first":
        monkeypatch.setattr(os, "link", failing(errno.EPERM))
    return str(request.param)


def test_a_file_is_placed_in_each_way(root: Root, part: Path, way: str) -> None:
    stat = place(root, part, "a/x.flac", mode=0o644, modified=MADE)
    target = root.path / "a/x.flac"
    assert target.read_bytes() == CONTENT
    assert target.stat().st_mode & 0o777 == 0o644
    assert target.stat().st_nlink == 1
    assert stat == file_stat(target)
    assert not part.exists()


def test_a_file_that_is_moved_on_at_once_was_placed(
    root: Root, part: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = files.rename_without_replacing
    (root.path / "theirs").mkdir()

    def and_moved(root: Root, source: Path, target: Path) -> None:
        rename(root, source, target)
        target.rename(root.path / "theirs/y.flac")
        target.parent.rename(root.path / "b")

    monkeypatch.setattr(files, "rename_without_replacing", and_moved)
    stat = place(root, part, "a/x.flac", mode=0o644, modified=MADE)
    assert stat == file_stat(root.path / "theirs/y.flac")
    assert list(root.incoming.iterdir()) == []


def test_a_file_that_is_removed_at_once_was_placed(
    root: Root, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = files.rename_without_replacing

    def and_removed(root: Root, source: Path, target: Path) -> None:
        rename(root, source, target)
        target.unlink()

    monkeypatch.setattr(files, "rename_without_replacing", and_removed)
    assert place(root, part, "x.flac", mode=0o644, modified=MADE).size == len(CONTENT)


@pytest.mark.parametrize("kind", ["file", "empty file", "folder", "link", "dangling link"])
def test_nothing_is_ever_replaced(root: Root, part: Path, way: str, kind: str) -> None:
    target = root.path / "x.flac"
    if kind == "folder":
        target.mkdir()
    elif kind == "link":
        (root.path / "theirs").write_bytes(b"theirs")
        target.symlink_to("theirs")
    elif kind == "dangling link":
        target.symlink_to("none")
    else:
        target.write_bytes(b"theirs" if kind == "file" else b"")
    before = target.lstat()
    with pytest.raises(Occupied, match=r"something already stands at x\.flac; it was left alone"):
        place(root, part, "x.flac", mode=0o600, modified=None)
    after = target.lstat()
    assert (after.st_ino, after.st_mode, after.st_size, after.st_mtime_ns) == (
        (before.st_ino, before.st_mode, before.st_size, before.st_mtime_ns)
    )
    assert not (root.path / "none").exists()
    assert part.read_bytes() == CONTENT


def test_a_name_that_was_taken_is_given_back_when_the_file_cannot_follow(
    root: Root, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", NoCall(errno.ENOSYS))
    monkeypatch.setattr(os, "link", failing(errno.EOPNOTSUPP))
    monkeypatch.setattr(Path, "replace", failing(errno.EIO))
    with pytest.raises(RootUnusable, match="Input/output error"):
        place(root, part, "x.flac", mode=0o600, modified=None)
    assert not (root.path / "x.flac").exists()
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("way_code", [errno.EXDEV, errno.EIO])
def test_an_error_of_the_exclusive_rename_is_not_worked_around(
    root: Root, part: Path, monkeypatch: pytest.MonkeyPatch, way_code: int
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", NoCall(way_code))
    with pytest.raises(RootUnusable, match=os.strerror(way_code)):
        place(root, part, "x.flac", mode=0o600, modified=None)
    assert not (root.path / "x.flac").exists()


def test_bytes_are_durable_before_the_name_and_the_name_before_the_end(
    root: Root, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, rename = os.fsync, files.rename_without_replacing

    def noted_fsync(descriptor: int) -> None:
        steps.append("fsync " + Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    def noted_rename(*where: Any) -> None:
        steps.append("rename")
        rename(*where)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(files, "rename_without_replacing", noted_rename)
    place(root, part, "a/b/x.flac", mode=0o600, modified=MADE)
    assert steps == ["fsync 7.flac.part", "fsync library", "fsync a", "rename", "fsync b"]
    steps.clear()
    part.write_bytes(CONTENT)
    place(root, part, "a/b/y.flac", mode=0o600, modified=MADE)
    assert steps == ["fsync 7.flac.part", "rename", "fsync b"], "only new folders are synced"


@pytest.mark.parametrize(
    "path", ["../x.flac", "a/../../x.flac", "/etc/x.flac", "", ".syncd/x.flac", "a//x", "a\0b"]
)
def test_a_path_that_leaves_the_library_is_refused(root: Root, part: Path, path: str) -> None:
    with pytest.raises(RootUnusable, match="is no path inside the library; nothing was written"):
        place(root, part, path, mode=0o600, modified=None)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("path", ["out/x.flac", "a/out/x.flac", "out/deeper/x.flac"])
def test_a_link_to_a_folder_is_not_walked_through(
    tmp_path: Path, root: Root, part: Path, path: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root.path / "a").mkdir()
    for place_of_link in ("out", "a/out"):
        (root.path / place_of_link).symlink_to(outside)
    with pytest.raises(Occupied):
        place(root, part, path, mode=0o600, modified=None)
    assert list(outside.iterdir()) == []


def test_a_file_where_a_folder_should_be(root: Root, part: Path) -> None:
    (root.path / "a").write_bytes(b"theirs")
    with pytest.raises(Occupied):
        place(root, part, "a/b/x.flac", mode=0o600, modified=None)
    assert (root.path / "a").read_bytes() == b"theirs"


ERRORS = [
    (errno.ENOSPC, DiskFull),
    (errno.EDQUOT, DiskFull),
    (errno.EROFS, RootUnusable),
    (errno.EACCES, RootUnusable),
    (errno.EIO, RootUnusable),
]


@pytest.mark.parametrize(("code", "kind"), ERRORS)
@pytest.mark.parametrize("call", [(Path, "mkdir"), (os, "fsync"), (os, "utime"), (Path, "chmod")])
def test_what_the_file_system_refuses_is_said_by_its_kind(
    root: Root,
    part: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: tuple[object, str],
    code: int,
    kind: type[LocalError],
) -> None:
    monkeypatch.setattr(*call, failing(code))  # type: ignore[call-overload]
    with pytest.raises(kind):
        place(root, part, "a/x.flac", mode=0o600, modified=MADE)
    monkeypatch.undo()
    assert not (root.path / "a/x.flac").exists()
    assert part.read_bytes() == CONTENT


def test_a_part_that_went_is_no_file_in_the_library(root: Root) -> None:
    with pytest.raises(RootUnusable, match="No such file"):
        place(root, part_path(root, 9, "mp3"), "x.mp3", mode=0o600, modified=None)


# --- sidecars ---


def test_a_sidecar_is_placed_beside_its_track(root: Root) -> None:
    assert place_text(root, "a/Rain.lrc", "[00:01.00]Дождь\nla\n", mode=0o644)
    assert (root.path / "a/Rain.lrc").read_bytes() == "[00:01.00]Дождь\nla\n".encode()
    assert (root.path / "a/Rain.lrc").stat().st_mode & 0o777 == 0o644
    assert list(root.incoming.iterdir()) == []


def test_a_sidecar_of_another_program_is_left_alone(root: Root) -> None:
    (root.path / "Rain.lrc").write_text("theirs")
    assert not place_text(root, "Rain.lrc", "ours", mode=0o644)
    assert (root.path / "Rain.lrc").read_text() == "theirs"
    assert list(root.incoming.iterdir()) == []


@pytest.mark.parametrize(("code", "kind"), ERRORS)
@pytest.mark.parametrize("call", [(Path, "write_text"), (os, "fsync")])
def test_a_sidecar_that_cannot_be_written(
    root: Root,
    monkeypatch: pytest.MonkeyPatch,
    call: tuple[object, str],
    code: int,
    kind: type[LocalError],
) -> None:
    monkeypatch.setattr(*call, failing(code))  # type: ignore[call-overload]
    with pytest.raises(kind):
        place_text(root, "Rain.lrc", "ours", mode=0o644)
    monkeypatch.undo()
    assert not (root.path / "Rain.lrc").exists()
    assert list(root.incoming.iterdir()) == []


def test_a_sidecar_outside_the_library(root: Root) -> None:
    with pytest.raises(RootUnusable, match="is no path inside the library"):
        place_text(root, "../Rain.lrc", "ours", mode=0o644)
    assert list(root.incoming.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "sidecar"),
    [
        ("a/Rain.flac", "a/Rain.lrc"),
        ("a/Vol. 2.flac", "a/Vol. 2.lrc"),
        ("a.b/Rain", "a.b/Rain.lrc"),
        ("Song.mp3.flac", "Song.mp3.lrc"),
    ],
)
def test_the_path_of_a_sidecar(path: str, sidecar: str) -> None:
    assert sidecar_path(path, ".lrc") == sidecar


# --- the rest ---


def test_a_digest_is_of_the_whole_file(part: Path) -> None:
    part.write_bytes(b"")
    assert sha256(part) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    part.write_bytes(b"abc")
    assert sha256(part) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_free_space_is_that_of_the_library(root: Root) -> None:
    assert 0 < free_bytes(root) <= shutil.disk_usage(root.path).total
    shutil.rmtree(root.path)
    with pytest.raises(RootUnusable, match="No such file or directory"):
        free_bytes(root)


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_the_mode_of_a_new_file_follows_the_umask(mask: int) -> None:
    before = os.umask(mask)
    try:
        assert default_mode() == 0o666 & ~mask
        assert os.umask(mask) == mask
    finally:
        os.umask(before)


def test_what_somebody_writes_as_soon_as_it_is_placed_is_no_stat_of_ours(
    root: Root, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(descriptor: int) -> None:
        with (root.path / "Rain.flac").open("ab") as file:
            file.write(b"theirs")
        sync_folder(descriptor)

    monkeypatch.setattr(files, "sync_folder", write)
    placed = place(root, part, "Rain.flac", mode=0o640, modified=MADE)
    assert placed != file_stat(root.path / "Rain.flac")
