"""What the root is known by from one start to the next, on disks that number files anew too."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from syncd.local import mounts
from syncd.local.mounts import Mount, root_id
from syncd.local.root import Root, create_root

ANEW = ["vfat", "msdos", "exfat", "fuse.mergerfs", "fuseblk"]
VOLUME = "/dev/null"
"""Stands for the device of a disk: it has a number of its own."""

Lie = Callable[..., None]


def make(path: Path) -> Root:
    return create_root(path, "https://api.audiopod.ai")[0]


def on(root: Root, device: str) -> Root:
    return replace(root, device=os.stat(device).st_rdev)  # noqa: PTH116


@pytest.fixture
def uuids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "by-uuid"
    folder.mkdir()
    monkeypatch.setattr(mounts, "_UUIDS", folder)
    return folder


@pytest.fixture
def lie(tmp_path: Path, uuids: Path, monkeypatch: pytest.MonkeyPatch) -> Lie:
    """``lie(kind)``: so the folders of this test are mounted."""

    def say(kind: str, source: str = "", *, point: Path = tmp_path, base: str = "/") -> None:
        mount = Mount(1, PurePosixPath(point), kind, source, PurePosixPath(base))
        monkeypatch.setattr(mounts, "mount_of", lambda _: mount)

    return say


@pytest.mark.parametrize("kind", ANEW)
def test_another_folder_of_the_disk_is_another_root(lie: Lie, tmp_path: Path, kind: str) -> None:
    lie(kind)
    known = root_id(make(tmp_path / "Music"))
    assert root_id(make(tmp_path / "Copy")) != known
    assert root_id(make(tmp_path / "Music")) == known


@pytest.mark.parametrize("kind", ANEW)
def test_a_disk_mounted_elsewhere_is_the_same_root(lie: Lie, tmp_path: Path, kind: str) -> None:
    lie(kind, point=tmp_path / "one")
    known = root_id(make(tmp_path / "one/Music"))
    lie(kind, point=tmp_path / "two")
    assert root_id(make(tmp_path / "two/Music")) == known
    # Its folder alone is bound to another place.
    lie(kind, point=tmp_path / "three", base="/Music")
    assert root_id(make(tmp_path / "three")) == known


@pytest.mark.parametrize("kind", ANEW)
def test_another_disk_of_that_size_is_another_root(
    lie: Lie, uuids: Path, tmp_path: Path, kind: str
) -> None:
    lie(kind, "/dev/sdb1")
    root = on(make(tmp_path / "Music"), VOLUME)
    (uuids / "0-another").symlink_to("/dev/zero")
    (uuids / "gone").symlink_to(tmp_path / "gone")
    link = uuids / "1234-ABCD"
    link.symlink_to(VOLUME)
    known = root_id(root)
    lie(kind, "/dev/sdc1")
    assert root_id(root) == known
    link.rename(uuids / "5678-EF01")
    assert root_id(root) != known


def test_the_volume_of_a_fuse_program_is_known_by_the_device_that_it_names(
    lie: Lie, uuids: Path, tmp_path: Path
) -> None:
    lie("fuse", VOLUME)
    root = make(tmp_path / "Music")
    unnamed = root_id(root)
    (uuids / "1234-ABCD").symlink_to(VOLUME)
    assert root_id(root) != unnamed


@pytest.mark.parametrize("kind", ANEW)
def test_where_no_volume_is_known_what_was_mounted_is(
    lie: Lie, uuids: Path, tmp_path: Path, kind: str
) -> None:
    root = make(tmp_path / "Music")
    said = set()
    for source in ("me:secret@host:/Music", "/mnt/a\udce9:/mnt/b", ""):
        lie(kind, source)
        said.add(root_id(root))
    uuids.rmdir()
    said.add(root_id(root))
    assert len(said) == 3
    assert all(id_.isascii() and "secret" not in id_ for id_ in said)


def test_a_copy_in_the_very_place_shows_on_ntfs(lie: Lie, uuids: Path, tmp_path: Path) -> None:
    (uuids / "01D7A3C2B4E5F607").symlink_to(VOLUME)
    lie("fuseblk", VOLUME)
    root = make(tmp_path / "Music")
    known = root_id(root)
    assert root_id(root) == known
    root.path.rename(tmp_path / "former")
    shutil.copytree(tmp_path / "former", root.path)
    assert root_id(make(root.path)) != known


def test_where_inodes_stay_the_root_is_known_by_its_own(lie: Lie, tmp_path: Path) -> None:
    lie("ext4", "/dev/sdb1")
    root = make(tmp_path / "Music")
    known = root_id(root)
    assert known == f"{root.inode}:{os.statvfs(root.path).f_fsid:x}"
    root.path.rename(tmp_path / "Renamed")
    assert root_id(make(tmp_path / "Renamed")) == known
    assert root_id(make(tmp_path / "Copy")) != known
