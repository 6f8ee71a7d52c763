"""What is to be learnt of the jobs, how far that has come, and what was found.

A job's genre, emotion, occasion, language and song type are said by the job, else learnt: a round
lists the jobs that have each value in turn, and when all values are listed, the targets of the
round have what was found of them, or are known to have none. Each page is kept as it comes, so that
a round goes on where it was stopped. Likes are learnt in the same way, of all jobs at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Insert,
    and_,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
)

from syncd.catalog.learnt import learn, learn_liked, newer_than, targets_of
from syncd.catalog.schema import FACET, FACET_FIND, FACET_VALUE, JOB, LEARNT
from syncd.catalog.statements import change, find, put, put_one, remove
from syncd.catalog.unlearnt import (
    MOST_TRIES,
    SINGLE,
    THERE,
    WITH_LEARNT,
    lacking,
    lacks,
    settle_what_is_said,
    unsaid,
)
from syncd.core.model import FACETS

LIKED = "liked"

_REST = timedelta(hours=1)
"""How long after those no other try is made, a sweep aside."""

_IGNORED = timedelta(days=1)
"""How long a filter that the service ignores is taken to be ignored."""


@dataclass(frozen=True, slots=True)
class Facet:
    """How learning one kind of facet stands; ``known`` are the values listed in earlier rounds.

    ``is_open``: a round goes on, and ``done`` are the values that are listed in it; ``lacking``:
    jobs wait for a round. The other fields are those of ``schema.FacetRow``.
    """

    kind: str
    is_open: bool
    lacking: bool
    known: frozenset[str]
    done: frozenset[str]
    offered: frozenset[str] | None
    asked_at: datetime | None
    ignored_at: datetime | None
    tries: int
    tried_at: datetime | None

    def is_due(self, now: datetime, *, swept: bool) -> bool:
        """Whether another try is to be made now: at a sweep always."""
        return swept or not (self.is_ignored(now) or _rests(self.tries, self.tried_at, now))

    def is_ignored(self, now: datetime, offered: Collection[str] | None = None) -> bool:
        """Whether the service was seen within a day to ignore the filter, for the same values."""
        at = self.ignored_at
        same = offered is None or self.offered == frozenset(offered)
        return at is not None and at <= now < at + _IGNORED and same

    def is_honoured(self, offered: Collection[str], now: datetime) -> bool:
        """Whether the service was seen within a day to honour the filter, for the same values."""
        at = self.asked_at if self.ignored_at is None else None
        return at is not None and at <= now < at + _IGNORED and self.offered == frozenset(offered)


class Facets:
    """What is learnt for an open catalog (``Catalog.facets``)."""

    def __init__(self, begin: Callable[[], AbstractContextManager[Connection]]) -> None:
        self._begin = begin

    def is_learning(self, now: datetime) -> bool:
        """Whether a round is to be gone on with: quick, whatever the catalog holds."""
        with self._begin() as connection:
            rounds = [row for row in find(connection, FACET) if row.begun_at is not None]
            return not all(_rests(row.tries, row.tried_at, now) for row in rounds)

    def state(self) -> dict[str, Facet]:
        """How each kind stands, likes included.

        A job that carries a field, be it empty, needs no learning where the service fills that
        field for others: it is settled here as one that has none.
        """
        with self._begin() as connection:
            settle_what_is_said(connection)
            lacked = lacking(connection)
            rows = {row.kind: row for row in find(connection, FACET)}
            values = list(find(connection, FACET_VALUE))
        return {
            kind: _facet(
                kind, rows.get(kind), kind in lacked, [v for v in values if v.kind == kind]
            )
            for kind in (*FACETS, LIKED)
        }

    def dependent(self) -> frozenset[str]:
        """The kinds that rounds have taught of jobs that are there."""
        rounds = select(FACET.c.kind)
        jobs = select(JOB.c.id).join(LEARNT, LEARNT.c.job_id == JOB.c.id).where(THERE).limit(1)
        with self._begin() as connection:
            kinds = set(connection.execute(rounds).scalars())
            return frozenset(
                kind
                for kind in FACETS
                if kind in kinds
                and connection.execute(
                    jobs.where(LEARNT.c[kind].is_not(None), unsaid(kind))
                ).first()
            )

    def says_liked(self) -> bool:
        """Whether the jobs carry their like status themselves; also where there are no jobs."""
        there = select(JOB.c.id).where(JOB.c.absent_since.is_(None))
        with self._begin() as connection:
            if connection.execute(there.limit(1)).first() is None:
                return True
            said = there.where(JOB.c.liked.is_not(None)).limit(1)
            return connection.execute(said).first() is not None

    def lacks_likes(self) -> bool:
        """Whether there are jobs that came after the likes were learnt last."""
        there = select(JOB.c.id).select_from(WITH_LEARNT).where(JOB.c.absent_since.is_(None))
        new = there.where(JOB.c.liked.is_(None), LEARNT.c.liked.is_(None)).limit(1)
        known = there.where(LEARNT.c.liked.is_not(None)).limit(1)
        with self._begin() as connection:
            return all(connection.execute(found).first() for found in (known, new))

    # --- a round ---

    def begin(self, kind: str, now: datetime) -> None:
        """Open a round; its targets are the jobs that lack ``kind`` now."""
        with self._begin() as connection:
            _set(connection, kind, begun_at=now)
            remove(connection, FACET_FIND, kind=kind)
            change(connection, FACET_VALUE, {"place": None, "is_done": False}, kind=kind)
            if kind != LIKED:
                connection.execute(_aimed_at(kind))

    def has_targets(self, kind: str) -> bool:
        """Whether values that are known have still to be listed for the sake of some job.

        Not in a round for new values alone; nor where each job has its one value by now.
        """
        with self._begin() as connection:
            return connection.execute(_any_target(kind)).first() is not None

    def oldest(self, kind: str, *, of_all: bool) -> datetime | None:
        """When the oldest target was created; ``of_all``: or job of which ``kind`` was learnt.

        ``None`` where there is none, or where that is not known of each.
        """
        with self._begin() as connection:
            oldest, jobs, dated = connection.execute(_oldest(kind, of_all)).one()
        return oldest if jobs == dated else None

    def place(self, kind: str, value: str) -> Mapping[str, Any] | None:
        """Where the listing of ``value`` stands, as it was kept; ``None``: at its beginning."""
        with self._begin() as connection:
            found = find(connection, FACET_VALUE, kind=kind, value=value).one_or_none()
            return found.place if found else None

    def take(
        self,
        kind: str,
        value: str,
        job_ids: Iterable[int],
        *,
        place: Mapping[str, Any],
        is_done: bool,
        targets_only: bool,
    ) -> None:
        """Keep a page of the listing of ``value``, and where the listing stands after it.

        ``targets_only``: of other jobs it is known already whether they have ``value``.
        """
        ids = list(job_ids)
        with self._begin() as connection:
            finds = select(FACET_FIND).where(
                FACET_FIND.c.kind == kind, FACET_FIND.c.job_id.in_(ids)
            )
            known = {row.job_id: row for row in connection.execute(finds)}
            written = []
            for job_id in ids:
                row = known.get(job_id)
                if row is None and targets_only:
                    continue
                found = list(row.found) if row else []
                if value not in found:
                    is_target = bool(row and row.is_target)
                    found.append(value)
                    written.append(
                        {"kind": kind, "job_id": job_id, "is_target": is_target, "found": found}
                    )
            put(connection, FACET_FIND, ("kind", "job_id"), written)
            where = {"kind": kind, "value": value, "place": dict(place), "is_done": is_done}
            put(connection, FACET_VALUE, ("kind", "value"), [where])

    def finish(
        self,
        kind: str,
        now: datetime,
        *,
        listed: Sequence[str] = (),
        back_to: datetime | None = None,
    ) -> int:
        """End the round: what it found is learnt. Of how many jobs that is news.

        ``listed`` are the values that were listed, in their order. ``back_to``: each of them as far
        as that moment, so that of newer jobs it is known as well which of these values they do not
        have any more.
        """
        with self._begin() as connection:
            since = find(connection, FACET, kind=kind).one().begun_at
            finds = list(find(connection, FACET_FIND, kind=kind))
            if kind == LIKED:
                news = learn_liked(connection, [row.job_id for row in finds], since)
            else:
                renewed = frozenset[int]()
                if back_to is not None and kind not in SINGLE:
                    renewed = newer_than(connection, back_to)
                news = learn(connection, kind, finds, listed, renewed)
            _close(connection, kind)
            _set(connection, kind, tries=0, tried_at=None, ignored_at=None)
            listed_now = {"listed_at": now, "place": None, "is_done": False}
            change(connection, FACET_VALUE, listed_now, kind=kind, is_done=True)
            return news

    def apply(self, kind: str) -> int:
        """Learn what the open round found so far, and go on with it later; of how many jobs."""
        with self._begin() as connection:
            finds = find(connection, FACET_FIND, kind=kind)
            return learn(connection, kind, [row for row in finds if row.found])

    def found(self, kind: str) -> frozenset[int]:
        """The jobs that the open round found so far."""
        with self._begin() as connection:
            rows = find(connection, FACET_FIND, kind=kind)
            return frozenset(row.job_id for row in rows if row.found)

    # --- what stands in its way ---

    def honoured(self, kind: str, offered: Collection[str], now: datetime) -> None:
        """The service was seen to honour the filter."""
        with self._begin() as connection:
            _set(connection, kind, asked_at=now, offered=sorted(offered), ignored_at=None)

    def ignored(self, kind: str, offered: Collection[str], now: datetime) -> None:
        """The service ignores the filter: the round ends, and nothing is learnt from it."""
        with self._begin() as connection:
            _close(connection, kind)
            _set(
                connection,
                kind,
                asked_at=now,
                offered=sorted(offered),
                ignored_at=now,
                tries=0,
                tried_at=None,
            )

    def tried(self, kind: str, now: datetime) -> int:
        """A try failed; how many in a row that makes. The round stays as it is."""
        with self._begin() as connection:
            before = find(connection, FACET, kind=kind).one_or_none()
            tries = (before.tries if before else 0) + 1
            _set(connection, kind, tries=tries, tried_at=now)
            return tries


def _facet(kind: str, row: Any, lacking: bool, values: Sequence[Any]) -> Facet:
    return Facet(
        kind=kind,
        is_open=row is not None and row.begun_at is not None,
        lacking=lacking,
        known=frozenset(value.value for value in values if value.listed_at is not None),
        done=frozenset(value.value for value in values if value.is_done),
        offered=None if row is None or row.offered is None else frozenset(row.offered),
        asked_at=row and row.asked_at,
        ignored_at=row and row.ignored_at,
        tries=row.tries if row else 0,
        tried_at=row and row.tried_at,
    )


def _rests(tries: int, tried_at: datetime | None, now: datetime) -> bool:
    """Whether so many tries have failed that the next one waits."""
    return tries >= MOST_TRIES and tried_at is not None and tried_at <= now < tried_at + _REST


@cache
def _aimed_at(kind: str) -> Insert:
    """Makes the jobs that lack ``kind`` the targets of its round."""
    targets = select(literal(kind), JOB.c.id, literal(True), literal_column("'[]'"))
    targets = targets.select_from(WITH_LEARNT).where(THERE, lacks(kind))
    return insert(FACET_FIND).from_select(["kind", "job_id", "is_target", "found"], targets)


@cache
def _any_target(kind: str) -> Executable:
    """One that has to be listed for; of a single value one that has none yet."""
    targets = targets_of(kind)
    if kind in SINGLE:
        targets = targets.where(FACET_FIND.c.found == literal_column("'[]'"))
    return targets.limit(1)  # type: ignore[no-any-return]


@cache
def _oldest(kind: str, of_all: bool) -> Executable:
    """``Facets.oldest``: when, how many, and of how many that is known."""
    concerned: ColumnElement[bool] = JOB.c.id.in_(targets_of(kind))
    if of_all:
        learnt = select(LEARNT.c.job_id).where(LEARNT.c[kind].is_not(None))
        concerned = or_(concerned, and_(THERE, unsaid(kind), JOB.c.id.in_(learnt)))
    columns = func.min(JOB.c.created_at), func.count(), func.count(JOB.c.created_at)
    return select(*columns).where(concerned)


def _close(connection: Connection, kind: str) -> None:
    remove(connection, FACET_FIND, kind=kind)
    _set(connection, kind, begun_at=None)


def _set(connection: Connection, kind: str, **values: Any) -> None:
    at_first = {} if "tries" in values else {"tries": 0}
    put_one(connection, FACET, {"kind": kind}, values, **at_first)
