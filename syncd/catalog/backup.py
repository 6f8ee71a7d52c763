"""A copy of the catalog in a folder of its own: whole, checked, and never over a better one.

Backups are made here and read by nobody: a person puts one in the place of a lost catalog.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from syncd.errors import SyncdError

_NAME = re.compile(r"catalog-([0-9]{8}T[0-9]{6}Z)\.sqlite3")
_TIME = "%Y%m%dT%H%M%SZ"
_UNFINISHED = ".part"
_PAGES = 1024
"""Copied at once: a few MiB, so that who stops the copy need not wait."""

_STEPS = 100_000
"""Instructions of SQLite's machine between two looks at whether to stop."""

Stop = Callable[[], bool]


def back_up(
    source: sqlite3.Connection, folder: Path, now: datetime, *, keep: int, stopped: Stop
) -> Path:
    """Copy ``source`` into ``folder`` (SQLite's online backup), and remove all but ``keep``.

    Others are removed only once the new one is durable and sound; whatever goes wrong leaves them.
    Raises ``SyncdError``, also where ``stopped`` says so.
    """
    made = folder / f"catalog-{now.astimezone(UTC).strftime(_TIME)}.sqlite3"
    try:
        _make_private(folder)
        part = made.with_name(made.name + _UNFINISHED)
        try:
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
            with closing(sqlite3.connect(part)) as target:
                _copy(source, target, stopped)
            _sync(part)
            part.replace(made)
            _sync(folder)
        except BaseException:
            _remove_unfinished(folder)
            raise
        others = [path for path, _ in backups(folder) if path != made]
        for path in others[max(keep - 1, 0) :]:
            path.unlink()
    except OSError as error:
        raise _failed(folder, error.strerror or str(error)) from None
    except sqlite3.Error as error:
        why = "it was stopped" if stopped() else str(error)
        raise _failed(folder, why) from None
    return made


def backups(folder: Path) -> list[tuple[Path, datetime]]:
    """The backups in ``folder`` with when they were made, newest first. Raises ``OSError``."""
    try:
        names = [(path, _NAME.fullmatch(path.name)) for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    found = []
    for path, name in names:
        if name:
            with suppress(ValueError):  # digits that are no date
                made_at = datetime.strptime(name[1], _TIME).replace(tzinfo=UTC)
                found.append((path, made_at))
    return sorted(found, key=lambda one: one[1], reverse=True)


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)
    _remove_unfinished(folder)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, stopped: Stop) -> None:
    """Copy and check. Raises ``sqlite3.Error``."""

    def look(_status: int, _left: int, _total: int) -> None:
        if stopped():
            raise sqlite3.OperationalError("interrupted")

    # What stops half-way is thrown away as a whole, so there is nothing to roll back.
    target.execute("PRAGMA journal_mode=OFF")
    target.execute("PRAGMA synchronous=OFF")
    source.backup(target, pages=_PAGES, progress=look)
    # The copy says of itself that it has a log beside it; with none, it can be moved as one file.
    target.execute("PRAGMA journal_mode=DELETE")
    target.set_progress_handler(stopped, _STEPS)
    verdict = target.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"the copy is not sound: {verdict}")


def _remove_unfinished(folder: Path) -> None:
    for path in folder.glob(f"catalog-*{_UNFINISHED}*"):
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failed(folder: Path, why: str) -> SyncdError:
    return SyncdError(
        f"the catalog was not backed up to {folder}: {why}",
        hint="earlier backups were kept; look at the disk that holds state.dir",
    )
