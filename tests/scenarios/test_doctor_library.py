"""``syncd doctor`` on folders, disks and catalogs that are not as they should be."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.core.operations import Hold, Plan
from syncd.doctor import catalog as catalog_checks
from syncd.doctor import filesystem, folder
from syncd.local.root import create_root, read_marker, write_marker

from .examining import NAMES, OF_THE_CATALOG, OF_THE_FOLDER, copy_of, examined

if TYPE_CHECKING:
    from tests.scenarios.conftest import Bench

DAY = timedelta(days=1)


@pytest.fixture
def library(synced: Bench, tmp_path: Path) -> Bench:
    """A library in step with its account."""
    return copy_of(synced, tmp_path / "bench")


@pytest.fixture
def catalog(library: Bench) -> Iterator[Catalog]:
    """Its catalog, to be written to."""
    opened = Catalog.open(library.state / "catalog.sqlite3")
    yield opened
    opened.close()


def failing(code: int) -> Any:
    def fail(*_arguments: object, **_named: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


# --- the folder ---


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda root: root.rename(root.with_name("away")), "is not there"),
        (lambda root: (root.rename(root.with_name("away")), root.touch()), "is not a folder"),
        (
            lambda root: (
                root.rename(root.with_name("away")),
                root.symlink_to(root.with_name("away")),
            ),
            "is a link",
        ),
    ],
    ids=["missing", "a file", "a link"],
)
async def test_a_root_that_is_none_is_said_and_its_inside_not_looked_at(
    library: Bench, spoil: Any, words: str
) -> None:
    spoil(library.root)
    found = await examined(library)
    assert found.failed == ["root"]
    assert words in found.said("root")
    assert set(found.unseen) >= {*OF_THE_FOLDER, "binding"} - {"root"}
    assert found.said("integrity").startswith("ok: ")
    assert list(found.checks) == NAMES


async def test_an_unmounted_root_is_told_from_a_new_library(library: Bench) -> None:
    shutil.rmtree(library.root)
    library.root.mkdir()
    found = await examined(library)
    assert found.failed == ["marker"]
    assert "has no marker" in found.said("marker")
    assert "mount the disk" in found.fix("marker")
    assert {"writable", "file system", "binding"} <= set(found.unseen)


async def test_the_marker_of_another_library_is_said(library: Bench) -> None:
    shutil.rmtree(library.root / ".syncd")
    create_root(library.root, library.sim.api_url)
    found = await examined(library)
    assert found.failed == ["binding"]
    assert "is another library than the one in the catalog" in found.said("binding")
    assert "syncd adopt" in found.fix("binding")


async def test_a_damaged_marker_is_said(library: Bench) -> None:
    library.root.joinpath(".syncd", "library.json").write_text("{")
    found = await examined(library)
    assert found.failed == ["marker"]
    assert "is damaged" in found.said("marker")
    assert "binding" in found.unseen


async def test_a_catalog_from_a_backup_is_said(library: Bench) -> None:
    root, _ = create_root(library.root, library.sim.api_url)
    marker = read_marker(root)
    assert marker is not None
    write_marker(root, type(marker)(marker.library_id, marker.base_url, marker.account, 99))
    found = await examined(library)
    assert found.failed == ["binding"]
    assert "is older than the library" in found.said("binding")
    assert "syncd adopt" in found.fix("binding")


async def test_a_root_that_cannot_be_written_is_said(
    library: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filesystem, "TemporaryDirectory", failing(errno.EROFS))
    found = await examined(library)
    assert found.failed == ["writable"]
    assert "Read-only file system" in found.said("writable")
    assert "file system" in found.unseen


@pytest.mark.parametrize("name", ["trash", "trash/2026-11-22", "incoming", "lock", "library.json"])
async def test_what_is_closed_in_the_programs_own_folder_is_named(
    library: Bench, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    own = library.root / ".syncd"
    (own / "trash/2026-11-22").mkdir(parents=True, exist_ok=True)
    real = os.access
    monkeypatch.setattr(os, "access", lambda p, mode: p != own / name and real(p, mode))
    found = await examined(library)
    assert found.failed == ["writable"]
    owner = pwd.getpwuid(own.stat().st_uid).pw_name
    assert found.said("writable") == (
        f"failure: cannot be written: {own / name} (of the user {owner})"
    )
    assert found.fix("writable") == f"chown -R {owner} {own}, as root"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
async def test_what_another_user_left_in_the_programs_own_folder_is_named(library: Bench) -> None:
    own = library.root / ".syncd"
    os.chown(own / "lock", 987_654, -1)
    found = await examined(library)
    assert found.said("writable") == (
        f"warning: not of the user root: {own / 'lock'} (of the user 987654)"
    )


async def test_a_trash_on_another_disk_is_said(library: Bench) -> None:
    trash = library.root / ".syncd" / "trash"
    trash.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "disk", str(trash)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("mounting a disk takes root")
    try:
        found = await examined(library)
    finally:
        subprocess.run(["umount", trash], check=True)
    assert found.said("writable").startswith("warning: another disk is mounted at trash")


async def test_a_link_in_place_of_the_programs_own_folder_is_said(library: Bench) -> None:
    own = library.root / ".syncd"
    own.rename(library.folder / "elsewhere")
    own.symlink_to(library.folder / "elsewhere")
    found = await examined(library)
    assert found.failed == ["marker", "writable"], "no marker is read through a link"
    assert f"{own} is a link" in found.said("writable")


async def test_folders_that_cannot_be_used_are_named(
    library: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (library.root / "Closed" / "Below").mkdir(parents=True)
    real = os.access

    def access(path: Path, mode: int) -> bool:
        return "Closed" not in str(path) and real(path, mode)

    monkeypatch.setattr(os, "access", access)
    found = await examined(library)
    assert found.said("permissions").startswith("warning: ")
    assert found.said("permissions").endswith("(2): Closed, Closed/Below")
    assert "chmod" in found.fix("permissions")


async def test_other_programs_folders_are_not_counted(
    library: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (await examined(library)).said("watching")
    (library.root / "@eaDir" / "thumbs").mkdir(parents=True)
    assert (await examined(library)).said("watching") == before


@pytest.mark.parametrize(
    ("limit", "said"),
    [(1000, "ok: "), (2, "warning: "), (None, "ok: ")],
    ids=["enough", "too few", "no limit"],
)
async def test_how_many_folders_may_be_watched_is_said(
    library: Bench, monkeypatch: pytest.MonkeyPatch, limit: int | None, said: str
) -> None:
    monkeypatch.setattr(folder, "watch_limit", lambda: limit)
    found = await examined(library)
    assert found.said("watching").startswith(said)
    if said == "warning: ":
        assert "sysctl fs.inotify.max_user_watches=" in found.fix("watching")


# --- room ---


async def test_a_disk_with_too_little_room_is_said(library: Bench) -> None:
    library.configure(limits={"min_free_space": "900000TB"})
    found = await examined(library)
    assert found.failed == ["disk"]
    assert "nothing is downloaded" in found.said("disk")


async def test_too_little_room_for_the_backups_is_said(
    library: Bench, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(library.root)._replace(free=20_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    found = await examined(library)
    assert found.said("state disk").startswith("warning: 20.0 MB free for the catalog")
    assert found.said("disk") == "ok: 20.0 MB free for the library"


# --- the catalog ---


@pytest.mark.parametrize(("mode", "said"), [(0o700, "ok: "), (0o755, "warning: ")])
async def test_a_state_folder_that_is_open_to_others_is_said(
    library: Bench, mode: int, said: str
) -> None:
    library.state.chmod(mode)
    found = await examined(library)
    assert found.said("state").startswith(said)


async def test_a_state_folder_on_the_network_is_said(
    library: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_checks, "is_network", lambda _: "cifs")
    found = await examined(library)
    assert "is on the network (cifs)" in found.said("state")


async def test_a_catalog_that_was_lost_and_begun_anew_is_said(library: Bench) -> None:
    shutil.rmtree(library.state)
    Catalog.open(library.state / "catalog.sqlite3").close()
    found = await examined(library)
    assert found.failed == ["catalog"]
    assert "syncd rebuild" in found.fix("catalog")


async def test_a_lost_catalog_is_said_and_what_needs_it_not_looked_at(library: Bench) -> None:
    shutil.rmtree(library.state)
    found = await examined(library)
    assert found.failed == ["catalog"]
    assert "is new or was lost" in found.said("catalog")
    assert "syncd rebuild" in found.fix("catalog")
    assert found.unseen == ["state disk", "state", *OF_THE_CATALOG[1:-1]]
    assert found.said("marker").startswith("ok: ")


async def test_before_the_first_sync_there_is_no_catalog_and_no_failure(bench: Bench) -> None:
    found = await examined(bench)
    assert found.failed == []
    assert found.said("catalog").startswith("warning: there is no catalog")
    assert found.fix("catalog") == "run syncd sync first"


async def test_a_catalog_that_holds_nothing_yet_is_no_failure(bench: Bench) -> None:
    Catalog.open(bench.state / "catalog.sqlite3").close()
    found = await examined(bench)
    assert found.failed == []
    assert found.said("catalog").startswith("warning: there is no catalog")
    assert {"binding", "account"} <= set(found.unseen)


@pytest.mark.parametrize("closed", ["state", "Music"])
async def test_a_folder_that_is_closed_to_this_user_is_said(
    library: Bench, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda path, mode: Path(path).name != closed and real(path, mode)
    )
    found = await examined(library)
    assert found.failed == [{"state": "state", "Music": "root"}[closed]]


async def test_a_file_that_is_no_catalog_is_said(library: Bench) -> None:
    (library.state / "catalog.sqlite3").write_text("not a database" * 1000)
    found = await examined(library)
    assert found.failed == ["catalog"]
    assert "file is not a database" in found.said("catalog")
    assert "syncd rebuild" in found.fix("catalog")


async def test_a_catalog_of_a_newer_syncd_is_said(library: Bench) -> None:
    with closing(sqlite3.connect(library.state / "catalog.sqlite3")) as connection:
        connection.execute("PRAGMA user_version=99")
    found = await examined(library)
    assert found.failed == ["catalog"]
    assert "has schema 99" in found.said("catalog")
    assert found.fix("catalog") == "upgrade syncd"


async def test_a_damaged_catalog_is_said_whatever_else_fails_by_it(
    library: Bench, spoil_jobs: Callable[[Path], None]
) -> None:
    path = library.state / "catalog.sqlite3"
    spoil_jobs(path)
    found = await examined(library)
    assert "integrity" in found.failed
    assert "syncd rebuild" in found.fix("integrity")
    assert str(library.state / "backups") in found.fix("integrity")
    assert list(found.checks) == NAMES


async def test_what_waits_is_counted(library: Bench, catalog: Catalog) -> None:
    assert (await examined(library)).said("waiting") == "ok: nothing held, 0 pending deletions"
    now = datetime.now(UTC)
    holds = [
        Hold(job_id=number, held="rename-remote", reason="r", path=None, batched=True)
        for number in (1, 2)
    ]
    catalog.holds.keep(Plan(tuple(holds)), now)
    found = await examined(library)
    assert found.said("waiting") == "warning: 2 held for you, 0 pending deletions"
    assert "syncd pending" in found.fix("waiting")
    assert found.failed == []


async def test_what_the_catalog_holds_is_counted(library: Bench, catalog: Catalog) -> None:
    found = await examined(library)
    jobs = len(library.entries())
    placed = sum(entry.state == State.PLACED for entry in library.entries().values())
    assert f"; {jobs} jobs: " in found.said("catalog")
    assert f"{placed} placed" in found.said("catalog")


@pytest.mark.parametrize(
    ("days", "said"),
    [(None, "warning: the catalog was never"), (1, "ok: "), (4, "warning: ")],
    ids=["never", "yesterday", "long ago"],
)
async def test_how_old_the_backup_is_is_said(
    library: Bench, catalog: Catalog, days: int | None, said: str
) -> None:
    for made in (library.state / "backups").iterdir():
        made.unlink()  # the first sync's
    if days is not None:
        catalog.upkeep.backup(library.state / "backups", datetime.now(UTC) - days * DAY)
    found = await examined(library)
    assert found.said("backup").startswith(said)
    if days is not None:
        assert "catalog-" in found.said("backup")


@pytest.mark.parametrize(("days", "said"), [(1, "ok: "), (30, "warning: ")])
async def test_how_old_the_last_whole_listing_is_is_said(
    library: Bench, days: int, said: str
) -> None:
    moment = (datetime.now(UTC) - days * DAY).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    with closing(sqlite3.connect(library.state / "catalog.sqlite3")) as connection:
        connection.execute("UPDATE sweep SET finished_at = ?", [moment])
        connection.commit()
    assert (await examined(library)).said("sweep").startswith(said)


async def test_an_account_that_was_never_listed_is_said(library: Bench) -> None:
    with closing(sqlite3.connect(library.state / "catalog.sqlite3")) as connection:
        connection.execute("UPDATE sweep SET complete = 0")
        connection.commit()
    found = await examined(library)
    assert found.said("sweep") == "warning: the account was never listed as a whole"
