"""What waits: deletions for the end of their grace, and all that is held for the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from syncd.catalog.queries.entry import CONFIRMED, CONFIRMED_BY
from syncd.catalog.schema import ABSENCE, BASELINE, HOLD, KNOWN
from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.core.evidence import said_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingEntry:
    """A track whose file is confirmed to be absent; its job is deleted when the grace is over.

    The times are those of ``core.baseline.Absence``; ``evidence`` says the same in words.
    """

    job_id: int
    display_name: str | None
    path: str
    first_at: datetime
    last_at: datetime
    scans: int
    seen_at: datetime | None
    armed_at: datetime
    armed_server: datetime | None
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedEntry:
    """A track whose file the last scan did not find: another one decides whether it is absent."""

    job_id: int
    display_name: str | None
    path: str
    first_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldEntry:
    """What waits for the user, or was released and not yet done (``core.baseline.Held``)."""

    job_id: int
    display_name: str | None
    verb: str
    path: str | None
    reason: str
    since: datetime
    batch: int | None
    approved: bool
    refused: bool
    evidence: tuple[str, ...]


_ABSENT = (
    select(ABSENCE, BASELINE.c.path, KNOWN.c.display_name)
    .join(BASELINE, BASELINE.c.job_id == ABSENCE.c.job_id)
    .join(KNOWN, KNOWN.c.id == ABSENCE.c.job_id, isouter=True)
    .where(BASELINE.c.state == State.PLACED, BASELINE.c.path.is_not(None))
    .order_by(ABSENCE.c.first_at, ABSENCE.c.job_id)
)


def pending(catalog: Catalog, *, apart: float = 0.0) -> list[PendingEntry]:
    """The pending deletions, the longest missing first; also those that are held beside it.

    ``apart`` is how many seconds must lie between the scans that agree.
    """
    # A job that is gone cannot be deleted any more.
    statement = _ABSENT.where(CONFIRMED, KNOWN.c.absent_since.is_(None))
    return [_pending_entry(row) for row in _rows(catalog, statement) if _is_apart(row, apart)]


def missed(catalog: Catalog, *, apart: float = 0.0) -> list[MissedEntry]:
    """What one scan missed so far, or several that are not so many seconds ``apart``, the longest
    missing first."""
    return [
        MissedEntry(
            job_id=row["job_id"],
            display_name=row["display_name"],
            path=row["path"],
            first_at=row["first_at"],
        )
        for row in _rows(catalog, _ABSENT)
        if row["scans"] < CONFIRMED_BY or not _is_apart(row, apart)
    ]


def _rows(catalog: Catalog, statement: Select[Any]) -> list[Mapping[str, Any]]:
    with catalog.reading() as connection:
        return [row._asdict() for row in connection.execute(statement)]


def _is_apart(row: Mapping[str, Any], apart: float) -> bool:
    lain: timedelta = row["last_at"] - row["first_at"]
    return lain >= timedelta(seconds=apart)


def holds(catalog: Catalog) -> list[HoldEntry]:
    """What is held, and what was released and not yet done: unbatched first, then by batch."""
    statement = (
        select(HOLD, KNOWN.c.display_name)
        .join(KNOWN, KNOWN.c.id == HOLD.c.job_id, isouter=True)
        .order_by(HOLD.c.batch, HOLD.c.job_id, HOLD.c.verb)
    )
    with catalog.reading() as connection:
        return [
            HoldEntry(**{**row._asdict(), "evidence": tuple(row.evidence)})
            for row in connection.execute(statement)
        ]


def _pending_entry(row: Mapping[str, Any]) -> PendingEntry:
    first, last = (row["first_scan"], row["first_at"]), (row["last_scan"], row["last_at"])
    return PendingEntry(
        job_id=row["job_id"],
        display_name=row["display_name"],
        path=row["path"],
        first_at=row["first_at"],
        last_at=row["last_at"],
        scans=row["scans"],
        seen_at=row["seen_at"],
        armed_at=row["armed_at"],
        armed_server=row["armed_server"],
        evidence=said_of(row["seen_at"], first, last),
    )
