"""What the catalog answers without a network: the job list, and one job with its history."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, func, or_, select

from syncd.catalog.rows import JOB_FIELDS
from syncd.catalog.schema import BASELINE, JOB
from syncd.catalog.store import Catalog

SortBy = Literal["created_at", "display_name", "audio_duration", "status"]
SortOrder = Literal["desc", "asc"]

_BATCH = 100
"""Rows that are in memory at once while a listing is read."""

_COLUMNS = (
    *(JOB.c[name] for name in JOB_FIELDS),
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

    ``job`` is the job object of api.md: every field of ``core.model.Job`` as the catalog reads it,
    ``None`` where unknown, then whatever else the service sent last. Its times are aware.
    ``state`` and ``reason`` are the catalog's; ``absent_since``: when a complete sweep lacked it.
    """

    id: int
    status: str
    display_name: str | None
    audio_duration: float | None
    created_at: datetime | None
    path: str | None
    state: str | None
    reason: str | None
    absent_since: datetime | None
    job: Mapping[str, Any]


def jobs(catalog: Catalog, listing: Listing) -> list[Entry]:
    """The jobs of ``listing``, see ``stream``."""
    return list(stream(catalog, listing))


def stream(catalog: Catalog, listing: Listing) -> Generator[Entry, None, None]:
    """The jobs of ``listing`` one by one, in its order; ties are broken by id, the same way round.

    All are of one moment, whatever is written meanwhile. Close it where it is left early.
    """
    statement = _listed(listing).execution_options(yield_per=_BATCH)
    with catalog.reading() as connection:
        for row in connection.execute(statement):
            yield _entry(row._asdict())


def _listed(listing: Listing) -> Select[Any]:
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
    return statement.limit(-1 if listing.limit is None else listing.limit)


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
        absent_since=row["absent_since"],
        job=_job_object(row),
    )


def _job_object(row: Mapping[str, Any]) -> dict[str, Any]:
    said = json.loads(row["raw"])
    known = {name: _shown(row[name], said.get(name)) for name in JOB_FIELDS if name != "raw"}
    if row["user_id"] is not None:
        # As it came: whether it is a number or a text is not documented.
        known["user_id"] = said.get("user_id", row["user_id"])
    return {**known, **{name: value for name, value in said.items() if name not in known}}


def _shown(value: Any, said: Any) -> Any:
    if value in ([], {}):
        # The catalog does not tell "none" from "not said".
        return value if said == value else None
    return int(value) if isinstance(value, float) and value.is_integer() else value
