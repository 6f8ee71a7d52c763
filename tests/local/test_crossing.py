"""A file that is placed in a folder on another disk; and what a stop leaves of that."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from syncd.errors import Changed, FolderUnusable, Occupied
from syncd.local import carry, files
from syncd.local.beside import beside
from syncd.local.files import (
    part_path,
    place,
    place_text,
    recover_placements,
    tidy_incoming,
)
from syncd.local.root import Root, create_root
from syncd.local.scan import file_stat

MADE = datetime(2026, 3, 1, 12, 34, 56, tzinfo=UTC)
CONTENT = b"RIFF" + bytes(range(256))
DIGEST = "0" * 32
NOTE, HIDDEN = f"syncd-{DIGEST}.part.beside", f".syncd-{DIGEST}.text.part"


@pytest.fixture
def root(tmp_path: Path) -> Root:
    made, _ = create_root(tmp_path / "library", "https://api.audiopod.ai")
    (made.path / "disk").mkdir()
    return made


@pytest.fixture
def part(root: Root) -> Path:
    path = part_path(root, 7, "flac")
    path.write_bytes(CONTENT)
    return path


@pytest.fixture(autouse=True)
def parted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing can be renamed into or out of folders named ``disk``."""

    def barred(call: Callable[..., object]) -> Callable[..., object]:
        def checked(root: Root, source: Path, target: Path, **named: Any) -> object:
            if ("disk" in source.parts) != ("disk" in target.parts):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source, None, target)
            return call(root, source, target, **named)

        return checked

    for owner, name in ((files, "rename_without_replacing"), (carry, "rename_anew")):
        monkeypatch.setattr(owner, name, barred(getattr(owner, name)))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_placed_whole_on_another_disk(root: Root, part: Path) -> None:
    stat = place(root, part, "disk/Disc 1/Rain.flac", mode=0o640, modified=MADE)
    target = root.path / "disk/Disc 1/Rain.flac"
    assert target.read_bytes() == CONTENT
    assert target.stat().st_mode & 0o777 == 0o640
    assert target.stat().st_mtime == MADE.timestamp()
    assert stat == file_stat(target)
    assert names(target.parent) == ["Rain.flac"]
    assert names(root.incoming) == []


def test_a_sidecar_is_placed_on_another_disk(root: Root) -> None:
    assert place_text(root, "disk/Rain.lrc", "la", mode=0o644)
    assert (root.path / "disk/Rain.lrc").read_text() == "la"
    assert not place_text(root, "disk/Rain.lrc", "ours", mode=0o644)
    assert (root.path / "disk/Rain.lrc").read_text() == "la"
    assert names(root.path / "disk") == ["Rain.lrc"]
    assert names(root.incoming) == []


