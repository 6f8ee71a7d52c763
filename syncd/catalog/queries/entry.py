"""One job as a query answers it: what the service said, and what is here of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, String, and_, bindparam, case, func, or_, select

from syncd.catalog.rows import JOB_FIELDS
from syncd.catalog.schema import ABSENCE, BASELINE, HOLD, KNOWN, RETRY
from syncd.catalog.store import Catalog
from syncd.core.cases import WITH_FILE
from syncd.errors import SyncdError

CONFIRMED_BY = 2
"""How many scans in a row must miss a file."""

CONFIRMED = ABSENCE.c.scans >= CONFIRMED_BY
"""Two scans in a row missed the file; how far apart they must be is the planner's to say."""

THERE = or_(KNOWN.c.absent_since.is_(None), BASELINE.c.state.in_(WITH_FILE))
"""The job is in the account, or its file is here."""

_COLUMNS = (
    *(KNOWN.c[name] for name in JOB_FIELDS),
    KNOWN.c.absent_since,
    case((BASELINE.c.state.in_(WITH_FILE), BASELINE.c.path)).label("path"),
    BASELINE.c.state,
    BASELINE.c.reason,
    BASELINE.c.album,
    BASELINE.c.number,
    BASELINE.c.size,
    func.json_extract(BASELINE.c.tags, "$.artist[0]").label("artist"),
    ABSENCE.c.first_at.label("missing_since"),
    # Of several the first, so that a job is one row of a listing however much of it is held.
    select(HOLD.c.reason)
    .where(HOLD.c.job_id == KNOWN.c.id, HOLD.c.approved.is_(False))
    .order_by(HOLD.c.verb)
    .limit(1)
    .scalar_subquery()
    .label("held"),
    select(func.count()).where(RETRY.c.job_id == KNOWN.c.id).scalar_subquery().label("retried"),
)
_ENTRIES = (
    select(*_COLUMNS)
    .join(BASELINE, BASELINE.c.job_id == KNOWN.c.id, isouter=True)
    .join(ABSENCE, and_(ABSENCE.c.job_id == KNOWN.c.id, CONFIRMED), isouter=True)
)
# The ids as one parameter: however many there are, it is always the same statement.
_IDS = func.json_each(bindparam("ids", type_=String)).table_valued("value")
_SOME = _ENTRIES.where(KNOWN.c.id.in_(select(_IDS.c.value)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One job of a listing. ``path`` is relative to the root, ``None`` where no file is to stand.

    ``job`` is the job object of api.md: every field of ``core.model.Job`` as the catalog reads it,
    ``None`` where unknown, then whatever else the service sent last. Its times are aware.
    ``state`` and ``reason`` are the catalog's; ``absent_since``: when a complete sweep lacked it.
    ``held`` is the reason of an open hold (of several: the first by verb). ``missing_since``: when
    a scan first missed its file, where another one confirmed it. ``retried``: how often it was ever
    sent to be made again. ``album``, ``number`` and ``artist`` are what the track was given, and
    ``size`` the bytes of its file.
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
    retried: int
    album: str | None
    number: int | None
    artist: str | None
    size: int | None
    job: Mapping[str, Any]


def job(catalog: Catalog, job_id: int) -> Entry | None:
    with catalog.reading() as connection:
        row = connection.execute(_ENTRIES.where(KNOWN.c.id == job_id)).one_or_none()
    return _entry(row._asdict()) if row else None


def unknown(job_id: int) -> SyncdError:
    """The error for a job that the catalog lacks."""
    return SyncdError(f"job {job_id} is not known", hint="syncd ls lists those that are")


def entries_of(connection: Connection, ids: Sequence[int]) -> list[Entry]:
    """The jobs ``ids``, which are all there, in that order."""
    row_by_id = {row.id: row for row in connection.execute(_SOME, {"ids": json.dumps(ids)})}
    return [_entry(row_by_id[job_id]._asdict()) for job_id in ids]


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
        held=row["held"],
        missing_since=row["missing_since"],
        retried=row["retried"],
        album=row["album"],
        number=row["number"],
        artist=row["artist"],
        size=row["size"] if row["path"] else None,
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
