"""What was done: the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from syncd.catalog.schema import JOURNAL, KNOWN
from syncd.catalog.store import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One operation of the journal. ``outcome`` is ``None`` while it has not ended, or never did.

    ``before`` and ``after`` are the name or path that it took away and gave.
    """

    id: int
    cycle: str
    job_id: int
    display_name: str | None
    verb: str
    path: str | None
    reason: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    detail: str | None
    before: str | None
    after: str | None
    evidence: tuple[str, ...]


def history(
    catalog: Catalog, job_id: int | None = None, limit: int | None = 50
) -> list[HistoryEntry]:
    """The newest ``limit`` entries of the journal (``None``: all), of one job or of all.

    The newest is the last.
    """
    statement = (
        select(JOURNAL, KNOWN.c.display_name)
        .join(KNOWN, KNOWN.c.id == JOURNAL.c.job_id, isouter=True)
        .order_by(JOURNAL.c.id.desc())
    )
    if job_id is not None:
        statement = statement.where(JOURNAL.c.job_id == job_id)
    if limit is not None:
        statement = statement.limit(limit)
    with catalog.reading() as connection:
        found = [HistoryEntry(**_with_evidence(row)) for row in connection.execute(statement)]
    return found[::-1]


def _with_evidence(row: Row[Any]) -> dict[str, Any]:
    return {**row._asdict(), "evidence": tuple(row.evidence)}
