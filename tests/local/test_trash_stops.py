"""The trash after a stop at any moment, and across file systems: nothing is lost or halved."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.errors import Changed, DiskFull, RootUnusable
from syncd.local import carry, trash_note
from syncd.local.files import recover_placements, tidy_incoming
from syncd.local.root import Root, create_root
from syncd.local.sidecars import is_audio
from syncd.local.trash import Trash

from . import stopping
from .trashed import CONTENT, FACTS, NOW, SERVER, fill, library, names

CALLS: list[tuple[Any, str]] = [
    *((os, name) for name in ("fsync", "rename", "replace", "link", "unlink", "rmdir", "chmod")),
    (carry, "rename_anew"),
    (shutil, "copystat"),
    (trash_note, "fsync_folder"),
]
"""What changes something, or makes it durable."""


MOMENTS = 40
"""More than there are calls in any of what is stopped here."""


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return create_root(tmp_path / "library", "https://api.audiopod.ai")[0]


@pytest.fixture
def trash(root: Root) -> Trash:
    return Trash(root, mode=0o640)


def stopped(act: Callable[[], object], calls: int) -> bool:
    """Whether ``act`` was stopped after so many of ``CALLS``."""
    if not stopping.stopped(act, calls, CALLS):
        return False
    assert calls < MOMENTS - 1, "there are more moments than are tried"
    return True


def whole(root: Root) -> list[str]:
    """Every audio file under the root, none of which is half of one."""
    found = [name for name in names(root.path) if is_audio(name)]
    assert {(root.path / name).read_bytes() for name in found} <= {CONTENT}
    return found


@pytest.fixture(params=["one file system", "two"])
def layout(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Whether the folder ``disk`` lies on the library's file system."""
    if request.param == "two":
        part_off(monkeypatch)
    return str(request.param)


