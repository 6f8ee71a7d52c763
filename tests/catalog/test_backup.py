"""Backups of the catalog: whole, durable, private, and never one over a better one."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from syncd.catalog.backup import backups
from syncd.catalog.store import Catalog
from syncd.errors import SyncdError

from .looking import HOUR, job


@pytest.fixture
def folder(path: Path) -> Path:
    return path.parent / "backups"


@pytest.fixture
def filled(catalog: Catalog, now: datetime) -> Catalog:
    """Three hundred jobs: more pages than are copied at once."""
    lyrics = "la " * 6000
    catalog.observe([job(number, lyrics=lyrics) for number in range(300)], now)
    return catalog


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_backup_is_a_whole_catalog_of_that_moment(
    filled: Catalog, folder: Path, now: datetime
) -> None:
    made = filled.upkeep.backup(folder, now)
    filled.observe([job(1000)], now)
    assert made == folder / "catalog-20260401T120000Z.sqlite3"
    copy = Catalog.read(made)
    assert copy is not None
    assert copy.check() == "ok"
    assert set(copy.remote_tree().tracks) == set(range(300))
    copy.close()
    assert names(folder) == [made.name]


def test_a_backup_is_one_file_without_a_log_beside_it(
    filled: Catalog, folder: Path, now: datetime
) -> None:
    made = filled.upkeep.backup(folder, now)
    # Bytes 18 and 19 of the header are 2 for a file with a log (sqlite.org/fileformat.html, 1.3).
    assert made.read_bytes()[18:20] == b"\x01\x01"


@pytest.mark.parametrize("before", [None, 0o755])
def test_nobody_else_can_read_it(
    filled: Catalog, folder: Path, now: datetime, before: int | None
) -> None:
    if before:
        folder.mkdir(mode=before)
    made = filled.upkeep.backup(folder, now)
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_is_on_the_disk_before_it_has_its_name(
    filled: Catalog, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[bool, list[str]]] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append((stat.S_ISDIR(os.fstat(descriptor).st_mode), names(folder)))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    made = filled.upkeep.backup(folder, now)
    assert synced == [(False, [f"{made.name}.part"]), (True, [made.name])]


@pytest.mark.parametrize(("keep", "left"), [(1, [3]), (2, [2, 3]), (9, [0, 1, 2, 3])])
def test_the_newest_are_kept(
    filled: Catalog, folder: Path, now: datetime, keep: int, left: list[int]
) -> None:
    made = [filled.upkeep.backup(folder, now + hour * HOUR, keep) for hour in range(4)]
    assert names(folder) == [made[hour].name for hour in left]
    assert [path for path, _ in backups(folder)] == [made[hour] for hour in left[::-1]]


def test_one_made_after_the_clock_was_set_back_is_kept_all_the_same(
    filled: Catalog, folder: Path, now: datetime
) -> None:
    for day in range(2):
        filled.upkeep.backup(folder, now + timedelta(days=day))
    made = filled.upkeep.backup(folder, now - timedelta(days=9000))
    assert names(folder) == [made.name, "catalog-20260402T120000Z.sqlite3"]


def test_the_name_says_when_it_was_made(filled: Catalog, folder: Path, now: datetime) -> None:
    made = filled.upkeep.backup(folder, now)
    assert backups(folder) == [(made, now.replace(microsecond=0))]


def test_other_files_are_no_backups_and_stay(filled: Catalog, folder: Path, now: datetime) -> None:
    folder.mkdir()
    others = ["mine.sqlite3", "catalog-20269999T999999Z.sqlite3", "catalog-old.sqlite3"]
    for name in others:
        (folder / name).touch()
    made = filled.upkeep.backup(folder, now, keep=1)
    assert names(folder) == sorted([*others, made.name])


def test_no_folder_holds_no_backups(folder: Path) -> None:
    assert backups(folder) == []


# --- what goes wrong leaves the earlier ones ---


@pytest.fixture
def earlier(filled: Catalog, folder: Path, now: datetime) -> list[str]:
    for hour in range(2):
        filled.upkeep.backup(folder, now + hour * HOUR)
    return names(folder)


def test_a_damaged_catalog_is_not_backed_up(
    filled: Catalog,
    path: Path,
    folder: Path,
    now: datetime,
    earlier: list[str],
    spoil_jobs: Callable[[Path], None],
) -> None:
    filled.upkeep.compact()
    filled.close()
    spoil_jobs(path)
    damaged = Catalog.open(path)
    assert damaged.check() != "ok"
    with pytest.raises(SyncdError, match="was not backed up") as caught:
        damaged.upkeep.backup(folder, now + 5 * HOUR)
    damaged.close()
    assert "earlier backups were kept" in str(caught.value)
    assert names(folder) == earlier


def test_one_that_is_stopped_leaves_nothing(
    filled: Catalog, folder: Path, now: datetime, earlier: list[str]
) -> None:
    looks = iter([False, True, True, True])
    with pytest.raises(SyncdError, match="it was stopped"):
        filled.upkeep.backup(folder, now + 5 * HOUR, stopped=lambda: next(looks))
    assert names(folder) == earlier


def test_what_a_crash_left_unfinished_goes_with_the_next_one(
    filled: Catalog, folder: Path, now: datetime
) -> None:
    folder.mkdir()
    for suffix in ("", "-journal"):
        (folder / f"catalog-20260331T120000Z.sqlite3.part{suffix}").touch()
    made = filled.upkeep.backup(folder, now)
    assert names(folder) == [made.name]


@pytest.mark.parametrize("call", ["mkdir", "replace"])
def test_a_folder_that_refuses_is_said_in_one_line(
    filled: Catalog, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_arguments: object, **_named: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, call, refuse)
    with pytest.raises(SyncdError, match=r"backups: Read-only file system"):
        filled.upkeep.backup(folder, now)
    monkeypatch.undo()
    assert backups(folder) == []


@pytest.fixture
def small_disk(folder: Path, filled: Catalog) -> Iterator[Callable[[int], None]]:
    """A disk of its own under the backups, whose size can be changed."""
    folder.mkdir()

    def mount(options: str) -> bool:
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
        return subprocess.run(command, capture_output=True).returncode == 0

    def resize(size: int) -> None:
        assert mount(f"remount,size={size}")

    if os.geteuid() != 0 or not mount("size=64m"):
        pytest.skip("mounting a small disk takes root")
    yield resize
    subprocess.run(["umount", folder], check=True)


def test_a_full_disk_leaves_the_earlier_ones(
    filled: Catalog, folder: Path, now: datetime, small_disk: Callable[[int], None]
) -> None:
    made = filled.upkeep.backup(folder, now)
    small_disk(made.stat().st_size + 1_000_000)
    with pytest.raises(SyncdError, match="was not backed up") as caught:
        filled.upkeep.backup(folder, now + HOUR)
    assert "disk" in str(caught.value)
    assert names(folder) == [made.name]
    copy = Catalog.read(made)
    assert copy is not None
    with copy.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM job")).scalar_one() == 300
    copy.close()
