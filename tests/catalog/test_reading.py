"""Reading the catalog beside a writer, after a crash, and where nothing can be written."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from syncd.catalog import queries
from syncd.catalog.store import Binding, Catalog
from syncd.errors import CatalogUnusable

READINGS: dict[str, Callable[[Path], Catalog | None]] = {"read": Catalog.read, "copy": Catalog.copy}


@pytest.fixture
def stocked(path: Path) -> Path:
    """A catalog that is bound, with nobody at work on it."""
    catalog = Catalog.open(path)
    catalog.bind(Binding("f1c8", "https://api.audiopod.ai", "42", "abc", 3))
    catalog.close()
    return path


def generation(catalog: Catalog | None) -> int:
    assert catalog is not None
    binding = catalog.binding()
    catalog.close()
    assert binding is not None
    return binding.generation


def names(path: Path) -> list[str]:
    return [one.name for one in path.parent.iterdir()]


def begin_generation_4(writer: sqlite3.Connection) -> None:
    writer.execute("UPDATE meta SET value = '4' WHERE key = 'generation'")


def test_a_reader_sees_one_moment_while_a_writer_checkpoints(stocked: Path) -> None:
    with closing(sqlite3.connect(stocked)) as connection, connection:
        connection.execute("CREATE TABLE pile (id INTEGER PRIMARY KEY, text TEXT)")
        rows = ((number, "old" * 500) for number in range(2000))
        connection.executemany("INSERT INTO pile VALUES (?, ?)", rows)
    reader = Catalog.read(stocked)
    assert reader is not None
    with reader.reading() as reading:
        statement = text("SELECT text FROM pile").execution_options(yield_per=10)
        found = reading.execute(statement).scalars()
        texts = list(found.fetchmany(10))
        with closing(sqlite3.connect(stocked, isolation_level=None)) as writer:
            writer.execute("DELETE FROM pile WHERE id % 3 = 0")
            writer.execute("UPDATE pile SET text = 'new'")
            writer.execute("VACUUM")
            writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
        texts += found.all()
    assert len(texts) == 2000
    assert set(texts) == {"old" * 500}
    reader.close()
    assert names(stocked) == [stocked.name]


def test_a_reader_takes_in_what_a_crash_left_in_the_log(stocked: Path, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed" / stocked.name
    crashed.parent.mkdir()
    with closing(sqlite3.connect(stocked, isolation_level=None)) as writer:
        begin_generation_4(writer)
        for file in stocked.parent.iterdir():
            (crashed.parent / file.name).write_bytes(file.read_bytes())
    assert generation(Catalog.read(crashed)) == 4
    assert names(crashed) == [crashed.name]


def test_a_reader_that_is_the_last_to_go_keeps_what_was_written(stocked: Path) -> None:
    writer = sqlite3.connect(stocked, isolation_level=None)
    begin_generation_4(writer)
    reader = Catalog.read(stocked)
    assert reader is not None
    assert reader.binding() is not None
    writer.close()
    assert generation(reader) == 4
    assert names(stocked) == [stocked.name]
    assert generation(Catalog.read(stocked)) == 4


@pytest.fixture
def unwritable(stocked: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog in a folder that is said to be unwritable: permissions would not bind root."""
    access = os.access

    def refused(asked: Path, wanted: int) -> bool:
        return not (Path(asked) == stocked.parent and wanted & os.W_OK) and access(asked, wanted)

    monkeypatch.setattr(os, "access", refused)
    return stocked


@pytest.mark.parametrize("how", READINGS)
def test_a_folder_that_cannot_be_written_is_read_without_making_a_log(
    unwritable: Path, how: str
) -> None:
    catalog = READINGS[how](unwritable)
    assert catalog is not None
    with catalog.reading():
        assert names(unwritable) == [unwritable.name]
    assert generation(catalog) == 3
    assert names(unwritable) == [unwritable.name]


@pytest.mark.parametrize("how", READINGS)
def test_a_log_that_stands_is_read_also_where_the_folder_cannot_be_written(
    unwritable: Path, how: str
) -> None:
    with closing(sqlite3.connect(unwritable, isolation_level=None)) as writer:
        begin_generation_4(writer)
        assert generation(READINGS[how](unwritable)) == 4


def test_who_reads_without_a_log_is_never_told_to_move_the_catalog_aside(unwritable: Path) -> None:
    reader = Catalog.read(unwritable)
    assert reader is not None
    whole = unwritable.read_bytes()
    unwritable.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with pytest.raises(CatalogUnusable, match="malformed") as caught:
        queries.count(reader)
    reader.close()
    assert "aside" not in str(caught.value)
    assert "try again" in str(caught.value)
    unwritable.write_bytes(b"\xff" * len(whole))
    for reading in READINGS.values():
        with pytest.raises(CatalogUnusable, match="not a database") as caught:
            reading(unwritable)
        assert "aside" not in str(caught.value)