def part_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be renamed or linked into or out of folders named ``disk``."""

    def barred(call: Callable[..., object]) -> Callable[..., object]:
        def checked(*args: Any, **named: Any) -> object:
            source, target = (path for path in args if isinstance(path, Path) and path.suffix)
            if ("disk" in source.parts) != ("disk" in target.parts):
                raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
            return call(*args, **named)

        return checked

    for owner, name in [(os, "rename"), (os, "link"), (carry, "rename_anew")]:
        monkeypatch.setattr(owner, name, barred(getattr(owner, name)))


def start_again(root: Root) -> Trash:
    """What the program does at its next start."""
    recover_placements(root)
    tidy_incoming(root, ())
    return Trash(root, mode=0o640)


@pytest.mark.usefixtures("layout")
@pytest.mark.parametrize("calls", range(MOMENTS))
def test_a_stop_while_a_track_goes_into_the_trash(root: Root, trash: Trash, calls: int) -> None:
    fill(root, "disk/Rain.flac")
    fill(root, "disk/Rain.lrc", b"la")
    ended = not stopped(lambda: trash.put("disk/Rain.flac", **FACTS), calls)
    found = whole(root)
    assert found
    again = start_again(root)
    if "disk/Rain.flac" in found:
        assert not ended
        again.put("disk/Rain.flac", **FACTS)
    assert "disk/Rain.flac" not in whole(root)
    for entry in again.entries():
        assert again.verify(entry)
    assert again.restore(again.entries()[0]) == "disk/Rain.flac"
    assert names(root.incoming) == []
    again.purge(now=NOW, server_now=SERVER, retention=timedelta(0))
    assert names(trash.folder) == []
    if ended:
        assert library(root) == ["disk/Rain.flac", "disk/Rain.lrc"]


@pytest.mark.usefixtures("layout")
@pytest.mark.parametrize("calls", range(MOMENTS))
def test_a_stop_while_a_track_leaves_its_recovery_copy_behind(
    root: Root, trash: Trash, calls: int
) -> None:
    fill(root, "disk/Rain.flac")
    fill(root, "disk/Rain.lrc", b"la")
    entry = trash.secure("disk/Rain.flac", **FACTS)
    ended = not stopped(lambda: trash.finish(entry), calls)
    assert trash.verify(entry)
    whole(root)
    again = start_again(root)
    again.finish(entry)
    # Lyrics that were stopped half-way between two disks stand on both.
    assert library(root) in ([], ["disk/Rain.lrc"])
    assert not (ended and library(root))
    again.purge(now=NOW, server_now=None, retention=timedelta(0))
    there = ["Rain.flac", "Rain.flac.json", "Rain.lrc"]
    assert names(trash.folder) == [f"2026-11-22/{name}" for name in there]
    assert (trash.folder / entry.name).stat().st_nlink == 1
    assert names(root.incoming) == []


@pytest.mark.usefixtures("layout")
@pytest.mark.parametrize("calls", range(MOMENTS))
def test_a_stop_while_a_recovery_copy_is_made(root: Root, trash: Trash, calls: int) -> None:
    fill(root, "disk/Rain.flac")
    stopped(lambda: trash.secure("disk/Rain.flac", **FACTS), calls)
    assert "disk/Rain.flac" in whole(root)
    again = start_again(root)
    entry = again.secure("disk/Rain.flac", **FACTS)
    assert all(again.verify(known) for known in [*again.entries(), entry])
    assert names(root.incoming) == []


@pytest.mark.usefixtures("layout")
@pytest.mark.parametrize("calls", range(MOMENTS))
def test_a_stop_while_a_track_comes_back(root: Root, trash: Trash, calls: int) -> None:
    fill(root, "disk/Rain.flac")
    fill(root, "disk/Rain.lrc", b"la")
    entry = trash.put("disk/Rain.flac", **FACTS)
    stopped(lambda: trash.restore(entry), calls)
    assert whole(root)
    again = start_again(root)
    if again.find(entry.name):
        again.restore(entry)
    restored = [name for name in library(root) if is_audio(name)]
    assert "disk/Rain.flac" in restored
    lyrics = [name for name in names(root.path) if name.endswith(".lrc")]
    assert {(root.path / name).read_bytes() for name in lyrics} == {b"la"}
    assert names(root.incoming) == []


@pytest.mark.parametrize("calls", range(MOMENTS))
def test_a_stop_while_a_fetched_copy_is_kept(root: Root, trash: Trash, calls: int) -> None:
    part = root.incoming / "7.flac.part"
    part.write_bytes(CONTENT)
    stopped(lambda: trash.keep(part, "Rain.flac", **FACTS), calls)
    whole(root)
    again = start_again(root)
    if again.entries():
        assert all(again.verify(entry) for entry in again.entries())
    else:
        part.write_bytes(CONTENT)
        assert again.keep(part, "Rain.flac", **FACTS).name == "2026-11-22/Rain.flac"


@pytest.mark.parametrize("calls", range(MOMENTS))
def test_a_stop_while_an_entry_is_removed(root: Root, trash: Trash, calls: int) -> None:
    fill(root, "Rain.flac")
    fill(root, "Rain.lrc", b"la")
    entry = trash.put("Rain.flac", **FACTS)
    stopped(lambda: trash.empty([entry]), calls)
    whole(root)
    start_again(root).purge(now=NOW, server_now=SERVER, retention=timedelta(0))
    assert list(trash.folder.iterdir()) == []


# --- two file systems ---


def test_a_track_crosses_file_systems_with_all_that_it_has(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    part_off(monkeypatch)
    file = fill(root, "disk/Rain.flac")
    fill(root, "disk/Rain.lrc", b"la")
    file.chmod(0o604)
    os.utime(file, (5, 5))
    entry = trash.put("disk/Rain.flac", **FACTS)
    assert library(root) == []
    assert trash.verify(entry)
    assert trash.restore(entry) == "disk/Rain.flac"
    assert library(root) == ["disk/Rain.flac", "disk/Rain.lrc"]
    assert (file.stat().st_mode & 0o777, file.stat().st_mtime) == (0o604, 5)
    assert names(root.incoming) == names(trash.folder) == []


CHANGES: dict[str, Callable[[Path], object]] = {
    "in place": lambda path: path.write_bytes(b"edited"),
    "gone": lambda path: path.unlink(),
    "touched": lambda path: os.utime(path, (9, 9)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("moment", ["before the copy", "after it"])
def test_a_track_that_is_changed_while_it_crosses_stays(
    root: Root,
    trash: Trash,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], object],
    moment: str,
) -> None:
    part_off(monkeypatch)
    file = fill(root, "disk/Rain.flac")
    copy = carry.copy

    def meanwhile(*args: Any) -> None:
        if moment == "before the copy":
            change(file)
        copy(*args)
        if moment == "after it":
            change(file)

    monkeypatch.setattr(carry, "copy", meanwhile)
    with pytest.raises(Changed):
        trash.put("disk/Rain.flac", **FACTS)
    assert file.exists() == (change is not CHANGES["gone"])
    assert names(trash.folder) == names(root.incoming) == []


def test_a_track_that_cannot_leave_its_disk_leaves_no_copy_behind(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    part_off(monkeypatch)
    file = fill(root, "disk/Rain.flac")
    unlink = os.unlink

    def refuse(path: Path, **named: Any) -> None:
        if path == file:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        unlink(path, **named)

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(RootUnusable, match="Read-only"):
        trash.put("disk/Rain.flac", **FACTS)
    assert file.read_bytes() == CONTENT
    assert names(trash.folder) == names(root.incoming) == []


def test_a_disk_without_room_gets_no_half_of_a_track(
    root: Root, trash: Trash, monkeypatch: pytest.MonkeyPatch
) -> None:
    part_off(monkeypatch)
    fill(root, "disk/Rain.flac")
    entry = trash.put("disk/Rain.flac", **FACTS)

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(carry, "_write", refuse)
        with pytest.raises(DiskFull):
            trash.restore(entry)
    assert library(root) == []
    assert trash.restore(entry) == "disk/Rain.flac"


MOUNT = """
import subprocess, sys
from datetime import datetime, timezone
from pathlib import Path
from syncd.local.root import create_root
from syncd.local.trash import Trash, Why

