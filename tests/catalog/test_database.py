"""Opening the catalog file for work, for reading and as a copy; and files that are no catalog."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from syncd.catalog import queries
from syncd.catalog.migrations import VERSION
from syncd.catalog.store import Binding, Catalog
from syncd.errors import CatalogUnusable, ExitCode

BINDING = Binding("f1c8", "https://api.audiopod.ai", "42", "abc", 3)
OPENINGS: dict[str, Callable[[Path], Catalog | None]] = {
    "open": Catalog.open,
    "read": Catalog.read,
    "copy": Catalog.copy,
}
opening = pytest.mark.parametrize("how", OPENINGS)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def filled(path: Path) -> None:
    catalog = Catalog.open(path)
    catalog.bind(BINDING)
    catalog.close()


def picture(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    return {
        one.name: (one.read_bytes(), one.stat().st_mtime_ns, one.stat().st_ino)
        for one in folder.iterdir()
    }


def test_only_its_owner_can_read_a_new_catalog(path: Path) -> None:
    mask = os.umask(0)
    try:
        catalog = Catalog.open(path)
        catalog.bind(BINDING)
        assert mode_of(path.parent) == 0o700
        assert {mode_of(one) for one in path.parent.iterdir()} == {0o600}
        catalog.close()
    finally:
        os.umask(mask)


def test_a_catalog_uses_a_write_ahead_log_and_waits_for_others(catalog: Catalog) -> None:
    with catalog.reading() as connection:
        values = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 1,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def test_what_is_written_is_there_when_opened_again(path: Path) -> None:
    filled(path)
    for how in OPENINGS.values():
        catalog = how(path)
        assert catalog is not None
        assert catalog.binding() == BINDING
        assert catalog.check() == "ok"
        catalog.close()


@opening
def test_a_newer_catalog_is_refused_and_left_alone(path: Path, how: str) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=99")
    before = path.read_bytes()
    with pytest.raises(CatalogUnusable, match="schema 99") as caught:
        OPENINGS[how](path)
    assert caught.value.exit_code is ExitCode.SAFETY
    assert "upgrade syncd" in str(caught.value)
    assert path.read_bytes() == before


@opening
@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"\0" * 8192, b"SQLite"])
def test_a_file_that_is_no_catalog_is_refused_and_left_alone(
    path: Path, how: str, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(CatalogUnusable, match="not a database") as caught:
        OPENINGS[how](path)
    assert "syncd rebuild puts it aside and makes it anew" in str(caught.value)
    assert path.read_bytes() == content


@opening
def test_a_folder_in_its_place_is_refused(path: Path, how: str) -> None:
    path.mkdir(parents=True)
    with pytest.raises(CatalogUnusable, match=r"sqlite3 is a folder") as caught:
        OPENINGS[how](path)
    assert caught.value.hint == "move it aside, or correct state.dir"


def test_a_damaged_page_is_found_by_the_check(
    path: Path, spoil_jobs: Callable[[Path], None]
) -> None:
    filled(path)
    spoil_jobs(path)
    catalog = Catalog.open(path)
    try:
        with pytest.raises(CatalogUnusable, match="malformed"):
            queries.count(catalog)
    finally:
        catalog.close()


def test_a_file_where_the_state_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("x")
    with pytest.raises(
        CatalogUnusable, match=r"the state folder .*/state cannot be used"
    ) as caught:
        Catalog.open(tmp_path / "state" / "catalog.sqlite3")
    assert caught.value.hint == "set state.dir to a folder of the user that runs syncd"


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not bind root")
def test_a_state_folder_that_cannot_be_written(path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    with pytest.raises(CatalogUnusable, match="cannot be used"):
        Catalog.open(path)


@pytest.mark.parametrize("how", ["read", "copy"])
def test_a_state_folder_that_may_not_be_looked_into(
    path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "exists", refused)
    with pytest.raises(CatalogUnusable, match="cannot be read: Permission denied"):
        OPENINGS[how](path)


def test_another_program_that_holds_the_catalog(
    path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.catalog.database._BUSY_MS", 1)
    impatient = Catalog.open(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CatalogUnusable, match="locked") as caught:
            impatient.bind(BINDING)
    assert caught.value.hint == "another program has it open; try again when it is done"
    impatient.close()


@pytest.mark.parametrize("how", ["read", "copy"])
def test_a_catalog_that_is_not_there_is_not_made(path: Path, how: str) -> None:
    catalog = OPENINGS[how](path)
    assert not path.parent.exists()
    if catalog is not None:
        assert catalog.binding() is None
        catalog.close()
    assert (catalog is None) is (how == "read")


def test_an_empty_file_is_no_catalog_yet(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert Catalog.read(path) is None
    copy = Catalog.copy(path)
    assert copy.binding() is None
    copy.close()
    assert path.stat().st_size == 0
    opened = Catalog.open(path)
    opened.close()
    assert path.stat().st_size > 0


def test_a_copy_never_touches_the_file(path: Path) -> None:
    filled(path)
    before = picture(path.parent)
    copy = Catalog.copy(path)
    assert copy.binding() == BINDING
    copy.bind(Binding("other", "https://elsewhere"))
    assert copy.binding() == Binding("other", "https://elsewhere")
    copy.close()
    assert picture(path.parent) == before


def test_a_copy_holds_what_is_still_in_the_write_ahead_log(path: Path, catalog: Catalog) -> None:
    catalog.bind(BINDING)
    copy = Catalog.copy(path)
    assert copy.binding() == BINDING
    copy.close()


def test_reading_leaves_the_file_as_it_is_and_cannot_write(path: Path) -> None:
    filled(path)
    before = picture(path.parent)
    reader = Catalog.read(path)
    assert reader is not None
    assert queries.count(reader) == 0
    with pytest.raises(CatalogUnusable, match="readonly"):
        reader.bind(BINDING)
    reader.close()
    assert picture(path.parent) == before


def test_reading_an_older_catalog_says_how_to_migrate_it(path: Path) -> None:
    filled(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version=-1")
    with pytest.raises(
        CatalogUnusable, match=f"has schema -1, this syncd reads {VERSION}"
    ) as error:
        Catalog.read(path)
    assert error.value.hint == "run syncd sync once to migrate it"


def test_a_path_with_marks_of_an_address_in_it(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=rw#b%20c" / "catalog.sqlite3"
    filled(path)
    reader = Catalog.read(path)
    assert reader is not None
    assert reader.binding() == BINDING
    reader.close()
