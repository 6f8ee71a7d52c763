"""What a catalog needs once a day: a backup, old history removed, its log folded in."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, delete, func, or_, select, text, union

from syncd.catalog.backup import Stop, back_up
from syncd.catalog.schema import (
    ABSENCE,
    BASELINE,
    FILE,
    HOLD,
    JOB,
    JOURNAL,
    LEARNT,
    RETRY,
    SOUND,
)
from syncd.catalog.statements import note, noted
from syncd.core.baseline import State

_DONE = "upkept_at"
_AT_ONCE = 500
"""Rows removed in one transaction: others wait for no longer than that takes."""

_PATIENCE_MS = 1000
"""How long readers of the log are waited for; where they go on, the next upkeep folds it in."""


class Upkeep:
    """The upkeep of an open catalog (``Catalog.upkeep``)."""

    def __init__(
        self, engine: Engine, begin: Callable[[], AbstractContextManager[Connection]]
    ) -> None:
        self._engine = engine
        self._begin = begin

    def done_at(self) -> datetime | None:
        """When it was last done."""
        with self._begin() as connection:
            value = noted(connection, _DONE)
            return datetime.fromisoformat(value) if value else None

    def note_done(self, now: datetime) -> None:
        with self._begin() as connection:
            note(connection, _DONE, now.astimezone(UTC).isoformat())

    def backup(
        self, folder: Path, now: datetime, keep: int = 2, *, stopped: Stop = lambda: False
    ) -> Path:
        """A checked copy in ``folder``, which keeps ``keep`` of them, see ``catalog.backup``.

        Raises ``SyncdError``, with the earlier ones left: no room, no permission, a damaged
        catalog, or ``stopped`` said so meanwhile.
        """
        raw = self._engine.raw_connection()
        try:
            source = raw.driver_connection
            assert isinstance(source, sqlite3.Connection)
            return back_up(source, folder, now, keep=keep, stopped=stopped)
        finally:
            raw.close()

    def prune_journal(self, before: datetime) -> int:
        """Remove finished entries of the journal that began before ``before``; how many.

        A cycle goes as a whole, so that no undo reverts half of one. What an open question may
        turn on stays: all of a track that is held or missing, and all since any that is missing
        was seen last, because a deletion is judged by what was renamed or moved meanwhile.
        """
        with self._begin() as connection:
            found = list(connection.execute(_prunable(before)).scalars())
        for first in range(0, len(found), _AT_ONCE):
            chunk = found[first : first + _AT_ONCE]
            with self._begin() as connection:
                connection.execute(delete(JOURNAL).where(JOURNAL.c.id.in_(chunk)))
        return len(found)

    def known(self) -> frozenset[int]:
        """Every job that there is a row of, those that are gone too."""
        with self._begin() as connection:
            return frozenset(connection.execute(select(JOB.c.id)).scalars())

    def prune_gone(self, before: datetime, kept: Collection[int]) -> int:
        """Remove what is known of jobs that went before ``before`` and left nothing; how many.

        One of ``kept`` stays, and so does one of which there is a file, an open question, or
        history. One that comes back is a job as any other that is new. What counts towards the
        budgets is pruned by itself, by both clocks (``catalog.outcomes``).
        """
        with self._begin() as connection:
            gone = connection.execute(_forgettable(before)).scalars()
            found = [job_id for job_id in gone if job_id not in kept]
        for first in range(0, len(found), _AT_ONCE):
            chunk = found[first : first + _AT_ONCE]
            with self._begin() as connection:
                connection.execute(delete(JOB).where(JOB.c.id.in_(chunk)))
                for table in (BASELINE, LEARNT, RETRY, SOUND):
                    connection.execute(delete(table).where(table.c.job_id.in_(chunk)))
        return len(found)

    def compact(self) -> None:
        """Let SQLite look at its indexes, and fold its log into the file where nobody reads it."""
        with self._begin() as connection:
            # Bounded, as sqlite.org/pragma.html#pragma_optimize advises.
            connection.execute(text("PRAGMA analysis_limit=400"))
            connection.execute(text("PRAGMA optimize"))
        with self._begin() as connection:
            patience = connection.execute(text("PRAGMA busy_timeout")).scalar_one()
            connection.execute(text(f"PRAGMA busy_timeout={_PATIENCE_MS}"))
            try:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
            finally:
                connection.execute(text(f"PRAGMA busy_timeout={patience}"))


def _prunable(before: datetime) -> Select[Any]:
    other = JOURNAL.alias()
    going_on = select(other.c.cycle).where(
        or_(other.c.started_at >= before, other.c.finished_at.is_(None))
    )
    open_questions = select(HOLD.c.job_id).union(select(ABSENCE.c.job_id))
    last_seen = select(func.min(func.coalesce(ABSENCE.c.seen_at, ABSENCE.c.first_at)))
    oldest = last_seen.scalar_subquery()
    return (
        select(JOURNAL.c.id)
        .where(JOURNAL.c.started_at < before)
        .where(or_(oldest.is_(None), JOURNAL.c.started_at < oldest))
        .where(JOURNAL.c.cycle.not_in(going_on))
        .where(JOURNAL.c.job_id.not_in(open_questions))
    )


def _forgettable(before: datetime) -> Select[Any]:
    """What is still there in any way is more than history."""
    tables = (JOURNAL, HOLD, ABSENCE, FILE)
    used = union(
        select(BASELINE.c.job_id).where(BASELINE.c.state != State.GONE.value),
        *(select(table.c.job_id).where(table.c.job_id.is_not(None)) for table in tables),
    )
    return select(JOB.c.id).where(JOB.c.absent_since < before).where(JOB.c.id.not_in(used))
