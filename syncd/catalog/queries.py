"""What the catalog answers without a network: the job list, and one job with its history."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, func, or_, select

from syncd.catalog.schema import BASELINE, JOB
from syncd.catalog.store import Catalog

SortBy = Literal["created_at", "display_name", "audio_duration", "status"]
SortOrder = Literal["desc", "asc"]

_COLUMNS = (
    JOB.c.id,
    JOB.c.status,
    JOB.c.display_name,
    JOB.c.task,
    JOB.c.audio_duration,
    JOB.c.created_at,
    JOB.c.raw,
    JOB.c.absent_since,
    BASELINE.c.path,
    BASELINE.c.state,
    BASELINE.c.reason,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which jobs to list: the parameters of ``GET /jobs`` that the catalog answers so far."""

    status: str | None = None
    search: str | None = None
    sort_by: SortBy = "created_at"
    sort_order: SortOrder = "desc"
    skip: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job of a listing. ``path`` is relative to the root, ``None`` where no file is placed.

    ``job`` is the object as the API sent it last; ``state`` and ``reason`` are the catalog's.
    """

    id: int
    status: str
    display_name: str | None
    audio_duration: float | None
    created_at: Any
    path: str | None
    state: str | None
    reason: str | None
    absent: bool
    job: Mapping[str, Any]


def jobs(catalog: Catalog, listing: Listing) -> list[Entry]:
    """The jobs of ``listing``, in its order; ties are broken by id, in the same direction."""
    statement = _select()
    if listing.status is not None:
        statement = statement.where(JOB.c.status == listing.status.upper())
    if listing.search is not None:
        escaped = re.sub(r"([\\%_])", r"\\\1", listing.search)
        pattern = f"%{escaped}%"
        columns = (JOB.c.display_name, JOB.c.prompt, JOB.c.lyrics)
        statement = statement.where(or_(*(c.ilike(pattern, escape="\\") for c in columns)))
    column = JOB.c[listing.sort_by]
    orders = (column, JOB.c.id)
    statement = statement.order_by(
        *(c.desc() if listing.sort_order == "desc" else c.asc() for c in orders)
    )
    statement = statement.offset(listing.skip)
    # SQLite has no OFFSET without a LIMIT; -1 means none.
    statement = statement.limit(-1 if listing.limit is None else listing.limit)
    with catalog.reading() as connection:
        return [_entry(row._asdict()) for row in connection.execute(statement)]


def job(catalog: Catalog, job_id: int) -> Entry | None:
    with catalog.reading() as connection:
        row = connection.execute(_select().where(JOB.c.id == job_id)).one_or_none()
    return _entry(row._asdict()) if row else None


def count(catalog: Catalog) -> int:
    """How many jobs the catalog knows."""
    with catalog.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(JOB)).scalar_one())


def _select() -> Select[Any]:
    return select(*_COLUMNS).join(BASELINE, BASELINE.c.job_id == JOB.c.id, isouter=True)


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(
        id=row["id"],
        status=row["status"],
        display_name=row["display_name"],
        audio_duration=row["audio_duration"],
        created_at=row["created_at"],
        path=row["path"],
        state=row["state"],
        reason=row["reason"],
        absent=row["absent_since"] is not None,
        job=json.loads(row["raw"]),
    )
