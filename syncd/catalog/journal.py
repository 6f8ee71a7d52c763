"""What was done, when and why: one row per operation, written before it acts.

The journal is for people and for ``undo``; planning never reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from syncd.catalog.schema import JOURNAL
from syncd.catalog.statements import change

_PAGE = 50
"""Entries that are in memory at once while the history is read backwards."""


_UNFINISHED = update(JOURNAL).where(
    JOURNAL.c.id == bindparam("entry"), JOURNAL.c.finished_at.is_(None)
)


class Journal:
    """The journal of an open catalog (``Catalog.journal``)."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def start(
        self,
        *,
        cycle: str,
        job_id: int,
        verb: str,
        path: str | None,
        reason: str,
        now: datetime,
        before: str | None = None,
        after: str | None = None,
        evidence: Sequence[str] = (),
    ) -> int:
        """Write down an operation before it acts; returns the entry to finish.

        ``before`` and ``after`` are the name or path that it takes away and gives.
        """
        with self._begin() as connection:
            row = {
                "cycle": cycle,
                "job_id": job_id,
                "verb": verb,
                "path": path,
                "reason": reason,
                "started_at": now,
                "before": before,
                "after": after,
                "evidence": list(evidence),
            }
            result = connection.execute(insert(JOURNAL), row)
            assert result.inserted_primary_key is not None
            return int(result.inserted_primary_key[0])

    def finish(
        self,
        entry: int,
        now: datetime,
        *,
        outcome: str,
        detail: str | None = None,
        after: str | None = None,
        connection: Connection | None = None,
    ) -> None:
        """Note the outcome; inside ``connection``'s transaction where one is given.

        Of its own it finishes only what is not finished: what was recorded as done stays so, though
        whoever waited for it was stopped.
        ``after`` where the operation gave another name or path than it started out with.
        """
        values = {"finished_at": now, "outcome": outcome, "detail": detail}
        if after is not None:
            values["after"] = after
        if connection is not None:
            change(connection, JOURNAL, values, id=entry)
            return
        with self._begin() as own:
            own.execute(_UNFINISHED, {**values, "entry": entry})

    def newest(self) -> int:
        """The newest entry; 0 where there is none."""
        with self._begin() as connection:
            return int(connection.execute(select(func.max(JOURNAL.c.id))).scalar() or 0)

    def since(self, entry: int) -> list[dict[str, Any]]:
        """What was done in the entries after ``entry``, oldest first."""
        later = select(JOURNAL).where(JOURNAL.c.id > entry, JOURNAL.c.outcome == "done")
        with self._begin() as connection:
            return [row._asdict() for row in connection.execute(later.order_by(JOURNAL.c.id))]

    def entries(
        self, job_id: int | None = None, *, limit: int | None = None
    ) -> list[dict[str, Any]]:
        """The history, of one job or of all, oldest first; ``limit`` keeps the newest."""
        statement = select(JOURNAL).order_by(JOURNAL.c.id.desc())
        if job_id is not None:
            statement = statement.where(JOURNAL.c.job_id == job_id)
        if limit is not None:
            statement = statement.limit(limit)
        with self._begin() as connection:
            found = [row._asdict() for row in connection.execute(statement)]
        return found[::-1]

    def done(
        self,
        verbs: Collection[str],
        *,
        job_id: int | None = None,
        cycle: str | None = None,
        before: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """What of these verbs was done, newest first; read only as far as it is asked for.

        Of one job or of one cycle, and older than the entry ``before``, where these are given.
        """
        while True:
            statement = select(JOURNAL).where(JOURNAL.c.verb.in_(verbs))
            statement = statement.where(JOURNAL.c.outcome == "done")
            if job_id is not None:
                statement = statement.where(JOURNAL.c.job_id == job_id)
            if cycle is not None:
                statement = statement.where(JOURNAL.c.cycle == cycle)
            if before is not None:
                statement = statement.where(JOURNAL.c.id < before)
            statement = statement.order_by(JOURNAL.c.id.desc()).limit(_PAGE)
            with self._begin() as connection:
                page = [row._asdict() for row in connection.execute(statement)]
            yield from page
            if len(page) < _PAGE:
                return
            before = page[-1]["id"]
