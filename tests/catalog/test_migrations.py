"""The migrations make exactly the tables that the schema describes, and keep what is there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool
from sqlmodel import SQLModel

from syncd.catalog import migrations, schema
from syncd.catalog.migrations import VERSION, migrate, version_of
from syncd.catalog.store import Binding, Catalog
from syncd.core.baseline import BaselineTrack, Placed, State
from syncd.core.model import FileStat, Identity, Job, LocalFile, Origin
from syncd.core.policy import Now
from syncd.errors import CatalogUnusable

Shape = dict[str, object]


@pytest.fixture
def blank() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


def shape_of(connection: sqlite3.Connection) -> Shape:
    """Tables, columns (name, type, not null, default, key position) and indexes, by PRAGMA."""
    shape: Shape = {}
    # But for the full-text index, which SQLModel cannot describe.
    tables = connection.execute(
        "SELECT name FROM pragma_table_list WHERE type = 'table'"
        " AND schema = 'main' AND name NOT LIKE 'sqlite%'"
    ).fetchall()
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


def test_the_view_of_known_jobs_shows_every_column_of_a_job(blank: sqlite3.Connection) -> None:
    migrate(blank)
    shown = [row[1] for row in blank.execute("PRAGMA table_info(known_job)")]
    assert shown == [column.name for column in schema.JOB.columns] == list(schema.KNOWN.c.keys())


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


# --- from the first version ---

AT, WHEN = "2026-03-01T12:00:00.000005Z", datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
V1_STATES = {
    # job id: state, path, attempts, reason
    1: ("wanted", None, 0, None),
    2: ("placed", "a/Rain.flac", 0, None),
    3: ("held", "a/Snow.flac", 0, "it no longer carries its id"),
    4: ("held", None, 0, "two tracks want this path"),
    5: ("unavailable", None, 2, "no answer"),
    6: ("unavailable", "mine/Hail.flac", 3, "no answer"),
    7: ("held", "mine/Fog.flac", 3, "it no longer carries its id"),
    8: ("held", None, 3, "two tracks want this path"),
}


def insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    marks = ", ".join("?" for _ in values)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", list(values.values())
    )


@pytest.fixture
def first(path: Path) -> Path:
    """A catalog of the first version, with rows of every kind."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(f"BEGIN;{migrations.MIGRATIONS[0]};PRAGMA user_version=1;COMMIT;")
        for job_id, (state, where, attempts, reason) in V1_STATES.items():
            placed = {
                "path": where, "title": "Rain", "stem": "Rain 2", "template": "{title}.{ext}",
                "format": "flac", "audio": "m/7.flac", "etag": "e", "sha256": "0" * 64, "inode": 1,
                "size": 2, "mtime_ns": 3, "ctime_ns": 4, "tags": '{"prompt":["slow"]}',
                "placed_at": AT,
            }  # fmt: skip
            insert(
                connection, "baseline", job_id=job_id, state=state, album="A", number=job_id,
                attempts=attempts, reason=reason, next_try_at=AT if attempts else None,
                **(placed if where else {}),
            )  # fmt: skip
        insert(
            connection, "job", id=1, status="COMPLETED", display_name="Rain", output_urls="{}",
            actual_seeds="[1]", genre='["jazz"]', emotion="[]", occasion="[]", raw='{"id":1}',
            first_seen=AT, last_seen=AT, last_sweep=1,
        )  # fmt: skip
        insert(
            connection, "file", path="a/Rain.flac", inode=1, size=2, mtime_ns=3, ctime_ns=4,
            job_id=2, origin="https://a#42",
        )  # fmt: skip
        insert(
            connection, "sweep", id=1, started_at=AT, finished_at=AT, complete=1, total=1, seen=1,
            doubts="[]",
        )  # fmt: skip
        insert(
            connection, "journal", id=1, cycle="c", job_id=2, verb="download", path="a/Rain.flac",
            reason="new", started_at=AT, finished_at=AT, outcome="done",
        )  # fmt: skip
        meta = {"library_id": "f1c8", "base_url": "https://a", "account": "42", "generation": "9"}
        for key, value in meta.items():
            insert(connection, "meta", key=key, value=value)
    return path


