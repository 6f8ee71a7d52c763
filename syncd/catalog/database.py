"""Opening the catalog file: modes, pragmas, migrations, and one translation of SQLite's errors."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from syncd.catalog.indexing import add_function
from syncd.catalog.migrations import VERSION, migrate, version_of
from syncd.core.harmony import camelot
from syncd.errors import CatalogDamaged, CatalogUnusable, StateUnusable, SyncdError

_BUSY_MS = 10_000
_IMMUTABLE = "immutable"
_DURABLE = "durable"
_IMMUTABLE_ADVICE = (
    "state.dir cannot be written here, so the catalog was read as it stood; if a syncd is at work "
    "on it, try again when that is done"
)


def open_database(path: Path) -> Engine:
    """The catalog at ``path``, made or migrated where needed; only its owner can read it.

    Raises ``CatalogUnusable``: not a database, damaged, newer, or a folder that cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _exists(path):
            path.touch(mode=0o600)
    except OSError as error:
        raise StateUnusable(
            f"the state folder {path.parent} cannot be used: {error.strerror}",
            hint="make it writable for the user that runs syncd"
            if os.path.isdir(path.parent)  # noqa: PTH112 - says no where it cannot be told
            else "set state.dir to a folder of the user that runs syncd",
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
    immutable = _is_immutable(path)
    with translated(path, immutable=immutable):
        connection = _connect_for_reading(path, immutable=immutable)
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
    return _engine(lambda: _connect_for_reading(path, immutable=immutable), immutable=immutable)


def copy_in_memory(path: Path) -> Engine:
    """A copy of the catalog (or an empty one) to plan on, so that the real one stays untouched."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}
    )
    raw = engine.raw_connection()
    try:
        target = raw.driver_connection
        assert isinstance(target, sqlite3.Connection)
        exists = _exists(path)
        immutable = exists and _is_immutable(path)
        with translated(path, immutable=immutable):
            if exists:
                source = _connect_for_reading(path, immutable=immutable)
                try:
                    source.backup(target)
                finally:
                    source.close()
            migrate(target)
            _add_functions(target)
    except BaseException:
        raw.close()
        engine.dispose()
        raise
    raw.close()
    return engine


@contextmanager
def transaction(engine: Engine, *, durable: bool = False) -> Iterator[Connection]:
    """A transaction on an open catalog. Raises ``SyncdError``, see ``translated``.

    ``durable``: also where the power fails right after it, with all that was committed before; of
    others a power failure may take the last ones. For what the disk must not be ahead of.
    """
    immutable = bool(engine.get_execution_options().get(_IMMUTABLE))
    with translated(immutable=immutable), engine.begin() as connection:
        if connection.info.get(_DURABLE, False) != durable:
            # Before the first statement that begins the transaction: within it this is refused.
            level = "FULL" if durable else "NORMAL"
            connection.exec_driver_sql(f"PRAGMA synchronous={level}")
            connection.info[_DURABLE] = durable
        yield connection


def _exists(path: Path) -> bool:
    try:
        if path.is_dir():
            raise CatalogUnusable(
                f"the catalog {path} is a folder", hint="move it aside, or correct state.dir"
            )
        return path.exists()
    except OSError as error:
        raise StateUnusable(
            f"the catalog {path} cannot be read: {error.strerror}",
            hint="check the permissions of state.dir",
        ) from None


@contextmanager
def translated(path: Path | None = None, *, immutable: bool = False) -> Iterator[None]:
    """SQLite's errors as ``CatalogUnusable``, with what can be done about them.

    An integer that SQLite cannot hold is no fault of the catalog: a plain ``SyncdError``.
    """
    where = f"the catalog {path}" if path else "the catalog"
    try:
        yield
    except OverflowError:
        raise SyncdError(
            f"{where} cannot hold a number of more than 64 bits",
            hint="nothing of this step was written, and the catalog is sound; please report it",
        ) from None
    except (sqlite3.Error, DBAPIError) as error:
        text = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
        # What an immutable reader trips over may be another program's writing, and no damage.
        hint = _IMMUTABLE_ADVICE if immutable else _advice(text)
        raise _kind(text, immutable=immutable)(f"{where}: {text}", hint=hint) from None


def _kind(text: str, *, immutable: bool) -> type[CatalogUnusable]:
    if immutable:
        return CatalogUnusable
    if "malformed" in text or "not a database" in text:
        return CatalogDamaged
    return StateUnusable if _is_closed(text) else CatalogUnusable


def _is_closed(text: str) -> bool:
    return "readonly" in text or "unable to open" in text


def _advice(text: str) -> str:
    if "locked" in text or "busy" in text:
        return "another program has it open; try again when it is done"
    if "full" in text:
        return "make room on the disk that holds state.dir"
    if "I/O" in text:
        return "check the disk that holds state.dir"
    if _is_closed(text):
        return "make its folder and the files in it writable for the user that runs syncd"
    return "syncd rebuild puts it aside and makes it anew: the files in the folder are recognised"


def _is_immutable(path: Path) -> bool:
    """Whether readers must do without the log that SQLite shares between its users.

    Only where no log stands and none can be made, as on a medium that is mounted read-only: a
    reader without one does not notice who writes meanwhile.
    """
    log = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK | os.X_OK) and not log.exists()


def _connect_for_reading(path: Path, *, immutable: bool) -> sqlite3.Connection:
    # Not mode=ro: such a reader makes a log where none stands, and may not take it away again.
    mode = "ro&immutable=1" if immutable else "rw"
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=_BUSY_MS / 1000)
    connection.execute("PRAGMA query_only=ON")
    return connection


def _has_part(part: str, *texts: str | None) -> bool:
    """Whether any of ``texts`` holds ``part``, which is casefolded; SQLite's own know ASCII alone.

    Nor do they look behind a NUL character, or take a part of any length.
    """
    return any(isinstance(text, str) and part in text.casefold() for text in texts)


def _add_functions(connection: sqlite3.Connection) -> None:
    """What the queries ask of SQLite that it does not have."""
    add_function(connection)
    connection.create_function("has_part", -1, _has_part, deterministic=True)
    connection.create_function("camelot", 1, camelot, deterministic=True)


def _engine(connect: Callable[[], sqlite3.Connection], *, immutable: bool = False) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        execution_options={_IMMUTABLE: immutable},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        _add_functions(connection)

    return engine


def set_aside(path: Path, now: datetime) -> Path | None:
    """Give the catalog at ``path``, with what SQLite keeps beside it, another name.

    The new name; ``None`` where there was none. Raises ``CatalogUnusable``.
    """
    kept = path.with_name(f"{path.name}.{now:%Y%m%dT%H%M%S}")
    try:
        if not path.exists():
            return None
        for suffix in ("", "-wal", "-shm"):
            source = path.with_name(path.name + suffix)
            if source.exists():
                source.rename(kept.with_name(kept.name + suffix))
    except OSError as error:
        raise CatalogUnusable(f"the catalog {path} cannot be put aside: {error.strerror}") from None
    return kept