def test_what_stands_there_is_left_alone(
    root: Root, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = root.path / "disk/x.flac"
    write = carry._write

    def meanwhile(source: int, to: Path) -> str:
        assert (to.parent, to.suffix, to.name[0]) == (target.parent, ".part", ".")
        target.write_bytes(b"theirs")
        return write(source, to)

    monkeypatch.setattr(carry, "_write", meanwhile)
    with pytest.raises(Occupied):
        place(root, part, "disk/x.flac", mode=0o600, modified=None)
    assert target.read_bytes() == b"theirs"
    assert part.read_bytes() == CONTENT
    assert names(target.parent) == ["x.flac"]
    assert names(root.incoming) == [part.name]


def test_a_disk_that_is_full_is_named_and_keeps_no_half_of_a_file(
    root: Root, part: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_source: int, to: Path) -> str:
        to.write_bytes(CONTENT[:9])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(carry, "_write", full)
    monkeypatch.setattr("syncd.local.root._is_away", lambda folder, _: folder.name == "disk")
    with pytest.raises(FolderUnusable, match="the disk of disk is full"):
        place(root, part, "disk/x.flac", mode=0o600, modified=None)
    assert names(root.path / "disk") == []
    assert names(root.incoming) == [part.name]


def test_what_is_written_to_while_it_is_copied_is_no_copy(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = root.path / "Rain.flac", root.path / "disk/Rain.flac"
    source.write_bytes(CONTENT)
    before, write = file_stat(source), carry._write

    def meanwhile(*given: Any) -> str:
        digest = write(*given)
        source.write_bytes(CONTENT + b"more")
        return digest

    monkeypatch.setattr(carry, "_write", meanwhile)
    with pytest.raises(Changed):
        carry.copy(root, source, target, before)
    assert names(root.path / "disk") == []


@pytest.mark.parametrize("moment", ["_write", "copy"])
def test_what_is_written_to_while_it_is_carried_stays_where_it_is(
    root: Root, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    source, target = root.path / "Rain.flac", root.path / "disk/Rain.flac"
    source.write_bytes(CONTENT)
    call = getattr(carry, moment)

    def meanwhile(*given: Any) -> object:
        done = call(*given)
        with source.open("ab") as stream:
            stream.write(b"more")
        return done

    monkeypatch.setattr(carry, moment, meanwhile)
    with pytest.raises(Changed):
        carry.carry(root, source, target, file_stat(source))
    assert source.read_bytes() == CONTENT + b"more"
    assert names(root.path / "disk") == []


STOPPED = """
import errno, os, sys
from pathlib import Path
from syncd.local import carry, files
from syncd.local.root import create_root

root, _ = create_root(Path(sys.argv[1]), "https://api.audiopod.ai")

def across(*_):
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

files.rename_without_replacing = across
carry.{moment} = lambda *_, **__: os._exit(9)
files.place(root, root.incoming / "7.flac.part", "disk/x.flac", mode=0o600, modified=None)
"""


@pytest.mark.parametrize("again", [recover_placements, lambda root: tidy_incoming(root, {7})])
@pytest.mark.parametrize("moment", ["_write", "sha256", "_rename", "fsync_folder", "forget_target"])
def test_what_a_stop_leaves_is_removed(
    root: Root, part: Path, moment: str, again: Callable[[Root], None]
) -> None:
    script = STOPPED.format(moment=moment)
    assert subprocess.run([sys.executable, "-c", script, root.path]).returncode == 9
    placed = {"x.flac"} if moment in ("fsync_folder", "forget_target") else set()
    hidden = set(names(root.path / "disk")) - placed
    assert len(hidden) == (moment in ("sha256", "_rename"))
    assert all(name.startswith(".") and name.endswith(".part") for name in hidden)
    assert len(names(root.incoming)) == 2
    again(root)
    assert set(names(root.path / "disk")) == placed
    assert names(root.incoming) == [part.name]
    if not placed:
        place(root, part, "disk/x.flac", mode=0o600, modified=None)
    assert (root.path / "disk/x.flac").read_bytes() == CONTENT


def noted(root: Root, path: str, *, away: bool = False) -> Path:
    """A note of the hidden file at ``path``, which was left."""
    note = root.incoming / NOTE
    note.write_text(json.dumps({"part": path, "away": away}))
    return note


def test_a_note_is_there_before_its_file_and_gone_after_it(root: Root) -> None:
    with beside(root, root.path / "disk/Rain.flac") as hidden:
        (note,) = root.incoming.iterdir()
        assert json.loads(note.read_text()) == {
            "part": str(hidden.relative_to(root.path)),
            "away": False,
        }
        assert not hidden.exists()
        hidden.write_bytes(b"x")
    assert names(root.path / "disk") == names(root.incoming) == []


@pytest.mark.parametrize(
    "path",
    ["disk/mine.txt", "disk/.syncd-1.text.part", "../" + HIDDEN, ".syncd/incoming/" + HIDDEN],
)
def test_a_note_takes_nothing_of_the_users_away(root: Root, path: str) -> None:
    (root.path / path).write_bytes(b"mine")
    note = noted(root, path)
    recover_placements(root)
    assert (root.path / path).read_bytes() == b"mine"
    assert note.exists()


def test_a_note_leads_through_no_link(tmp_path: Path, root: Root) -> None:
    (tmp_path / HIDDEN).write_bytes(b"mine")
    (root.path / "out").symlink_to(tmp_path)
    noted(root, f"out/{HIDDEN}")
    recover_placements(root)
    assert (tmp_path / HIDDEN).exists()


def test_a_note_that_was_never_finished_is_removed(root: Root) -> None:
    (root.incoming / NOTE).write_text('{"part": "dis')
    recover_placements(root)
    assert names(root.incoming) == []


def test_a_note_stays_while_the_disk_of_its_file_is_not_there(root: Root) -> None:
    for path in (f"disk/{HIDDEN}", f"disk/Album/{HIDDEN}"):
        note = noted(root, path, away=True)
        recover_placements(root)
        assert note.exists()


def test_a_hidden_file_that_cannot_be_removed_is_logged(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root.path / "disk" / HIDDEN).write_bytes(b"half")
    note = noted(root, f"disk/{HIDDEN}")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as closed, capture_logs() as logs:
        closed.setattr(Path, "unlink", refuse)
        recover_placements(root)
    assert [(line["event"], line["why"]) for line in logs] == [
        ("a hidden file may be left", "Read-only file system")
    ]
    assert note.exists()


MOUNT = """
import subprocess, sys
from pathlib import Path
from syncd.local.files import part_path, place, place_text
from syncd.local.root import create_root
from syncd.local.scan import file_stat

folder = Path(sys.argv[1])
root, _ = create_root(folder, "https://api.audiopod.ai")
disk = folder / "disk"
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk]).returncode:
    sys.exit(77)
assert disk.stat().st_dev != folder.stat().st_dev
part = part_path(root, 7, "flac")
part.write_bytes(b"fLaC" * 999)
assert place(root, part, "disk/a/x.flac", mode=0o644, modified=None) == file_stat(disk / "a/x.flac")
assert (disk / "a/x.flac").read_bytes() == b"fLaC" * 999
assert place_text(root, "disk/a/x.lrc", "la", mode=0o644)
assert sorted(p.name for p in (disk / "a").iterdir()) == ["x.flac", "x.lrc"]
assert list(root.incoming.iterdir()) == []
part.write_bytes(bytes(2_000_000))
try:
    place(root, part, "disk/a/y.flac", mode=0o644, modified=None)
except Exception as error:
    print(type(error).__name__, error.message)
assert sorted(p.name for p in (disk / "a").iterdir()) == ["x.flac", "x.lrc"]
assert [p.name for p in root.incoming.iterdir()] == ["7.flac.part"]
"""


@pytest.mark.skipif(
    shutil.which("unshare") is None or os.geteuid() != 0, reason="only root may mount here"
)
def test_a_folder_on_a_disk_of_its_own(root: Root) -> None:
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", MOUNT]
    ended = subprocess.run([*command, root.path], capture_output=True, text=True)
    if ended.returncode == 77 or "unshare failed" in ended.stderr:
        pytest.skip("mounting is not permitted here")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "FolderUnusable the disk of disk/a is full\n"
