"""Every way to change something is a step, the disk forgets what it may, and a bug is noticed."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import syncd
from syncd.catalog import database, store
from syncd.local.scan import file_stat

from . import cases as crashes
from .power import Disk, Loss
from .seams import CALLS, SYNCS

CHANGING = {
    "rename", "renames", "replace", "link", "symlink", "unlink", "remove", "removedirs", "rmdir",
    "mkdir", "makedirs", "truncate", "ftruncate", "utime", "chmod", "fchmod", "lchmod", "chown",
    "fchown", "lchown", "setxattr", "removexattr", "write", "writev", "pwrite", "pwritev", "open",
    "copy_file_range", "sendfile", "splice", "posix_fallocate", "mkfifo", "mknod", "fsync",
    "fdatasync", "sync", "chflags",
}  # fmt: skip
"""What of ``os`` changes a disk, or makes a change durable."""

OTHERS = {
    "ctypes": {"local/rename.py"},
    "shutil": {"local/carry.py", "local/files.py", "local/retag.py"},
    "tempfile": {"local/files.py"},
    "mmap": set(),
    "fcntl": {"local/lock.py"},
}
"""Modules by which a disk can be changed, and where that is seen: by ``native_rename``, by the
``os`` that ``shutil.copystat`` calls, by the stand-in of ``NamedTemporaryFile``; a lock changes
nothing."""

APART = ("simulator", "cli", "daemon", "doctor")
"""What these change is no part of the library, nor of its catalog."""


def sources() -> list[tuple[str, ast.Module]]:
    folder = Path(syncd.__file__).parent
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*.py")}
    return [
        (name, ast.parse(path.read_text(encoding="utf-8")))
        for name, path in sorted(found.items())
        if name.partition("/")[0] not in APART
    ]


def test_every_call_that_changes_something_is_a_step() -> None:
    unseen = [
        f"{name}: os.{node.attr}"
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in CHANGING - {*CALLS, *SYNCS}
    ]
    assert unseen == []


def test_nothing_is_changed_by_another_way() -> None:
    found: dict[str, set[str]] = {module: set() for module in OTHERS}
    for name, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for module in found.keys() & {one.name for one in node.names}:
                    found[module].add(name)
            elif isinstance(node, ast.ImportFrom):
                assert node.module != "os", f"{name}: what is imported so is not seen"
                if node.module in found:
                    found[node.module].add(name)
    assert {module: names - OTHERS[module] for module, names in found.items()} == {
        module: set() for module in OTHERS
    }


@pytest.mark.parametrize("point", ["rename-up/stop/34", "rename-up/kill/34", "evict/all/25"])
def test_a_stop_changes_nothing_of_how_it_ends(tmp_path: Path, point: str) -> None:
    verdict = crashes.play(point, tmp_path)
    assert verdict.troubles == ()
    assert verdict.counts["points"] == 1


def test_a_commit_that_a_power_failure_takes_is_noticed(tmp_path: Path) -> None:
    def transaction(engine: Any, *, durable: bool = False) -> Any:
        return database.transaction(engine)

    with patch.object(store, "transaction", transaction):
        assert crashes.play("rename-down/catalog/31", tmp_path).troubles != ()


@pytest.fixture
def disk(tmp_path: Path) -> tuple[Path, Disk]:
    folder = tmp_path / "disk"
    (folder / "apart").mkdir(parents=True)
    (folder / "old").write_text("old")
    return folder, Disk(folder, apart=folder / "apart", limbo=tmp_path / "limbo")


def called(disk: Disk, name: str, *given: Any) -> Any:
    disk.before(name, given, {})
    got = getattr(os, name)(*given)
    disk.after(name, given, {})
    return got


def made(disk: Disk, path: Path, text: str) -> int:
    descriptor: int = called(disk, "open", path, os.O_CREAT | os.O_RDWR)
    os.write(descriptor, text.encode())
    return descriptor


def synced(disk: Disk, folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    called(disk, "fsync", descriptor)
    os.close(descriptor)


def test_a_file_is_lost_with_its_name_or_with_its_bytes(tmp_path: Path, disk: Any) -> None:
    folder, watched = disk
    os.close(made(watched, folder / "new", "new"))
    watched.fail(Loss.BYTES)
    assert (folder / "new").read_text() == ""
    watched.fail(Loss.FILES)
    assert not (folder / "new").exists()


def test_what_was_synced_is_kept(tmp_path: Path, disk: Any) -> None:
    folder, watched = disk
    descriptor = made(watched, folder / "part", "new")
    called(watched, "fsync", descriptor)
    os.close(descriptor)
    called(watched, "rename", folder / "part", folder / "new")
    synced(watched, folder)
    called(watched, "unlink", folder / "new")
    watched.fail(Loss.ALL)
    assert (folder / "new").read_text() == "new"
    assert not (folder / "part").exists()


def test_a_file_that_comes_back_is_the_same(tmp_path: Path, disk: Any) -> None:
    folder, watched = disk
    before = (folder / "old").stat()
    seen = file_stat(folder / "old")
    os.close(made(watched, folder / "other", "other"))
    called(watched, "replace", folder / "other", folder / "old")
    watched.fail(Loss.FILES)
    after = (folder / "old").stat()
    assert watched.as_it_was(file_stat(folder / "old")) == seen
    assert (after.st_ino, after.st_nlink) == (before.st_ino, 1)
    assert (folder / "old").read_text() == "old"