folder = Path(sys.argv[1])
root, _ = create_root(folder, "https://api.audiopod.ai")
(folder / "disk").mkdir()
if subprocess.run(["mount", "-t", "tmpfs", "none", folder / "disk"]).returncode:
    sys.exit(77)
assert (folder / "disk").stat().st_dev != folder.stat().st_dev
file = folder / "disk/a/Rain.flac"
file.parent.mkdir()
file.write_bytes(b"fLaC" * 999)
file.with_suffix(".lrc").write_bytes(b"la")
trash = Trash(root, mode=0o644)
facts = dict(
    job_id=7, why=Why.REMOVED, now=datetime.now(timezone.utc), server_time=None,
    title=None, audio=None, job="{}",
)
entry = trash.secure("disk/a/Rain.flac", **facts)
trash.finish(entry)
assert list(file.parent.iterdir()) == [] and trash.verify(entry)
assert trash.restore(entry) == "disk/a/Rain.flac" and file.read_bytes() == b"fLaC" * 999
entry = trash.put("disk/a/Rain.flac", **facts)
assert list(file.parent.iterdir()) == [] and trash.verify(entry)
assert trash.restore(entry) == "disk/a/Rain.flac"
assert sorted(p.name for p in file.parent.iterdir()) == ["Rain.flac", "Rain.lrc"]
assert list(root.incoming.iterdir()) == [] and list(trash.folder.iterdir()) == []
"""


@pytest.mark.skipif(
    shutil.which("unshare") is None or os.geteuid() != 0, reason="only root may mount here"
)
def test_a_folder_on_a_disk_of_its_own(tmp_path: Path) -> None:
    command = ["unshare", "--mount", "--propagation", "private", sys.executable, "-c", MOUNT]
    ended = subprocess.run([*command, tmp_path / "library"], capture_output=True, text=True)
    if ended.returncode == 77 or "unshare failed" in ended.stderr:
        pytest.skip("mounting is not permitted here")
    assert (ended.returncode, ended.stderr) == (0, "")
