"""One job as a query answers it: what the service said, and what is here of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, case, or_, select

from syncd.catalog.rows import JOB_FIELDS
from syncd.catalog.schema import ABSENCE, BASELINE, HOLD, KNOWN
from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.core.cases import EXPECTED

CONFIRMED = ABSENCE.c.scans >= 2
"""Two scans in a row missed the file; how far apart they must be is the planner's to say."""

WITH_FILE = (*EXPECTED, State.TRASHING)
"""The states in which a file stands at the known path, or should."""

THERE = or_(KNOWN.c.absent_since.is_(None), BASELINE.c.state.in_(WITH_FILE))
"""The job is in the account, or its file is here."""

_COLUMNS = (
    *(KNOWN.c[name] for name in JOB_FIELDS),
    KNOWN.c.absent_since,
    case((BASELINE.c.state.in_(WITH_FILE), BASELINE.c.path)).label("path"),
    BASELINE.c.state,
    BASELINE.c.reason,
    ABSENCE.c.first_at.label("missing_since"),
    # Of several the first, so that a job is one row of a listing however much of it is held.
    select(HOLD.c.reason)
    .where(HOLD.c.job_id == KNOWN.c.id, HOLD.c.approved.is_(False))
    .order_by(HOLD.c.verb)
    .limit(1)
    .scalar_subquery()
    .label("held"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job of a listing. ``path`` is relative to the root, ``None`` where no file is to stand.

    ``job`` is the job object of api.md: every field of ``core.model.Job`` as the catalog reads it,
    ``None`` where unknown, then whatever else the service sent last. Its times are aware.
    ``state`` and ``reason`` are the catalog's; ``absent_since``: when a complete sweep lacked it.
    ``held`` is the reason of an open hold (of several: the first by verb). ``missing_since``: when
    a scan first missed its file, where another one confirmed it.
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
    held: str | None
    missing_since: datetime | None
    job: Mapping[str, Any]


def job(catalog: Catalog, job_id: int) -> Entry | None:
    with catalog.reading() as connection:
        row = connection.execute(entries().where(KNOWN.c.id == job_id)).one_or_none()
    return entry_of(row._asdict()) if row else None


def entries() -> Select[Any]:
    """What ``entry_of`` reads, of every job."""
    return (
        select(*_COLUMNS)
        .join(BASELINE, BASELINE.c.job_id == KNOWN.c.id, isouter=True)
        .join(ABSENCE, and_(ABSENCE.c.job_id == KNOWN.c.id, CONFIRMED), isouter=True)
    )


def entry_of(row: Mapping[str, Any]) -> Entry:
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
        held=row["held"],
        missing_since=row["missing_since"],
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
