"""Opening the catalog file: modes, pragmas, migrations, and one translation of SQLite's errors."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from syncd.catalog.migrations import VERSION, migrate, version_of
from syncd.errors import CatalogUnusable

_BUSY_MS = 10_000


def open_database(path: Path) -> Engine:
    """The catalog at ``path``, made or migrated where needed; only its owner can read it.

    Raises ``CatalogUnusable``: not a database, damaged, newer, or a folder that cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _exists(path):
            path.touch(mode=0o600)
    except OSError as error:
        raise CatalogUnusable(
            f"the state folder {path.parent} cannot be used: {error.strerror}",
            hint="set state.dir to a folder that can be written",
        ) from None
    with translated(path):
        connection = sqlite3.connect(path, timeout=_BUSY_MS / 1000)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            migrate(connection)
        finally:
            connection.close()
    return _engine(lambda: sqlite3.connect(path, check_same_thread=False))


def open_for_reading(path: Path) -> Engine | None:
    """The catalog at ``path`` for queries alone; ``None`` where there is none yet."""
    if not _exists(path):
        return None
    with translated(path):
        connection = _connect_for_reading(path)
        try:
            found = version_of(connection)
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            connection.close()
    if found == 0:
        return None
    if found != VERSION:
        raise CatalogUnusable(
            f"the catalog {path} has schema {found}, this syncd reads {VERSION}",
            hint="run syncd sync once to migrate it" if found < VERSION else "upgrade syncd",
        )
    return _engine(lambda: _connect_for_reading(path))


def copy_in_memory(path: Path) -> Engine:
    """A copy of the catalog (or an empty one) to plan on, so that the real one stays untouched."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    raw = engine.raw_connection()
    try:
        target = raw.driver_connection
        assert isinstance(target, sqlite3.Connection)
        with translated(path):
            if _exists(path):
                source = _connect_for_reading(path)
                try:
                    source.backup(target)
                finally:
                    source.close()
            migrate(target)
    except BaseException:
        raw.close()
        engine.dispose()
        raise
    raw.close()
    return engine


def _exists(path: Path) -> bool:
    try:
        if path.is_dir():
            raise CatalogUnusable(
                f"the catalog {path} is a folder", hint="move it aside, or correct state.dir"
            )
        return path.exists()
    except OSError as error:
        raise CatalogUnusable(
            f"the catalog {path} cannot be read: {error.strerror}",
            hint="check the permissions of state.dir",
        ) from None


@contextmanager
def translated(path: Path | None = None) -> Iterator[None]:
    """SQLite's errors as ``CatalogUnusable``, with what can be done about them."""
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        text = str(cause)
        where = f"the catalog {path}" if path else "the catalog"
        raise CatalogUnusable(f"{where}: {text}", hint=_advice(text)) from None


def _advice(text: str) -> str:
    if "locked" in text or "busy" in text:
        return "another program has it open; try again when it is done"
    if "full" in text:
        return "make room on the disk that holds state.dir"
    if "I/O" in text:
        return "check the disk that holds state.dir"
    if "readonly" in text or "unable to open" in text:
        return "check the permissions of state.dir"
    return "move it aside and run syncd sync: the files in the folder are recognised again"


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    # Without a log beside it nobody is writing. Declared immutable, it is then read without SQLite
    # making a log of its own, which a reader can neither do in a read-only folder nor undo.
    alone = not path.with_name(f"{path.name}-wal").exists()
    uri = f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


def _lower(value: str | None) -> str | None:
    return value.lower() if isinstance(value, str) else value


def _engine(connect: Callable[[], sqlite3.Connection]) -> Engine:
    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        # SQLite's own knows ASCII alone, and searches would tell "Дождь" from "дождь".
        connection.create_function("lower", 1, _lower, deterministic=True)

    return engine
