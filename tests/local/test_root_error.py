"""What an error of the file system means: of one folder, of its disk, or of the root."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from syncd.errors import DiskFull, FolderUnusable, LocalError, RootUnusable
from syncd.local import root as module
from syncd.local.root import Root, create_root, root_error


@pytest.fixture
def root(tmp_path: Path) -> Root:
    made, _ = create_root(tmp_path / "library", "https://api.audiopod.ai")
    (made.path / "Album").mkdir()
    return made


def refusal(code: int, *paths: Path) -> OSError:
    """What the system raises for these paths."""
    first, *others = [os.fspath(path) for path in paths]
    return OSError(code, os.strerror(code), first, None, *others)


OF_ONE_PATH = [
    (errno.EACCES, "Permission denied", "the right to write there"),
    (errno.EPERM, "Operation not permitted", "the right to write there"),
    (errno.EROFS, "Read-only file system", "mount it for writing"),
    (errno.EXDEV, "Invalid cross-device link", "check the disk"),
    (errno.ENOENT, "No such file or directory", "check the disk"),
    (errno.ENOTDIR, "Not a directory", "check the disk"),
    (errno.ELOOP, "Too many levels of symbolic links", "check the disk"),
]


@pytest.mark.parametrize(("code", "word", "hint"), OF_ONE_PATH)
def test_what_is_refused_for_one_file_is_of_that_file(
    root: Root, code: int, word: str, hint: str
) -> None:
    found = root_error(refusal(code, root.path / "Album/Rain.flac"), root.path)
    assert type(found) is FolderUnusable
    assert found.message == f"Album/Rain.flac cannot be used: {word}"
    assert hint in str(found.hint)
    assert list(root.incoming.iterdir()) == []


def test_of_two_files_the_one_whose_folder_is_closed_is_named(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = root.path / "Album"
    monkeypatch.setattr(os, "access", lambda path, _: path != closed)
    error = refusal(errno.EACCES, closed / "Rain.flac", root.path / "Other/Rain.flac")
    found = root_error(error, root.path)
    assert found.message == "Album cannot be used: Permission denied"


def test_an_unfinished_file_is_not_to_blame_for_the_folder_that_it_was_for(root: Root) -> None:
    error = refusal(errno.EROFS, root.incoming / "7.flac.part", root.path / "Album/Rain.flac")
    found = root_error(error, root.path)
    assert type(found) is FolderUnusable
    assert found.message.startswith("Album/Rain.flac ")


def test_a_name_that_is_too_long_is_of_its_track_alone(root: Root) -> None:
    found = root_error(refusal(errno.ENAMETOOLONG, root.path / "x.flac"), root.path)
    assert type(found) is FolderUnusable
    assert found.message == "its name is too long for this file system"


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOENT])
@pytest.mark.parametrize(
    "path", [".", ".syncd", ".syncd/incoming/7.flac.part", ".syncd/trash/2026-11-22/x.flac"]
)
def test_what_is_refused_for_the_root_or_in_the_programs_own_folder_is_of_the_root(
    root: Root, code: int, path: str
) -> None:
    found = root_error(refusal(code, root.path / path), root.path)
    assert type(found) is RootUnusable


def test_a_root_that_takes_no_new_folder_is_unusable_as_a_whole(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _: path != root.path)
    found = root_error(refusal(errno.EACCES, root.path / "New"), root.path)
    assert type(found) is RootUnusable


def test_a_closed_trash_is_not_the_fault_of_the_folder_that_a_file_comes_from(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = root.private / "trash/2026-11-22"
    monkeypatch.setattr(os, "access", lambda path, _: path != day)
    day.mkdir(parents=True)
    error = refusal(errno.EACCES, root.path / "Album/Rain.flac", day / "Rain.flac")
    found = root_error(error, root.path)
    assert type(found) is RootUnusable
    assert found.message == f"{day} cannot be written: Permission denied"


@pytest.mark.parametrize("closed", [".syncd", ".syncd/incoming", ".syncd/lock"])
def test_what_of_the_programs_own_folder_is_closed_is_named(
    root: Root, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.private / "lock").touch()
    monkeypatch.setattr(os, "access", lambda path, _: path != root.path / closed)
    path = "lock" if closed.endswith("lock") else "incoming/7.flac.part"
    found = root_error(refusal(errno.EACCES, root.private / path), root.path)
    assert found.message == f"{root.path / closed} cannot be written: Permission denied"


def test_what_is_closed_with_the_whole_root_is_told_of_the_root(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = root_error(refusal(errno.EROFS, root.private / "library.new"), root.path)
    assert found.message == f"{root.path} cannot be written: Read-only file system"


@pytest.mark.parametrize("gone", [".syncd/incoming", ".syncd"])
def test_nothing_is_of_one_folder_where_the_root_cannot_be_written_itself(
    root: Root, gone: str
) -> None:
    (root.path / gone).rename(root.path / "away")
    found = root_error(refusal(errno.ENOENT, root.path / "Album/Rain.flac"), root.path)
    assert type(found) is RootUnusable


@pytest.mark.parametrize(
    ("code", "here"),
    [(errno.EIO, RootUnusable), (errno.ENOSPC, DiskFull), (errno.EDQUOT, DiskFull)],
)
def test_what_a_disk_does_is_of_the_root_unless_the_folder_is_on_another(
    root: Root, code: int, here: type[LocalError], monkeypatch: pytest.MonkeyPatch
) -> None:
    error = refusal(code, root.path / "Album/Rain.flac")
    assert type(root_error(error, root.path)) is here
    monkeypatch.setattr(module, "_is_away", lambda folder, _: folder.name == "Album")
    found = root_error(error, root.path)
    assert type(found) is FolderUnusable
    assert "Album" in found.message


def test_a_disk_that_does_not_answer_is_another_one(root: Root) -> None:
    error = refusal(errno.EIO, root.path / "Gone/Rain.flac")
    assert type(root_error(error, root.path)) is FolderUnusable


READ_ONLY = """
import ctypes, sys
from pathlib import Path
header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
ctypes.CDLL(None).capset(header, none)
from syncd.errors import FolderUnusable
from syncd.local.files import place
from syncd.local.root import create_root
root, _ = create_root(Path(sys.argv[1]), "https://api.audiopod.ai")
(root.path / "Album").chmod(0o555)
for path in ("Album/x.flac", "Album/New/x.flac"):
    part = root.incoming / "7.flac.part"
    part.write_bytes(b"x")
    try:
        place(root, part, path, mode=0o600, modified=None)
    except FolderUnusable as error:
        print(error.message)
place(root, part, "x.flac", mode=0o600, modified=None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="rights are given up as Linux does it")
def test_a_folder_that_may_not_be_written_is_named_and_the_next_file_is_placed(root: Root) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, root.path], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == ["Album cannot be used: Permission denied"] * 2
    assert (root.path / "x.flac").exists()