@pytest.fixture
def second(first: Path) -> Iterator[Catalog]:
    """The same catalog, opened by this version."""
    catalog = Catalog.open(first)
    yield catalog
    catalog.close()


def v1_placed(path: str) -> Placed:
    return Placed(
        path=path,
        title="Rain",
        stem="Rain 2",
        template="{title}.{ext}",
        format="flac",
        audio="m/7.flac",
        etag="e",
        sha256="0" * 64,
        stat=FileStat(1, 2, 3, 4),
        tags={"prompt": ("slow",), "comment": ("slow",)},
        placed_at=WHEN,
    )


def track(job_id: int, state: State, path: str | None = None, attempts: int = 0) -> BaselineTrack:
    return BaselineTrack(
        job_id=job_id,
        state=state,
        album="A",
        number=job_id,
        placed=v1_placed(path) if path else None,
        attempts=attempts,
        reason="no answer" if attempts else None,
        next_try_at=WHEN if attempts else None,
    )


@pytest.mark.parametrize(
    "after",
    [
        track(1, State.WANTED),
        track(2, State.PLACED, "a/Rain.flac"),
        track(3, State.PLACED, "a/Snow.flac"),
        track(4, State.WANTED),
        track(5, State.UNAVAILABLE, attempts=2),
        # Its file had gone and was being fetched anew, to where the user had it.
        track(6, State.WANTED, "mine/Hail.flac", attempts=3),
        track(7, State.WANTED, "mine/Fog.flac"),
        track(8, State.WANTED),
    ],
    ids=[
        f"{job_id}: {state}{' with a path' if path else ''}{', failed before' if attempts else ''}"
        for job_id, (state, path, attempts, _) in V1_STATES.items()
    ],
)
def test_a_track_of_the_first_version(second: Catalog, after: BaselineTrack) -> None:
    assert second.baseline_of(after.job_id) == after


def test_nothing_of_the_first_version_is_lost(second: Catalog) -> None:
    assert second.check() == "ok"
    assert second.remote_tree().swept
    assert second.job(1) == Job(
        id=1,
        status="COMPLETED",
        display_name="Rain",
        actual_seeds=(1,),
        genre=("jazz",),
        raw='{"id":1}',
    )
    identity = Identity(2, Origin("https://a", "42"))
    assert second.scans.known_files() == {
        "a/Rain.flac": LocalFile("a/Rain.flac", FileStat(1, 2, 3, 4), identity)
    }
    (entry,) = second.journal.entries()
    assert (entry["verb"], entry["started_at"], entry["outcome"]) == ("download", WHEN, "done")
    assert (entry["before"], entry["after"], entry["evidence"]) == (None, None, [])
    assert set(second.baseline(Now(WHEN)).tracks) == set(V1_STATES)


def test_a_catalog_of_the_first_version_is_bound_as_it_was_and_not_settled(second: Catalog) -> None:
    assert second.binding() == Binding(
        "f1c8", "https://a", "42", generation=9, marker_generation=9, settled=False
    )
    baseline = second.baseline(Now(WHEN))
    assert (baseline.holds, baseline.spent, baseline.settled) == ({}, {}, False)


def test_a_catalog_of_the_first_version_that_was_never_bound(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"BEGIN;{migrations.MIGRATIONS[0]};PRAGMA user_version=1;COMMIT;")
    with closing(Catalog.open(path)) as catalog:
        assert catalog.binding() is None


def test_a_catalog_of_the_first_version_can_be_planned_on_and_stays_as_it_is(first: Path) -> None:
    before = first.read_bytes()
    with closing(Catalog.copy(first)) as copy:
        assert copy.baseline_of(3) == track(3, State.PLACED, "a/Snow.flac")
    assert first.read_bytes() == before
    with pytest.raises(
        CatalogUnusable, match=f"has schema 1, this syncd reads {VERSION}"
    ) as caught:
        Catalog.read(first)
    assert caught.value.hint == "run syncd sync once to migrate it"


@pytest.mark.parametrize("opened", [Catalog.open, Catalog.read, Catalog.copy])
def test_this_version_refuses_the_next(first: Path, opened: object) -> None:
    Catalog.open(first).close()
    with closing(sqlite3.connect(first)) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
    with pytest.raises(CatalogUnusable, match=f"schema {VERSION + 1}"):
        opened(first)  # type: ignore[operator]
