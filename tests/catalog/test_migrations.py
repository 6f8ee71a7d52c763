"""The migrations make exactly the tables that the schema describes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from syncd.catalog import migrations, schema
from syncd.catalog.migrations import VERSION, migrate, version_of
from syncd.errors import CatalogUnusable

Shape = dict[str, object]


@pytest.fixture
def blank() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


def shape_of(connection: sqlite3.Connection) -> Shape:
    """Tables, columns (name, type, not null, default, key position) and indexes, by PRAGMA."""
    shape: Shape = {}
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        shape[table] = [
            row[1:] for row in connection.execute(f"PRAGMA table_info({table})").fetchall()
        ]
        for _, index, unique, origin, partial in connection.execute(f"PRAGMA index_list({table})"):
            columns = connection.execute(f"PRAGMA index_info({index})").fetchall()
            shape[index] = (table, unique, origin, partial, [row[2] for row in columns])
    return shape


def test_the_migrations_make_the_schema(blank: sqlite3.Connection) -> None:
    migrate(blank)
    engine = create_engine("sqlite://", poolclass=StaticPool)
    SQLModel.metadata.create_all(engine)
    raw = engine.raw_connection()
    described = raw.driver_connection
    assert isinstance(described, sqlite3.Connection)
    try:
        assert shape_of(blank) == shape_of(described)
    finally:
        raw.close()
        engine.dispose()
    assert {schema.JOB.name, schema.META.name} <= set(shape_of(blank))


def test_a_migrated_catalog_has_the_newest_version(blank: sqlite3.Connection) -> None:
    assert version_of(blank) == 0
    migrate(blank)
    assert version_of(blank) == VERSION == len(migrations.MIGRATIONS)
    before = shape_of(blank)
    migrate(blank)
    assert shape_of(blank) == before


def test_a_newer_catalog_is_refused_and_left_as_it_is(blank: sqlite3.Connection) -> None:
    blank.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(CatalogUnusable, match="written by a newer syncd") as caught:
        migrate(blank)
    assert caught.value.hint == "upgrade syncd; the catalog was left as it is"
    assert shape_of(blank) == {}


def test_a_step_that_fails_is_undone_whole(
    blank: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(blank)
    before = shape_of(blank)
    broken = (*migrations.MIGRATIONS, "CREATE TABLE extra (id INTEGER); SELECT nonsense")
    monkeypatch.setattr(migrations, "MIGRATIONS", broken)
    monkeypatch.setattr(migrations, "VERSION", VERSION + 1)
    with pytest.raises(sqlite3.OperationalError):
        migrate(blank)
    blank.rollback()
    assert shape_of(blank) == before
    assert version_of(blank) == VERSION


def test_a_later_step_keeps_what_is_there(
    blank: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(blank)
    blank.execute("INSERT INTO meta VALUES ('library_id', 'x')")
    blank.commit()
    steps = (*migrations.MIGRATIONS, "ALTER TABLE meta ADD COLUMN note VARCHAR")
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)
    monkeypatch.setattr(migrations, "VERSION", VERSION + 1)
    migrate(blank)
    assert blank.execute("SELECT * FROM meta").fetchall() == [("library_id", "x", None)]
    assert version_of(blank) == VERSION + 1
