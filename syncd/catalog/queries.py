"""What the catalog answers without a network: the jobs, and what is missing, held, done or foreign.

Each answer is of one moment. All raise ``CatalogUnusable``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, Select, and_, case, func, or_, select

from syncd.catalog.foreign import ForeignFile, foreign
from syncd.catalog.rows import JOB_FIELDS
from syncd.catalog.schema import ABSENCE, BASELINE, HOLD, JOURNAL, KNOWN, SWEEP
from syncd.catalog.store import Catalog
from syncd.core.baseline import State
from syncd.core.cases import EXPECTED
from syncd.core.evidence import said_of

__all__ = [
    "Entry",
    "ForeignFile",
    "HistoryEntry",
    "HoldEntry",
    "Listing",
    "PendingEntry",
    "SortBy",
    "SortOrder",
    "count",
    "foreign",
    "history",
    "holds",
    "job",
    "jobs",
    "last_sweep",
    "pending",
    "states",
    "stream",
]

SortBy = Literal["created_at", "display_name", "audio_duration", "status"]
SortOrder = Literal["desc", "asc"]

_BATCH = 100
"""Rows that are in memory at once while a listing is read."""

_CONFIRMED = ABSENCE.c.scans >= 2
"""Two scans in a row missed the file; how far apart they must be is the planner's to say."""

_WITH_FILE = (*EXPECTED, State.TRASHING)
"""The states in which a file stands at the known path, or should."""

_THERE = or_(KNOWN.c.absent_since.is_(None), BASELINE.c.state.in_(_WITH_FILE))
"""The job is in the account, or its file is here."""

_COLUMNS = (
    *(KNOWN.c[name] for name in JOB_FIELDS),
    KNOWN.c.absent_since,
    case((BASELINE.c.state.in_(_WITH_FILE), BASELINE.c.path)).label("path"),
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
class Listing:
    """Which jobs to list: the parameters of ``GET /jobs`` that the catalog answers so far.

    ``gone``: also those that are gone from the account and have no file here.
    """

    status: str | None = None
    search: str | None = None
    sort_by: SortBy = "created_at"
    sort_order: SortOrder = "desc"
    skip: int = 0
    limit: int | None = None
    gone: bool = True


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
    if not listing.gone:
        statement = statement.where(_THERE)
    if listing.status is not None:
        statement = statement.where(KNOWN.c.status == listing.status.upper())
    if listing.search is not None:
        escaped = re.sub(r"([\\%_])", r"\\\1", listing.search)
        pattern = f"%{escaped}%"
        columns = (KNOWN.c.display_name, KNOWN.c.prompt, KNOWN.c.lyrics)
        statement = statement.where(or_(*(c.ilike(pattern, escape="\\") for c in columns)))
    column = KNOWN.c[listing.sort_by]
    orders = (column, KNOWN.c.id)
    statement = statement.order_by(
        *(c.desc() if listing.sort_order == "desc" else c.asc() for c in orders)
    )
    statement = statement.offset(listing.skip)
    # SQLite has no OFFSET without a LIMIT; -1 means none.
    return statement.limit(-1 if listing.limit is None else listing.limit)


def job(catalog: Catalog, job_id: int) -> Entry | None:
    with catalog.reading() as connection:
        row = connection.execute(_select().where(KNOWN.c.id == job_id)).one_or_none()
    return _entry(row._asdict()) if row else None


def count(catalog: Catalog, *, gone: bool = False) -> int:
    """How many jobs there are; ``gone`` as in ``Listing``."""
    statement = select(func.count()).select_from(
        KNOWN.join(BASELINE, BASELINE.c.job_id == KNOWN.c.id, isouter=True)
    )
    if not gone:
        statement = statement.where(_THERE)
    with catalog.reading() as connection:
        return int(connection.execute(statement).scalar_one())


def states(catalog: Catalog) -> dict[str, int]:
    """How many tracks are in each state of the catalog (``core.baseline.State``)."""
    statement = select(BASELINE.c.state, func.count()).group_by(BASELINE.c.state)
    with catalog.reading() as connection:
        return {row[0]: row[1] for row in connection.execute(statement)}


def last_sweep(catalog: Catalog) -> datetime | None:
    """When the whole account was last listed without a doubt."""
    statement = select(func.max(SWEEP.c.finished_at)).where(SWEEP.c.complete)
    with catalog.reading() as connection:
        found: datetime | None = connection.execute(statement).scalar_one()
        return found


def pending(catalog: Catalog) -> list[PendingEntry]:
    """The pending deletions, the longest missing first; also those that are held beside it."""
    statement = (
        select(ABSENCE, BASELINE.c.path, KNOWN.c.display_name)
        .join(BASELINE, BASELINE.c.job_id == ABSENCE.c.job_id)
        .join(KNOWN, KNOWN.c.id == ABSENCE.c.job_id, isouter=True)
        .where(_CONFIRMED, BASELINE.c.state == State.PLACED, BASELINE.c.path.is_not(None))
        # A job that is gone cannot be deleted any more.
        .where(KNOWN.c.absent_since.is_(None))
        .order_by(ABSENCE.c.first_at, ABSENCE.c.job_id)
    )
    with catalog.reading() as connection:
        return [_pending_entry(row._asdict()) for row in connection.execute(statement)]


def holds(catalog: Catalog) -> list[HoldEntry]:
    """What is held, and what was released and not yet done: unbatched first, then by batch."""
    statement = (
        select(HOLD, KNOWN.c.display_name)
        .join(KNOWN, KNOWN.c.id == HOLD.c.job_id, isouter=True)
        .order_by(HOLD.c.batch, HOLD.c.job_id, HOLD.c.verb)
    )
    with catalog.reading() as connection:
        return [HoldEntry(**_with_evidence(row)) for row in connection.execute(statement)]


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


def _select() -> Select[Any]:
    return (
        select(*_COLUMNS)
        .join(BASELINE, BASELINE.c.job_id == KNOWN.c.id, isouter=True)
        .join(ABSENCE, and_(ABSENCE.c.job_id == KNOWN.c.id, _CONFIRMED), isouter=True)
    )


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
        job=_job_object(row),
    )


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


def _with_evidence(row: Row[Any]) -> dict[str, Any]:
    return {**row._asdict(), "evidence": tuple(row.evidence)}


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
